// The tab Compare: the document read once more, in another way, and where the two readings differ.

import { $, make, percent } from "./dom.js";
import { difference } from "./diff.js";
import { textsOf } from "./rows.js";

export function showComparison(reading) {
  const other = reading.other;
  $("difference").replaceChildren();
  $("compared").textContent = "";
  $("difference").hidden = !other?.result;
  if (!other?.result) return;
  const steps = difference(reading.pages.flatMap(textsOf), (other.result.pages || []).flatMap(textsOf));
  const changes = steps.filter(([kind, word], index) => kind !== "same" && word.trim() && steps[index - 1]?.[0] !== kind).length;
  const summary = (result) => `${result.metadata.served_by}${result.metadata.robust_processing ? ", robust" : ""}, ${percent(result.confidence)}`;
  const places = changes === 1 ? "1 place differs" : `${changes} places differ`;
  $("compared").textContent = `${changes ? places : "Both readings are equal"}: ${summary(reading.result)} beside ${summary(other.result)}`;
  $("difference").append(...steps.map(([kind, word]) => {
    if (kind === "same" || !word.trim()) return word;
    return make(kind === "gone" ? "del" : "ins", { title: kind === "gone" ? "the first reading" : "the second reading" }, word);
  }));
}
