// The page as it was sent, with the boxes of what was read on it; zoomed by buttons, keys and the wheel, moved by dragging.

import { $, drawn, grade } from "./dom.js";
import { linked } from "./links.js";

const STEP = 1.25;
const [LEAST, MOST] = [1, 8];
const WHEEL_STEP = 1.1;

export class Sheet {
  constructor() {
    this.zoom = 1;
    for (const [id, change] of [["zoom-in", STEP], ["zoom-out", 1 / STEP]]) $(id).addEventListener("click", () => this.zoomBy(change));
    $("zoom-fit").addEventListener("click", () => this.zoomTo(1));
    const view = $("view");
    view.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      this.zoomBy(event.deltaY < 0 ? WHEEL_STEP : 1 / WHEEL_STEP, event);
    }, { passive: false });
    view.addEventListener("keydown", (event) => {
      const change = { "+": STEP, "=": STEP, "-": 1 / STEP, 0: 1 / this.zoom }[event.key];
      if (change) { event.preventDefault(); this.zoomBy(change); }
    });
    this.drag(view);
    linked($("boxes"), true);
  }

  zoomBy(change, at = null) {
    this.zoomTo(this.zoom * change, at);
  }

  zoomTo(zoom, at = null) {
    const view = $("view");
    const frame = view.getBoundingClientRect();
    const [x, y] = at ? [at.clientX - frame.left, at.clientY - frame.top] : [frame.width / 2, frame.height / 2];
    const before = this.zoom;
    this.zoom = Math.min(MOST, Math.max(LEAST, zoom));
    $("paper").style.width = `${this.zoom * 100}%`;
    const grown = this.zoom / before;
    view.scrollLeft = (view.scrollLeft + x) * grown - x;
    view.scrollTop = (view.scrollTop + y) * grown - y;
    $("zoom-shown").textContent = `${Math.round(this.zoom * 100)}%`;
    $("zoom-out").disabled = this.zoom <= LEAST;
    $("zoom-in").disabled = this.zoom >= MOST;
  }

  drag(view) {
    let from = null;
    view.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "mouse" || this.zoom === 1) return; // touch scrolls by itself
      from = [event.clientX + view.scrollLeft, event.clientY + view.scrollTop];
      view.setPointerCapture(event.pointerId);
    });
    view.addEventListener("pointermove", (event) => {
      if (from) [view.scrollLeft, view.scrollTop] = [from[0] - event.clientX, from[1] - event.clientY];
    });
    for (const name of ["pointerup", "pointercancel"]) view.addEventListener(name, () => { from = null; });
  }

  clear() {
    $("picture").removeAttribute("src");
    $("boxes").replaceChildren();
    $("sheet").hidden = true;
    this.zoomTo(1);
  }

  // The picture alone, while it is read.
  showPicture(url) {
    const picture = $("picture");
    picture.onload = () => {
      if (picture.getAttribute("src") !== url) return;
      if (!$("boxes").childElementCount) this.frame(picture.naturalWidth, picture.naturalHeight);
      $("sheet").hidden = picture.hidden = false;
    };
    picture.onerror = () => { picture.hidden = true; };
    picture.src = url;
  }

  // A page with its blocks, lines and words, and the fields that stand on it.
  showPage(page, picture, fields) {
    const drawable = page.width > 0 && page.height > 0;
    $("sheet").hidden = !drawable;
    if (!drawable) return;
    this.frame(page.width, page.height);
    const seen = picture && page.page === 1;
    $("picture").hidden = !seen;
    if (seen) this.showPicture(picture);
    const groups = [
      group("blocks", page.blocks.map((block, b) => outline(block, `b${b}`, block.type))),
      group("lines", page.lines.map((line, l) => outline(line, `l${l}`, grade(line.confidence)))),
      group("words", page.lines.flatMap((line, l) => (line.words || []).map((word, w) => outline(word, `w${l}.${w}`, grade(word.confidence))))),
      group("fields", fields.map((field, f) => field.page === page.page && outline(field, `f${f}`, grade(field.confidence)))),
    ];
    const texts = seen ? [] : page.lines.filter((line) => line.box).map(written);
    $("boxes").replaceChildren(group("texts", texts), ...groups);
  }

  frame(width, height) {
    $("paper").style.aspectRatio = `${width} / ${height}`;
    $("boxes").setAttribute("viewBox", `0 0 ${width} ${height}`);
  }
}

const group = (name, members) => drawn("g", { class: name }, ...members.filter(Boolean));

function outline({ box }, mark, kind) {
  if (!box) return null;
  const shape = drawn("polygon", { points: box.map((point) => point.join(",")).join(" "), class: kind });
  shape.dataset.mark = mark;
  return shape;
}

// A line's text in its box, for pages that the browser has no picture of.
function written({ text, box: [[x, y], [right, rightY], , [left, bottom]] }) {
  const height = Math.hypot(left - x, bottom - y);
  return drawn("text", {
    "font-size": height * 0.8, y: height * 0.78, textLength: Math.hypot(right - x, rightY - y), lengthAdjust: "spacingAndGlyphs",
    transform: `translate(${x} ${y}) rotate(${(Math.atan2(rightY - y, right - x) * 180) / Math.PI})`,
  }, text);
}
