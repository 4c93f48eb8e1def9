// One document on the page: its sheet on one side, the tabs on the other.

import { showComparison } from "./compare.js";
import { showDocument } from "./document.js";
import { $, make, percent } from "./dom.js";
import { offerFormats } from "./downloads.js";
import { showFields } from "./fields.js";
import { linked, pairsOf, relate } from "./links.js";
import { Sheet } from "./sheet.js";
import { showTables } from "./tables.js";
import { Tabs } from "./tabs.js";
import { showBlocks, showText, walkable } from "./texts.js";

export class View {
  constructor() {
    this.sheet = new Sheet();
    this.tabs = new Tabs($("tabs"), (name) => { $("boxes").dataset.tab = name; });
    this.reading = null;
    this.at = 0;
    $("before").addEventListener("click", () => this.show(this.at - 1));
    $("after").addEventListener("click", () => this.show(this.at + 1));
    linked($("panels"));
    for (const id of ["lines", "blocks"]) walkable($(id));
    this.tabs.show("text");
  }

  clear() {
    this.reading = null;
    this.at = 0;
    this.sheet.clear();
    for (const id of ["facts", "lines", "blocks", "tables", "document", "found", "difference", "json", "warnings"]) $(id).replaceChildren();
    for (const id of ["result", "pager", "warnings", "bar"]) $(id).hidden = true;
    $("compared").textContent = $("tab-tables").querySelector("span").textContent = "";
  }

  // Shows a reading, which may still be under way.
  open(reading) {
    this.clear();
    this.reading = reading;
    $("result").hidden = false;
    if (reading.picture) this.sheet.showPicture(reading.picture);
    if (reading.result) this.finish();
    else if (reading.pages.length) this.show(0);
    else $("lines").replaceChildren(make("li", { className: "empty" }, "The text appears here as it is read."));
  }

  addPage() {
    this.show(this.at);
  }

  finish() {
    const { reading } = this;
    const { confidence, language, processing_time: seconds, metadata } = reading.result;
    const facts = [["Confidence", percent(confidence)], ["Language", language], ["Time", `${seconds.toFixed(2)} s${metadata.cached ? ", from the cache" : ""}`], ["Read by", metadata.served_by]];
    $("facts").replaceChildren(...facts.filter(([, value]) => value).map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
    const warnings = metadata.warnings || [];
    $("warnings").replaceChildren(...warnings.map((warning) => make("li", {}, warning)));
    $("warnings").hidden = !warnings.length;
    offerFormats(reading);
    $("bar").hidden = false;
    $("json").textContent = JSON.stringify(reading.result, null, 2);
    this.show(Math.min(this.at, Math.max(0, reading.pages.length - 1)));
    this.refresh();
  }

  // What stands beside the first reading: fields, and a second one.
  refresh() {
    showTables(this.reading.pages, this.reading.name);
    showDocument(this.reading.pages);
    showFields(this.reading);
    showComparison(this.reading);
    this.show(this.at);
  }

  show(at) {
    const { pages } = this.reading;
    const page = pages[at];
    if (!page) return;
    this.at = at;
    $("pager").hidden = pages.length < 2;
    $("page-number").textContent = pages.at(-1).page === pages.length ? `Page ${page.page} of ${pages.length}` : `Page ${page.page} (${at + 1} of ${pages.length})`;
    $("before").disabled = at === 0;
    $("after").disabled = at === pages.length - 1;
    const fields = Object.values(this.reading.fields?.result?.fields || {});
    this.sheet.showPage(page, this.reading.picture, fields);
    relate(pairsOf(page, fields));
    showText(page);
    showBlocks(page);
  }
}
