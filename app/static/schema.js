// Which fields to look for: presets, rows of names and kinds, and the same as JSON for whoever wants more.

import { $, button, make } from "./dom.js";

const KINDS = ["string", "number", "integer", "date", "time", "money", "percentage", "boolean", "address", "email", "phone", "url", "iban"];
const LIST = "list of items";
const ITEMS = { description: "string", quantity: "number", unit_price: "number", amount: "number" };
export const PRESETS = {
  Invoice: { invoice_number: "string", date: "date", due_date: "date", vendor_name: "string", customer_name: "string", line_items: [ITEMS], subtotal: "number", tax: "number", total: "number" },
  Receipt: { store_name: "string", address: "address", phone: "phone", date: "date", time: "time", items: [{ description: "string", amount: "number" }], tax: "number", total: "number" },
  Order: { order_number: "string", date: "date", customer_name: "string", delivery_date: "date", shipping_address: "address", line_items: [ITEMS], total: "number" },
  "ID document": { surname: "string", given_names: "string", document_number: "string", nationality: "string", date_of_birth: "date", date_of_expiry: "date" },
  Custom: { "": "string" },
};

export class SchemaBuilder {
  constructor() {
    $("preset").append(...Object.keys(PRESETS).map((name) => new Option(name)));
    $("preset").addEventListener("change", () => this.set(PRESETS[$("preset").value]));
    $("add-field").addEventListener("click", () => { this.add("", "string"); $("schema-rows").lastElementChild.querySelector("input").focus(); this.write(); });
    $("schema-rows").addEventListener("input", () => this.write());
    $("schema").addEventListener("change", () => this.read());
    this.set(PRESETS.Invoice);
  }

  set(schema) {
    this.show(schema);
    this.write();
  }

  show(schema) {
    $("schema-rows").replaceChildren();
    for (const [name, kind] of Object.entries(schema)) this.add(name, Array.isArray(kind) ? LIST : kind, Array.isArray(kind) ? kind[0] : ITEMS);
  }

  add(name, kind, columns = ITEMS) {
    const row = make("li", {});
    const title = make("input", { type: "text", value: name, placeholder: "name of the field", ariaLabel: "Name", spellcheck: false });
    const kinds = make("select", { ariaLabel: "Kind" }, ...[...KINDS, LIST].map((one) => new Option(one)));
    kinds.value = kind;
    const shown = Object.entries(columns).map(([column, of]) => (of === "string" ? column : `${column}: ${of}`)).join(", ");
    const items = make("input", { type: "text", className: "columns", value: shown, ariaLabel: "Columns of the items", spellcheck: false, hidden: kind !== LIST });
    kinds.addEventListener("change", () => { items.hidden = kinds.value !== LIST; });
    row.append(title, kinds, button("Remove", () => { row.remove(); this.write(); }, { className: "plain" }), items);
    $("schema-rows").append(row);
  }

  write() {
    const schema = {};
    for (const row of $("schema-rows").children) {
      const [title, kinds, , items] = row.children;
      if (title.value.trim()) schema[title.value.trim()] = kinds.value === LIST ? [columnsOf(items.value)] : kinds.value;
    }
    $("schema").value = JSON.stringify(schema, null, 2);
  }

  // A JSON Schema, which rows cannot show, stays as it was written.
  read() {
    try {
      const schema = JSON.parse($("schema").value);
      if (Object.values(schema).every((kind) => KINDS.includes(kind) || (Array.isArray(kind) && kind.length === 1 && typeof kind[0] === "object"))) this.show(schema);
      else $("schema-rows").replaceChildren();
    } catch { /* reported when the fields are asked for */ }
  }

  // Throws a SyntaxError where the JSON is none.
  get() {
    return JSON.parse($("schema").value);
  }
}

function columnsOf(text) {
  const pairs = text.split(",").map((column) => column.split(":").map((part) => part.trim())).filter(([name]) => name);
  return Object.fromEntries(pairs.map(([name, kind]) => [name, KINDS.includes(kind) ? kind : "string"]));
}
