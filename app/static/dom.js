// Small helpers for the DOM, and how confidence is shown.

export const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const GOOD = 0.95; // share of words that are right: nothing to look over
const FAIR = 0.8; // below it, look at every word

export const grade = (confidence) => (confidence >= GOOD ? "good" : confidence >= FAIR ? "fair" : "poor");
export const percent = (confidence) => `${Math.floor(confidence * 100)}%`; // 99.6% is not 100%
export const size = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

// make("td", { className: "quiet" }, "text", another)
export function make(tag, members = {}, ...children) {
  const made = Object.assign(document.createElement(tag), members);
  for (const name of ["mark", "page"]) if (name in members) made.dataset[name] = members[name];
  made.append(...children);
  return made;
}

export function drawn(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

export function button(text, action, members = {}) {
  const made = make("button", { type: "button", ...members }, text);
  made.addEventListener("click", action);
  return made;
}

export function save(name, type, data) {
  const link = make("a", { href: URL.createObjectURL(new Blob([data], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// Puts text on the clipboard, and says so on the control for a moment.
export async function copy(text, control) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // no clipboard outside https and localhost
    const area = document.body.appendChild(make("textarea", { value: text }));
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  const before = control.textContent;
  control.textContent = "Copied";
  setTimeout(() => { control.textContent = before; }, 1500);
}

export function csv(rows) {
  const quoted = (value) => (/[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  return rows.map((row) => row.map((value) => quoted(String(value ?? ""))).join(",")).join("\r\n");
}
