// The service's health in the corner, and the models that may be asked for.

import * as api from "./api.js";
import { $ } from "./dom.js";

const SECONDS = 10;

export function watchHealth() {
  showHealth();
  document.addEventListener("visibilitychange", showHealth);
  setInterval(showHealth, SECONDS * 1000);
}

async function showHealth() {
  if (document.hidden) return;
  const place = $("health");
  try {
    const health = await api.health();
    place.dataset.status = health.status;
    const plural = health.workers === 1 ? "worker" : "workers";
    const busy = health.workers ? `${health.workers} ${plural}, ${health.busy} busy` : "no worker";
    place.lastElementChild.textContent = health.status === "healthy" ? busy : `${health.status}: ${busy}`;
    place.title = health.reasons.join("\n");
  } catch {
    place.dataset.status = "unhealthy";
    place.lastElementChild.textContent = "no answer";
  }
}

// Fills the lists of models; throws a Problem.
export async function listModels() {
  const { models } = await api.models();
  models.sort((one, other) => Number(other.default) - Number(one.default));
  const option = (model, value, text) => Object.assign(new Option(text, value), { disabled: !model.served_by });
  $("model").replaceChildren(...models.map((model) => option(model, model.default ? "" : model.name, model.default ? `${model.name} (default)` : model.name)));
  const others = models.filter((model) => !model.default).map((model) => option(model, `model:${model.name}`, model.name));
  $("other").replaceChildren(new Option("robust", "robust"), new Option("plain", "plain"), ...others);
}
