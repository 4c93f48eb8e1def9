// The tab Fields: what was found, where, how surely; every value can be corrected, and the items are a grid. Saved as JSON or CSV.

import { $, button, csv, grade, make, percent, save } from "./dom.js";

let edited = {};

export function showFields(reading) {
  const result = reading.fields?.result;
  $("found").hidden = !result;
  $("found").replaceChildren();
  if (!result) return;
  edited = structuredClone(result.structured_data);
  const names = Object.keys(result.fields);
  const evidence = (name) => ({ field: result.fields[name], mark: `f${names.indexOf(name)}` });
  const lists = Object.keys(edited).filter((name) => isGrid(edited[name]));
  const single = names.filter((name) => !lists.some((list) => name === list || name.startsWith(`${list}[`)));
  const rows = single.map((name) => fieldRow(name, evidence(name)));
  $("found").append(
    make("div", { className: "head" }, make("h2", {}, "Found"), make("span", { className: "quiet" }, `about ${percent(result.confidence)} of them right`),
      button("Save JSON", () => save(`${reading.name}-fields.json`, "application/json", JSON.stringify(edited, null, 2))),
      button("Save CSV", () => save(`${reading.name}-fields.csv`, "text/csv", csv(rowsOf(edited))))),
    make("table", { className: "values", id: "fields" }, make("thead", {}, headRow(["Field", "Value", "Confidence"])), make("tbody", {}, ...rows)),
    ...lists.flatMap((list) => [make("h2", {}, list), make("div", { className: "scroll" }, itemsGrid(list, evidence))]));
}

const isGrid = (value) => Array.isArray(value) && value.every((item) => item && typeof item === "object" && !Array.isArray(item));
const headRow = (names) => make("tr", {}, ...names.map((name) => make("th", { scope: "col" }, name)));

function fieldRow(name, { field, mark }) {
  const row = make("tr", { mark, className: grade(field.confidence) });
  const value = make("td", {}, valueInput(name, field.value, (changed) => put(edited, name, changed)));
  if (field.reason) value.append(make("small", {}, field.reason));
  row.append(make("th", { scope: "row" }, name), value, make("td", { className: "sure" }, field.value === null ? "" : percent(field.confidence)));
  return row;
}

function valueInput(label, value, changed) {
  const text = value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
  const input = make("input", { type: "text", value: text, ariaLabel: label, placeholder: "not found" });
  input.addEventListener("input", () => changed(typed(input.value, value)));
  return input;
}

// A number stays one where it can; an emptied value is null.
function typed(text, before) {
  if (text.trim() === "") return null;
  if (typeof before === "string") return text;
  const number = Number(text.replace(",", "."));
  return Number.isFinite(number) ? number : text;
}

// "seller.name" in objects.
function put(into, name, value) {
  const path = name.split(".");
  const last = path.pop();
  const place = path.reduce((at, part) => (at?.[part] && typeof at[part] === "object" ? at[part] : null), into);
  if (place) place[last] = value;
}

function itemsGrid(list, evidence) {
  const items = edited[list];
  const columns = [...new Set(items.flatMap(Object.keys))];
  const table = make("table", { className: "values items" }, make("thead", {}, headRow([...columns, ""])));
  const body = table.createTBody();
  const add = (item, index) => {
    const row = make("tr");
    for (const column of columns) {
      const shown = index === null ? {} : evidence(`${list}[${index}].${column}`);
      const cell = make("td", shown.field ? { mark: shown.mark, className: grade(shown.field.confidence) } : {});
      cell.append(valueInput(`${column} of row ${body.rows.length + 1}`, item[column], (changed) => { item[column] = changed; }));
      row.append(cell);
    }
    row.append(make("td", {}, button("Remove", () => { items.splice(items.indexOf(item), 1); row.remove(); }, { className: "plain" })));
    body.append(row);
  };
  items.forEach(add);
  table.createTFoot().append(make("tr", {}, make("td", { colSpan: columns.length + 1 }, button("Add a row", () => {
    const item = Object.fromEntries(columns.map((column) => [column, null]));
    items.push(item);
    add(item, null);
  }))));
  return table;
}

function rowsOf(data) {
  const rows = [["field", "value"]];
  for (const [name, value] of Object.entries(data)) {
    if (!isGrid(value)) rows.push([name, typeof value === "object" && value ? JSON.stringify(value) : value]);
  }
  for (const [name, value] of Object.entries(data)) {
    if (!isGrid(value) || !value.length) continue;
    const columns = [...new Set(value.flatMap(Object.keys))];
    rows.push([], [name], columns, ...value.map((item) => columns.map((column) => item[column])));
  }
  return rows;
}
