// The page: documents come in, their jobs are followed, what was read is shown. The job is in the address, so a reload finds it.

import * as api from "./api.js";
import { $, copy, size } from "./dom.js";
import { download } from "./downloads.js";
import { listModels, watchHealth } from "./health.js";
import { History, nameOf, remember } from "./history.js";
import { intake } from "./intake.js";
import { SchemaBuilder } from "./schema.js";
import { View } from "./view.js";

const readings = new Map(); // those of this visit, by the job's id
const view = new View();
const schema = new SchemaBuilder();
const history = new History((id) => { location.hash = `job=${id}`; }, () => view.reading?.id);
let files = [];

const endpoint = () => document.querySelector("[name=endpoint]:checked").value;

class Reading {
  constructor(id, name, file = null) {
    Object.assign(this, { id, file, name: name.replace(/\.[^.]+$/, ""), pages: [], result: null, fields: null, other: null, picture: null });
    if (file && /^image\/(png|jpeg|webp|bmp|gif)$/.test(file.type)) this.picture = URL.createObjectURL(file);
  }

  addPage(page) {
    this.pages = [...this.pages.filter((one) => one.page !== page.page), page].sort((one, other) => one.page - other.page);
  }
}

// ---- what is said

function showProblem(problem) {
  if (problem?.code === "unauthorized") askForKey(true);
  $("problem").hidden = !problem;
  if (!problem) return;
  $("problem-title").textContent = problem.title || "Something went wrong";
  $("problem-detail").textContent = problem.detail || problem.message || String(problem);
  $("problem-code").textContent = [problem.code, problem.field].filter(Boolean).join(" · ");
}

function showNotice(text) {
  $("notice").hidden = !text;
  $("notice").textContent = text || "";
}

function showProgress(text, done, total) {
  $("progress").hidden = text === null;
  if (text === null) return;
  $("progress-text").textContent = text;
  if (total > 1) { $("progress-bar").max = total; $("progress-bar").value = done; } else $("progress-bar").removeAttribute("value");
}

function askForKey(asked) {
  $("key-form").hidden = !asked;
  $("key-forget").hidden = asked || !api.key.get();
  if (asked) $("key").focus();
}

// ---- documents

function choose(chosen) {
  if (!chosen.length) return;
  const limit = Number(document.body.dataset.maxBytes);
  const large = chosen.find((file) => file.size > limit);
  showNotice(null);
  showProblem(large ? { title: "The document is too large", code: "too_large",
    detail: `${large.name} has ${size(large.size)}, and at most ${size(limit)} are taken; send fewer pages at a time, or at a lower resolution.` } : null);
  files = chosen.filter((file) => file.size <= limit);
  $("chosen").textContent = files.length > 1 ? `${files.length} documents` : files[0]?.name || (files.length ? "Pasted image" : "Drop documents here, or choose some");
  $("kinds").textContent = files.length ? `${size(files.reduce((sum, file) => sum + file.size, 0))}; drop others to replace ${files.length > 1 ? "them" : "it"}` : "";
  $("go").disabled = !files.length;
}

function request() {
  const made = { use_preprocessing: $("preprocess").checked, output: ["markdown"] };
  if ($("model").value) made.model_name = $("model").value;
  if ($("pages").value.trim()) made.pages = $("pages").value.trim();
  return made;
}

async function readAll() {
  showProblem(null);
  showNotice(null);
  $("go").disabled = true;
  document.body.classList.add("shown");
  const sent = files;
  try {
    for (const [index, file] of sent.entries()) {
      showProgress(sent.length > 1 ? `Sending ${index + 1} of ${sent.length}…` : "Sending…");
      const job = await api.submit(file, endpoint(), request());
      remember(job.id, file.name || "pasted");
      readings.set(job.id, new Reading(job.id, file.name || "pasted", file));
      if (index === 0) location.hash = `job=${job.id}`;
      history.refresh();
    }
  } catch (problem) {
    showProgress(null);
    showProblem(problem);
  } finally {
    $("go").disabled = false;
  }
}

// ---- one document

async function open(id) {
  showProblem(null);
  showNotice(null);
  document.body.classList.add("shown");
  const reading = readings.get(id) || new Reading(id, nameOf(id) || id.slice(0, 8));
  readings.set(id, reading);
  view.open(reading);
  history.refresh();
  if (reading.result) return showProgress(null);
  $("cancel").disabled = false;
  showProgress("Waiting for a worker…");
  const here = () => view.reading === reading; // another document may have been opened meanwhile
  try {
    const job = await api.job(id); // tells of an id that is none, before the stream is asked for
    const ended = api.ENDED.has(job.status) ? job : await api.follow(id, {
      onPage: (page) => { reading.addPage(page); if (here()) view.addPage(); },
      onProgress: ({ done, total }) => { if (here() && !$("cancel").disabled) showProgress(total > 1 ? `Page ${Math.min(done + 1, total)} of ${total}` : "Reading…", done, total); },
    });
    end(reading, ended, here());
  } catch (problem) {
    if (here()) fail(problem);
  } finally {
    if (here()) showProgress(null);
    history.refresh();
  }
}

function end(reading, job, here) {
  if (job.status === "succeeded") {
    if (job.result.structured_data) reading.fields = { id: job.id, result: job.result };
    reading.result = job.result;
    if (job.result.pages) reading.pages = job.result.pages;
    if (here) { view.finish(); if (reading.fields) view.tabs.show("fields"); }
  } else if (here && job.status === "cancelled") {
    if (!reading.pages.length) view.clear();
    const { done, total } = job.progress;
    showNotice(reading.pages.length ? `Cancelled after ${done} of ${total} pages; those that were read are shown.` : "Cancelled. Nothing was kept.");
  } else if (here) {
    fail(new api.Problem({ title: "The document could not be read", ...job.error }));
  }
}

function fail(problem) {
  if (!view.reading?.pages.length) view.clear();
  showProblem(problem);
}

// Reads the document of a reading once more, in another way; its result.
async function again(reading, other, changes, started) {
  const file = reading.file;
  if (!file) throw new api.Problem({ title: "The document is no longer available", code: "reloaded", detail: "Files are not kept when the page reloads; choose the document again to read it." });
  const job = await api.submit(file, other, { ...request(), ...changes });
  remember(job.id, `${file.name || "pasted"}`);
  started(job.id);
  const ended = await api.follow(job.id, { onPage() {}, onProgress() {} });
  if (ended.status !== "succeeded") throw new api.Problem({ title: "The document could not be read", ...ended.error });
  return ended.result;
}

async function beside(pressed, work) {
  const reading = view.reading;
  showProblem(null);
  pressed.disabled = pressed.ariaBusy = true;
  try {
    await work(reading);
    if (view.reading === reading) view.refresh();
  } catch (problem) {
    showProblem(problem);
  } finally {
    pressed.disabled = pressed.ariaBusy = false;
    history.refresh();
  }
}

function fill() {
  let asked;
  try {
    asked = schema.get();
  } catch (error) {
    return showProblem({ title: "The fields are not valid JSON", detail: `${error.message}. Write them like {"total": "number"}.`, code: "schema" });
  }
  const robust = endpoint().endsWith("_robust") ? "_robust" : "";
  return beside($("fill"), async (reading) => {
    reading.fields = { result: await again(reading, `/extract_structured${robust}`, { schema: asked, output: [] }, () => {}) };
  });
}

function compare() {
  const [how, model] = $("other").value.split(/:(.*)/);
  const changes = model ? { model_name: model } : {};
  return beside($("compare"), async (reading) => {
    reading.other = { result: await again(reading, how === "robust" ? "/extract_text_robust" : "/extract_text", changes, () => {}) };
  });
}

// ---- wiring

async function begin() {
  try {
    await listModels();
  } catch (problem) {
    if (problem.code === "unauthorized") showProblem(problem);
    return;
  }
  history.refresh();
  route();
}

function route() {
  const id = new URLSearchParams(location.hash.slice(1)).get("job");
  if (id && id !== view.reading?.id) open(id);
}

intake(choose);
watchHealth();
window.addEventListener("hashchange", route);
$("ask").addEventListener("submit", (event) => { event.preventDefault(); if (files.length) readAll(); });
$("fill").addEventListener("click", fill);
$("compare").addEventListener("click", compare);
$("copy").addEventListener("click", () => copy(view.reading.result.text ?? JSON.stringify(view.reading.result.structured_data, null, 2), $("copy")));
$("copy-markdown").addEventListener("click", () => copy(view.reading.result.outputs?.markdown ?? $("document").innerText, $("copy-markdown")));
$("copy-json").addEventListener("click", () => copy($("json").textContent, $("copy-json")));
$("download").addEventListener("click", () => beside($("download"), (reading) => download(reading, $("format").value,
  (changes) => again(reading, endpoint(), changes, () => {}))));
$("cancel").addEventListener("click", () => {
  $("cancel").disabled = true;
  showProgress("Cancelling…");
  api.cancel(view.reading.id).catch(showProblem);
});
$("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  api.key.set($("key").value.trim());
  $("key").value = "";
  showProblem(null);
  askForKey(false);
  begin();
});
$("key-forget").addEventListener("click", () => { api.key.forget(); location.reload(); });
$("origin").textContent = location.origin + location.pathname.replace(/\/$/, "");
if ("asksForKey" in document.body.dataset && !api.key.get()) askForKey(true); else { askForKey(false); begin(); }
