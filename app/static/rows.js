// A page's lines as rows: what stands on one line of the page stands on one row, as a receipt's name and price do.

import { edges } from "./links.js";

const SAME_ROW = 0.5; // of the lower one's height that two pieces of a row share

// [[index, …], …] of a page's lines, block by block in reading order.
export function rowsOf(page) {
  const blocks = page.blocks.length ? page.blocks.map((block) => block.lines) : [page.lines.map((_, index) => index)];
  return blocks.flatMap((lines) => rowsOfBlock(page, lines));
}

function rowsOfBlock(page, lines) {
  const rows = [];
  for (const index of lines) {
    const row = rows.at(-1);
    if (row && sameRow(page.lines[row.at(-1)], page.lines[index])) row.push(index);
    else rows.push([index]);
  }
  return rows;
}

function sameRow(one, other) {
  if (!one.box || !other.box) return false;
  const [, top, right, bottom] = edges(one.box);
  const [otherLeft, otherTop, , otherBottom] = edges(other.box);
  const shared = Math.min(bottom, otherBottom) - Math.max(top, otherTop);
  return otherLeft > right - 4 && shared > SAME_ROW * Math.min(bottom - top, otherBottom - otherTop);
}

// The texts of a page's rows, for comparing; of the page's text where the model gave no lines.
export function textsOf(page) {
  if (!page.lines.length) return page.text.split("\n").filter(Boolean);
  return rowsOf(page).map((row) => row.map((index) => page.lines[index].text).join("  "));
}
