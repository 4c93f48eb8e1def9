// What was read: the page with its lines' boxes on one side, their text on the other, each pointing at the other.

const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const GOOD = 0.95; // share of words that are right: nothing to look over
const FAIR = 0.8; // below it, look at every word
const KINDS = { text: ["txt", "text/plain"], markdown: ["md", "text/markdown"], html: ["html", "text/html"],
  csv: ["csv", "text/csv"], hocr: ["hocr", "text/html"],
  alto: ["xml", "application/xml"], pdf: ["pdf", "application/pdf"], lines: ["txt", "text/plain"], words: ["txt", "text/plain"] };

const grade = (confidence) => (confidence >= GOOD ? "good" : confidence >= FAIR ? "fair" : "poor");
const percent = (confidence) => `${Math.floor(confidence * 100)}%`; // 99.6% is not 100%

function make(tag, text, className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}

// A line's text in its box, for pages that the browser has no picture of.
function written({ text, box: [[x, y], [right, rightY], , [left, bottom]] }) {
  const made = document.createElementNS(SVG, "text");
  const height = Math.hypot(left - x, bottom - y);
  made.textContent = text;
  made.setAttribute("font-size", height * 0.8);
  made.setAttribute("y", height * 0.78);
  made.setAttribute("textLength", Math.hypot(right - x, rightY - y));
  made.setAttribute("lengthAdjust", "spacingAndGlyphs");
  made.setAttribute("transform", `translate(${x} ${y}) rotate(${(Math.atan2(rightY - y, right - x) * 180) / Math.PI})`);
  return made;
}

export class ResultView {
  constructor() {
    this.clear();
    $("before").addEventListener("click", () => this.show(this.at - 1));
    $("after").addEventListener("click", () => this.show(this.at + 1));
    $("copy").addEventListener("click", () => this.copy());
    $("download").addEventListener("click", () => this.download());
  }

  clear() {
    if (this.picture) URL.revokeObjectURL(this.picture);
    Object.assign(this, { pages: [], result: null, at: 0, picture: null, name: "document" });
    $("result").hidden = true;
    for (const id of ["facts", "lines", "boxes", "format", "warnings"]) $(id).replaceChildren();
    for (const id of ["warnings", "picture", "pager", "fields"]) $(id).hidden = true;
    $("picture").removeAttribute("src");
    this.enable(false);
  }

  // Shows what browsers can show of the document, while it is being read.
  begin(file) {
    this.name = (file.name || "document").replace(/\.[^.]+$/, "");
    if (!/^image\/(png|jpeg|webp|bmp|gif)$/.test(file.type)) return;
    this.picture = URL.createObjectURL(file);
    const picture = $("picture");
    picture.src = this.picture;
    picture.onload = () => {
      if (this.pages.length || !this.picture) return;
      this.frame(picture.naturalWidth, picture.naturalHeight);
      picture.hidden = $("result").hidden = $("sheet").hidden = false;
    };
    picture.onerror = () => { this.picture = null; picture.hidden = true; };
  }

  frame(width, height) {
    $("paper").style.aspectRatio = `${width} / ${height}`;
    $("boxes").setAttribute("viewBox", `0 0 ${width} ${height}`);
    $("boxes").setAttribute("preserveAspectRatio", "none");
  }

  addPage(page) {
    this.pages.push(page);
    this.pages.sort((one, other) => one.page - other.page);
    $("result").hidden = false;
    this.show(this.pages.length === 1 ? 0 : this.at);
  }

  finish(result) {
    this.result = result;
    if (result.pages) this.pages = result.pages;
    $("result").hidden = false;
    this.facts();
    this.fields();
    this.formats();
    const warnings = result.metadata?.warnings || [];
    $("warnings").replaceChildren(...warnings.map((warning) => make("li", warning)));
    $("warnings").hidden = !warnings.length;
    this.enable(true);
    if (this.pages.length) this.show(Math.min(this.at, this.pages.length - 1));
    else this.fieldMarks(1); // a structured result has no pages, and those of a quick job may not have been told
  }

  // A job that failed leaves the pages that were read.
  settle() {
    if (!this.pages.length) this.clear();
    else this.enable(false);
  }

  enable(on) {
    $("bar").hidden = !on;
  }

  facts() {
    const { confidence, language, processing_time: seconds, metadata } = this.result;
    const facts = [["Confidence", percent(confidence)], ["Language", language], ["Time", `${seconds.toFixed(2)} s`], ["Read by", metadata.served_by]];
    $("facts").replaceChildren(...facts.filter(([, value]) => value).map(([name, value]) => {
      const pair = document.createElement("div");
      pair.append(make("dt", name), make("dd", value));
      return pair;
    }));
  }

  fields() {
    const fields = Object.entries(this.result.fields || {});
    $("fields").hidden = !fields.length;
    $("fields").tBodies[0].replaceChildren(...fields.map(([name, field], index) => {
      const row = document.createElement("tr");
      row.dataset.mark = `field ${index}`;
      row.addEventListener("mouseenter", () => this.light(row.dataset.mark));
      row.addEventListener("mouseleave", () => this.light(null));
      row.append(make("th", name), make("td", field.value === null ? field.reason || "not found" : JSON.stringify(field.value)), make("td", percent(field.confidence)));
      return row;
    }));
  }

  formats() {
    const made = Object.keys(this.result.outputs || {});
    $("format").replaceChildren(new Option("JSON", "json"), ...(made.includes("text") || this.result.text === undefined ? [] : [new Option("Text", "text")]),
      ...made.map((name) => new Option({ hocr: "hOCR", alto: "ALTO", pdf: "PDF" }[name] || name[0].toUpperCase() + name.slice(1), name)));
  }

  show(at) {
    const page = this.pages[at];
    if (!page) return;
    this.at = at;
    $("pager").hidden = this.pages.length < 2;
    const count = this.pages.length;
    $("page-number").textContent = this.pages[count - 1].page === count ? `Page ${page.page} of ${count}` : `Page ${page.page} (${at + 1} of ${count})`;
    $("before").disabled = at === 0;
    $("after").disabled = at === this.pages.length - 1;
    this.sheet(page);
    this.lines(page);
  }

  sheet(page) {
    const drawable = page.width > 0 && page.height > 0;
    $("sheet").hidden = !drawable;
    if (!drawable) return;
    this.frame(page.width, page.height);
    $("picture").hidden = !this.picture || page.page !== 1;
    const texts = $("picture").hidden ? page.lines.filter((line) => line.box).map(written) : [];
    const marks = this.result?.fields ? [] : page.lines.map((line, index) => this.mark(line, `line ${index}`));
    $("boxes").replaceChildren(...marks.filter(Boolean), ...texts);
    this.fieldMarks(page.page);
  }

  // A box on the page that points at its line or field, which have the same mark.
  mark({ box, confidence }, name) {
    if (!box) return null;
    const shape = document.createElementNS(SVG, "polygon");
    shape.setAttribute("points", box.map((point) => point.join(",")).join(" "));
    shape.setAttribute("class", grade(confidence));
    shape.dataset.mark = name;
    shape.addEventListener("mouseenter", () => this.light(name, true));
    shape.addEventListener("mouseleave", () => this.light(null));
    return shape;
  }

  // Where the fields stand on a page.
  fieldMarks(number) {
    const marks = Object.values(this.result?.fields || {}).map((field, index) => field.page === number && this.mark(field, `field ${index}`));
    $("boxes").append(...marks.filter(Boolean));
  }

  lines(page) {
    if (page.error) return $("lines").replaceChildren(make("li", `This page could not be read: ${page.error.detail}`, "empty"));
    const shown = page.lines.length ? page.lines : page.text.split("\n").filter(Boolean).map((text) => ({ text, confidence: page.confidence }));
    if (!shown.length) return $("lines").replaceChildren(make("li", "No text on this page.", "empty"));
    $("lines").replaceChildren(...shown.map((line, index) => {
      const item = make("li", "", grade(line.confidence));
      item.append(make("p", line.text), make("span", percent(line.confidence), "sure"));
      item.dataset.mark = `line ${index}`;
      item.tabIndex = 0;
      for (const name of ["mouseenter", "focus"]) item.addEventListener(name, () => this.light(item.dataset.mark));
      for (const name of ["mouseleave", "blur"]) item.addEventListener(name, () => this.light(null));
      return item;
    }));
  }

  light(mark, scroll = false) {
    for (const one of document.querySelectorAll("[data-mark]")) {
      const lit = one.dataset.mark === mark;
      one.classList.toggle("lit", lit);
      if (lit && scroll && one.tagName === "LI") one.scrollIntoView({ block: "nearest" });
    }
  }

  async copy() {
    const text = this.result.text ?? JSON.stringify(this.result.structured_data, null, 2);
    try {
      await navigator.clipboard.writeText(text);
    } catch { // no clipboard outside https and localhost
      const area = document.body.appendChild(make("textarea", text));
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    $("copy").textContent = "Copied";
    setTimeout(() => { $("copy").textContent = "Copy text"; }, 1500);
  }

  download() {
    const format = $("format").value;
    const [ending, type] = KINDS[format] || ["json", "application/json"];
    let data = this.result.outputs?.[format] ?? (format === "text" ? this.result.text : JSON.stringify(this.result, null, 2));
    if (format === "pdf") data = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([data], { type }));
    link.download = `${this.name}.${ending}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }
}
