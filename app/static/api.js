// The service, as the page needs it. A problem document becomes an Error with its members.

export class Problem extends Error {
  constructor(members) {
    super(members.detail);
    Object.assign(this, members);
  }
}

const ENDED = new Set(["succeeded", "failed", "cancelled"]);
const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, options);
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
export const cancel = (id) => ask(`jobs/${id}`, { method: "DELETE" });

export function submit(file, endpoint, request) {
  const form = new FormData();
  form.append("file", file, file.name || "pasted");
  form.append("endpoint", endpoint);
  form.append("request", JSON.stringify(request));
  return ask("jobs", { method: "POST", body: form });
}

// Follows a job to its end, page by page; by polling where the stream cannot be had or breaks off.
export function follow(id, { onPage, onProgress }) {
  return new Promise((resolve, reject) => {
    const stream = new EventSource(`jobs/${id}/events`);
    const poll = () => { stream.close(); wait(id, onProgress).then(resolve, reject); };
    const hear = (name, act) => stream.addEventListener(name, (event) => act(JSON.parse(event.data)));
    hear("page", onPage);
    hear("progress", onProgress);
    hear("problem", poll);
    hear("status", (job) => {
      if (!ENDED.has(job.status)) return;
      if (!("created_at" in job)) return poll();
      stream.close();
      resolve(job);
    });
    stream.onerror = poll;
  });
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
