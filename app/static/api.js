// The service, as the page needs it. A problem document becomes an Error with its members.

import { listen } from "./events.js";

const KEY = "ocrq-key"; // in sessionStorage: gone with the tab

export const key = { get: () => sessionStorage.getItem(KEY), set: (value) => sessionStorage.setItem(KEY, value), forget: () => sessionStorage.removeItem(KEY) };
const credentials = () => (key.get() ? { Authorization: `Bearer ${key.get()}` } : {});

export class Problem extends Error {
  constructor(members) {
    super(members.detail);
    Object.assign(this, members);
  }
}

export const ENDED = new Set(["succeeded", "failed", "cancelled"]);
const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, { ...options, headers: credentials() });
  } catch {
    throw new Problem({ title: "The server cannot be reached", detail: "Check that it is running, then try again.", code: "network" });
  }
  const body = await response.json().catch(() => ({}));
  if (response.ok || body.models_loaded) return body;
  throw new Problem({ title: response.statusText, detail: "The server gave no reason.", code: `http_${response.status}`,
    retryAfter: Number(response.headers.get("Retry-After")) || 2, ...body });
}

export const health = () => ask("health");
export const models = () => ask("models");
export const job = (id) => ask(`jobs/${encodeURIComponent(id)}`);
export const jobs = (limit) => ask(`jobs?limit=${limit}`);
export const retry = (id) => ask(`jobs/${id}/retry`, { method: "POST" });
export const cancel = (id) => ask(`jobs/${id}`, { method: "DELETE" });

export function submit(file, endpoint, request) {
  const form = new FormData();
  form.append("file", file, file.name || "pasted");
  form.append("endpoint", endpoint);
  form.append("request", JSON.stringify(request));
  return ask("jobs", { method: "POST", body: form });
}

// Follows a job to its end, page by page; by polling where the stream cannot be had or breaks off.
export async function follow(id, { onPage, onProgress }) {
  let ended = null;
  try {
    await listen(`jobs/${id}/events`, credentials(), (name, data) => {
      if (name === "page") onPage(data);
      if (name === "progress") onProgress(data);
      if (name === "status" && ENDED.has(data.status) && "created_at" in data) ended = data;
    });
  } catch { /* the job goes on without being listened to */ }
  return ended ?? wait(id, onProgress);
}

async function wait(id, onProgress) {
  for (;;) {
    try {
      const job = await ask(`jobs/${id}?wait=20`);
      if (ENDED.has(job.status)) return job;
      onProgress(job.progress);
    } catch (problem) {
      if (!problem.retryable) throw problem;
      await pause(problem.retryAfter);
    }
  }
}
