// The page: choose a document, follow its job, show what was read.

import * as api from "./api.js";
import { ResultView } from "./result.js";

const $ = (id) => document.getElementById(id);
const HEALTH_SECONDS = 10;
const view = new ResultView();
let file = null;
let job = null;

const size = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

function choose(chosen) {
  if (!chosen) return;
  file = chosen;
  $("chosen").textContent = chosen.name || "Pasted image";
  $("kinds").textContent = `${size(chosen.size)}; drop another to replace it`;
  $("go").disabled = false;
  showProblem(null);
  const limit = Number(document.body.dataset.maxBytes);
  if (chosen.size > limit) {
    $("go").disabled = true;
    showProblem({ title: "The document is too large", code: "too_large",
      detail: `It has ${size(chosen.size)}, and at most ${size(limit)} are taken; send fewer pages at a time, or at a lower resolution.` });
  }
}

function askForKey(asked) {
  $("key-form").hidden = !asked;
  $("key-forget").hidden = asked || !api.key.get();
  if (asked) $("key").focus();
}

function showProblem(problem) {
  if (problem?.code === "unauthorized") askForKey(true);
  $("problem").hidden = !problem;
  if (!problem) return;
  $("problem-title").textContent = problem.title || "Something went wrong";
  $("problem-detail").textContent = problem.detail || problem.message || String(problem);
  $("problem-code").textContent = [problem.code, problem.field].filter(Boolean).join(" · ");
}

function showProgress(text, done, total) {
  $("progress").hidden = text === null;
  if (text === null) return;
  $("progress-text").textContent = text;
  if (total > 1) { $("progress-bar").max = total; $("progress-bar").value = done; } else $("progress-bar").removeAttribute("value");
}

function request() {
  const made = { use_preprocessing: $("preprocess").checked };
  made.output = [...document.querySelectorAll("[name=output]:checked")].map((box) => box.value);
  if ($("model").value) made.model_name = $("model").value;
  if ($("pages").value.trim()) made.pages = $("pages").value.trim();
  if (endpoint().startsWith("/extract_structured")) {
    try {
      made.schema = JSON.parse($("schema").value);
    } catch (error) {
      throw new api.Problem({ title: "The fields are not valid JSON", detail: `${error.message}. Write them like {"total": "number"}.`, code: "schema" });
    }
  }
  return made;
}

const endpoint = () => document.querySelector("[name=endpoint]:checked").value;

async function read() {
  showProblem(null);
  view.clear();
  $("go").disabled = true;
  $("cancel").disabled = false;
  try {
    const asked = request();
    showProgress("Sending…");
    job = await api.submit(file, endpoint(), asked);
    showProgress("Waiting for a reader…");
    view.begin(file);
    document.body.classList.add("shown");
    const ended = await api.follow(job.id, {
      onPage: (page) => view.addPage(page),
      onProgress: ({ done, total }) => showProgress(total ? `Page ${Math.min(done + 1, total)} of ${total}` : "Reading…", done, total),
    });
    if (ended.status !== "succeeded") throw new api.Problem({ title: ended.status === "cancelled" ? "Cancelled" : "It could not be read", ...ended.error });
    view.finish(ended.result);
  } catch (problem) {
    view.settle();
    showProblem(problem);
  } finally {
    job = null;
    showProgress(null);
    $("go").disabled = false;
    showHealth();
  }
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

async function listModels() {
  let models;
  try {
    ({ models } = await api.models());
  } catch (problem) {
    if (problem.code === "unauthorized") showProblem(problem);
    return;
  }
  $("model").replaceChildren(new Option("Default", ""));
  for (const model of models) {
    const option = new Option(model.default ? `${model.name} (default)` : model.name, model.default ? "" : model.name);
    option.disabled = !model.served_by;
    if (model.default) $("model").replaceChild(option, $("model").options[0]); else $("model").add(option);
  }
}

$("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  api.key.set($("key").value.trim());
  $("key").value = "";
  showProblem(null);
  askForKey(false);
  listModels();
});
$("key-forget").addEventListener("click", () => { api.key.forget(); location.reload(); });
$("file").addEventListener("change", (event) => choose(event.target.files[0]));
for (const name of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    $("drop").classList.toggle("over", name === "dragover");
    if (name === "drop") choose(event.dataTransfer.files[0]);
  });
}
document.addEventListener("paste", (event) => choose(event.clipboardData.files[0]));
$("ask").addEventListener("submit", (event) => { event.preventDefault(); if (file && !job) read(); });
$("ask").addEventListener("change", () => { $("schema-part").hidden = !endpoint().startsWith("/extract_structured"); });
$("cancel").addEventListener("click", () => { if (job) { $("cancel").disabled = true; api.cancel(job.id).catch(showProblem); } });
document.addEventListener("visibilitychange", showHealth);
setInterval(showHealth, HEALTH_SECONDS * 1000);
$("origin").textContent = location.origin + location.pathname.replace(/\/$/, "");
showHealth();
if ("asksForKey" in document.body.dataset && !api.key.get()) askForKey(true); else { askForKey(false); listModels(); }
