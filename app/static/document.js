// The tab Document: the pages as Markdown shows them, made of their blocks; running headers, footers and page numbers left out.

import { $, make } from "./dom.js";
import { grid } from "./tables.js";

const FURNITURE = new Set(["header", "footer", "page_number"]);

export function showDocument(pages) {
  const parts = pages.flatMap((page) => (page.blocks.length ? partsOf(page) : [make("p", {}, page.text)]));
  $("document").replaceChildren(...(parts.length ? parts : [make("p", { className: "empty" }, "No text found.")]));
}

function partsOf(page) {
  const parts = [];
  let list = null;
  page.blocks.forEach((block, b) => {
    if (FURNITURE.has(block.type)) return;
    if (block.type !== "list_item") list = null;
    else if (!list) parts.push(list = make("ul"));
    (list || { append: (part) => parts.push(part) }).append(part(block, `b${b}`));
  });
  return parts;
}

function part(block, mark) {
  const { type, text, table } = block;
  if (type === "title") return make("h3", { mark, className: "title" }, text);
  if (type === "heading") return make("h3", { mark, className: block.level === 1 ? "title" : "" }, text);
  if (type === "list_item") return make("li", { mark }, text.replace(/^\s*([•●▪◦*–-]|\d+[.)])\s+/, ""));
  if (type === "table" && table) return make("div", { className: "scroll", tabIndex: 0, role: "group", ariaLabel: "Table" }, grid(table, mark.slice(1)));
  if (type === "code" || type === "formula") return make("pre", { mark, tabIndex: 0 }, block.latex || text);
  if (type === "figure") return make("p", { mark, className: "figure" }, text ? `Figure: ${text}` : "Figure");
  if (type === "caption" || type === "footnote") return make("p", { mark, className: "small" }, text);
  if (type === "checkbox") return make("p", { mark }, text);
  const made = make("p", { mark });
  made.textContent = type === "form" ? text : text.replace(/-\n(?=\p{Ll})/gu, "").replaceAll("\n", " ");
  if (type === "form") made.className = "form";
  return made;
}
