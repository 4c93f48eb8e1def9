// The tab Tables: every table of the document as a grid, copied or saved as CSV.

import { $, button, copy, csv, make, save } from "./dom.js";

export function showTables(pages, name) {
  const found = pages.flatMap((page) => page.blocks.map((block, b) => ({ page, block, b })).filter(({ block }) => block.table));
  $("tab-tables").querySelector("span").textContent = found.length ? ` ${found.length}` : "";
  if (!found.length) return $("tables").replaceChildren(make("p", { className: "empty" }, "No tables found."));
  $("tables").replaceChildren(...found.map(({ page, block, b }, index) => {
    const title = `Table ${index + 1}, page ${page.page}`;
    const copied = button("Copy CSV", () => copy(csv(rowsOf(block.table)), copied));
    const saved = button("Save CSV", () => save(`${name}-table-${index + 1}.csv`, "text/csv", csv(rowsOf(block.table))));
    const head = make("div", { className: "head" }, make("h2", {}, title), make("span", { className: "quiet" }, `${block.table.rows} × ${block.table.columns}`), copied, saved);
    return make("section", {}, head, make("div", { className: "scroll", tabIndex: 0, role: "group", ariaLabel: title }, grid(block.table, b)));
  }));
}

export function grid(table, b) {
  const made = make("table", { className: "grid", mark: `b${b}` });
  for (let row = 0; row < table.rows; row += 1) {
    const cells = table.cells.map((cell, c) => ({ ...cell, c })).filter((cell) => cell.row === row);
    made.append(make("tr", {}, ...cells.map((cell) => make(cell.header ? "th" : "td",
      { colSpan: cell.column_span, rowSpan: cell.row_span, mark: `c${b}.${cell.c}` }, cell.text))));
  }
  return made;
}

function rowsOf(table) {
  const rows = Array.from({ length: table.rows }, () => Array(table.columns).fill(""));
  for (const cell of table.cells) rows[cell.row][cell.column] = cell.text;
  return rows;
}
