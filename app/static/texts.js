// The tabs Text and Blocks: rows as they stand on the page, and the parts that it is read in.

import { $, grade, make, percent } from "./dom.js";
import { edges } from "./links.js";
import { rowsOf } from "./rows.js";

const UNSURE = 0.8; // a word below it is underlined
const NAMES = { list_item: "list item", page_number: "page number" };

export function showText(page) {
  if (page.error) return $("lines").replaceChildren(make("li", { className: "empty" }, `This page could not be read: ${page.error.detail}`));
  if (page.lines.length) return $("lines").replaceChildren(...rowsOf(page).map((row) => rowItem(page, row)));
  const texts = page.text.split("\n").filter(Boolean);
  if (!texts.length) return $("lines").replaceChildren(make("li", { className: "empty" }, "No text on this page."));
  $("lines").replaceChildren(...texts.map((text) => make("li", {}, make("p", {}, text))));
}

function rowItem(page, row) {
  const least = Math.min(...row.map((index) => page.lines[index].confidence));
  const cells = row.map((index) => make("span", { className: `line ${grade(page.lines[index].confidence)}`, mark: `l${index}` }, ...wordsOf(page.lines[index], index)));
  const item = make("li", { className: grade(least), tabIndex: 0, mark: row.map((index) => `l${index}`).join(" ") });
  const text = make("p", { className: row.length > 1 ? "cells" : "" }, ...cells);
  if (row.length > 1) text.style.gridTemplateColumns = columnsOf(row.map((index) => edges(page.lines[index].box)[0]), page.width);
  item.append(text, make("span", { className: "sure" }, percent(least)));
  return item;
}

// Pieces of a row begin where they do on the page.
function columnsOf(lefts, width) {
  return lefts.map((left, index) => `minmax(min-content, ${Math.max(1, (lefts[index + 1] ?? width) - (index ? left : lefts[0]))}fr)`).join(" ");
}

// The line's text, its words marked where they stand in it.
function wordsOf(line, index) {
  const parts = [];
  let at = 0;
  (line.words || []).forEach((word, w) => {
    const found = line.text.indexOf(word.text, at);
    if (found < 0) return;
    parts.push(line.text.slice(at, found), make("span", { className: word.confidence < UNSURE ? "word unsure" : "word", mark: `w${index}.${w}` }, word.text));
    at = found + word.text.length;
  });
  return [...parts, line.text.slice(at)];
}

export function showBlocks(page) {
  if (!page.blocks.length) return $("blocks").replaceChildren(make("li", { className: "empty" }, "This page has no blocks."));
  $("blocks").replaceChildren(...page.blocks.map((block, b) => {
    const kind = `${NAMES[block.type] || block.type}${block.level ? ` ${block.level}` : ""}${block.table ? ` ${block.table.rows} × ${block.table.columns}` : ""}`;
    const item = make("li", { className: grade(block.confidence), tabIndex: 0, mark: `b${b}` });
    item.append(make("span", { className: `kind ${block.type}` }, kind), make("p", {}, block.text || "(no text)"), make("span", { className: "sure" }, percent(block.confidence)));
    return item;
  }));
}

// Arrow keys go from row to row.
export function walkable(list) {
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    const to = step && event.target.closest("li")?.[step];
    if (to?.tabIndex === 0) { event.preventDefault(); to.focus(); }
  });
}
