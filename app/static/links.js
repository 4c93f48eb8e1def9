// What belongs together on a page: a block, its lines, their words, and the fields that stand there. Pointing at one lights the others.

const marked = () => document.querySelectorAll("[data-mark]");
const words = (value) => (value ? value.split(" ") : []);
let related = new Map();

// Marks come in pairs: each highlights the other.
export function relate(pairs) {
  related = new Map();
  for (const [one, other] of pairs) {
    for (const [from, to] of [[one, other], [other, one]]) related.set(from, (related.get(from) || new Set()).add(to));
  }
}

export function light(mark, scroll = false) {
  const lit = new Set(mark ? [mark, ...(related.get(mark) || [])] : []);
  for (const one of marked()) {
    const on = words(one.dataset.mark).some((name) => lit.has(name));
    one.classList.toggle("lit", on);
    one.classList.toggle("pointed", words(one.dataset.mark).includes(mark));
    if (scroll && on && one.closest("[role=tabpanel]") && one.checkVisibility()) {
      one.scrollIntoView({ block: "nearest" });
      scroll = false;
    }
  }
}

// Lets everything marked inside an element light what belongs to it.
export function linked(element, scroll = false) {
  const pointed = (event) => light(words(event.target.closest?.("[data-mark]")?.dataset.mark)[0] || null, scroll);
  element.addEventListener("pointerover", pointed);
  element.addEventListener("pointerleave", () => light(null));
  element.addEventListener("focusin", pointed);
  element.addEventListener("focusout", () => light(null));
}

// The pairs of a page's blocks, lines and words, and of the fields whose boxes lie on them.
export function pairsOf(page, fields) {
  const pairs = [];
  page.blocks.forEach((block, b) => block.lines.forEach((line) => pairs.push([`b${b}`, `l${line}`])));
  page.blocks.forEach((block, b) => (block.table?.cells || []).forEach((cell, c) => {
    pairs.push([`c${b}.${c}`, `b${b}`], ...cell.lines.map((line) => [`c${b}.${c}`, `l${line}`]));
  }));
  page.lines.forEach((line, l) => (line.words || []).forEach((_, w) => pairs.push([`w${l}.${w}`, `l${l}`])));
  page.blocks.forEach((block, b) => block.lines.forEach((l) => (page.lines[l].words || []).forEach((_, w) => pairs.push([`w${l}.${w}`, `b${b}`]))));
  fields.forEach((field, f) => {
    if (field.page !== page.page || !field.box) return;
    page.lines.forEach((line, l) => {
      if (overlap(field.box, line.box) > 0.3) pairs.push([`f${f}`, `l${l}`]);
      (line.words || []).forEach((word, w) => { if (overlap(word.box, field.box) > 0.5) pairs.push([`f${f}`, `w${l}.${w}`]); });
    });
  });
  return pairs;
}

export const edges = (box) => {
  const [xs, ys] = [0, 1].map((axis) => box.map((point) => point[axis]));
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
};

// The share of the first box that the second covers.
function overlap(one, other) {
  if (!one || !other) return 0;
  const [left, top, right, bottom] = edges(one);
  const [otherLeft, otherTop, otherRight, otherBottom] = edges(other);
  const width = Math.min(right, otherRight) - Math.max(left, otherLeft);
  const height = Math.min(bottom, otherBottom) - Math.max(top, otherTop);
  return width > 0 && height > 0 ? (width * height) / Math.max(1, (right - left) * (bottom - top)) : 0;
}
