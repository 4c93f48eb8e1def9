// The documents of this visit and before: the server's list of the caller's jobs, with the names that this tab knows.

import * as api from "./api.js";
import { $, button, make } from "./dom.js";

const NAMES = "ocrq-names"; // in sessionStorage: file names by job id, gone with the tab
const SHOWN = 12;
const POLL_SECONDS = 3;
const KINDS = { "/extract_text": "text", "/extract_text_robust": "robust", "/extract_structured": "fields", "/extract_structured_robust": "fields, robust" };
const stored = () => JSON.parse(sessionStorage.getItem(NAMES) || "{}");

export const nameOf = (id) => stored()[id] || null;

export function remember(id, name) {
  const names = Object.entries({ ...stored(), [id]: name }).slice(-200);
  sessionStorage.setItem(NAMES, JSON.stringify(Object.fromEntries(names)));
}

export class History {
  // open(id) shows a job; shown() is the id of the one on the page.
  constructor(open, shown) {
    Object.assign(this, { open, shown, last: "" });
    setInterval(() => { if (!document.hidden) this.refresh(); }, POLL_SECONDS * 1000);
  }

  async refresh() {
    let jobs;
    try {
      ({ jobs } = await api.jobs(SHOWN));
    } catch {
      return; // a key that may not look, or no answer: reported elsewhere
    }
    const current = JSON.stringify([jobs, this.shown(), stored()]);
    if (current === this.last) return;
    this.last = current;
    const focused = document.activeElement?.dataset?.job;
    $("history").hidden = !jobs.length;
    $("jobs").replaceChildren(...jobs.map((job) => this.item(job)));
    if (focused) $("jobs").querySelector(`[data-job="${focused}"]`)?.focus();
  }

  item(job) {
    const { done, total } = job.progress;
    const far = job.status === "running" && total > 1 ? `${done} of ${total} pages` : job.status;
    const opened = button("", () => this.open(job.id), { className: "open" });
    opened.dataset.job = job.id;
    opened.append(make("strong", {}, nameOf(job.id) || job.id.slice(0, 8)), make("small", {}, `${KINDS[job.endpoint] || job.endpoint}, ${time(job.created_at)}`));
    if (job.id === this.shown()) opened.ariaCurrent = "true";
    const item = make("li", {}, opened, make("span", { className: `state ${job.status}`, title: job.error?.detail || "" }, far));
    if (["queued", "running"].includes(job.status)) item.append(this.act("Cancel", api.cancel, job));
    if (job.status === "failed" && job.error?.retryable) item.append(this.act("Retry", api.retry, job));
    return item;
  }

  act(text, action, job) {
    return button(text, async ({ target }) => {
      target.disabled = true;
      await action(job.id).catch(() => {});
      this.refresh();
    }, { className: "plain", ariaLabel: `${text} ${nameOf(job.id) || job.id.slice(0, 8)}` });
  }
}

const time = (moment) => new Date(moment).toLocaleString(undefined, { dateStyle: "short", timeStyle: "short" });
