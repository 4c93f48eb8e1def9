"""Metrics and logs of real processes: counted where they happen, told by the API, one line a job."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.documents import as_png, as_tiff, text_page
from tests.live.processes import Parts, serving, until

pytestmark = pytest.mark.live
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def stack() -> Iterator[tuple[Parts, str]]:
    with serving({"OCRQ_LOG_FORMAT": "json", "OCRQ_CPU_DOLLARS_PER_HOUR": "3.6"}, concurrency=1) as started:
        yield started


def test_what_keda_follows_rises_and_falls_with_the_queue(stack: tuple[Parts, str]) -> None:
    parts, url = stack
    manifest = ROOT / "deploy/kubernetes/base/worker-cpu.yaml"
    (scaled,) = [one for one in yaml.safe_load_all(manifest.read_text()) if one["kind"] == "ScaledObject"]
    trigger = scaled["spec"]["triggers"][0]["metadata"]

    def wanted() -> int:
        """Replicas by KEDA's rule, from the path and the target of its trigger."""
        value = httpx.get(url + urlsplit(trigger["url"]).path).json()
        for part in trigger["valueLocation"].split("."):
            value = value[part]
        return math.ceil(value / int(trigger["targetValue"]))

    until(lambda: wanted() == 0, "nothing is there to do")
    worker = parts.workers[0]
    stopped = [psutil.Process(worker.process.pid), *worker.children()]
    for process in stopped:
        process.suspend()  # what comes now stays in the queue
    try:
        page = base64.b64encode(as_png(text_page(["Hello"], size=(200, 100)))).decode()
        body = {"endpoint": "/extract_text", "requests": [{"image": page, "cache": False}] * 10}
        batch = httpx.post(f"{url}/jobs", json=body).json()["id"]
        until(lambda: wanted() == 3, "ten documents want three pods of four processes")
        assert metrics(url)["ocrq_owner_queue_jobs"] == 10 and metrics(url)["ocrq_owner_queue_oldest_seconds"] > 0
    finally:
        for process in stopped:
            process.resume()
    until(lambda: httpx.get(f"{url}/jobs/{batch}").json()["status"] == "succeeded", "all is read")
    until(lambda: wanted() == 0, "nothing wants a pod any more")
    until(lambda: metrics(url).get("ocrq_pages_total", 0) >= 10, "the worker reported what it counted")


def metrics(url: str) -> dict[str, float]:
    """Sums over all labels."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(httpx.get(f"{url}/metrics").text):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0) + sample.value
    return found


def json_lines(log: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]


def test_a_job_is_counted_and_logged_once_wherever_it_was_read(stack: tuple[Parts, str]) -> None:
    parts, url = stack
    before = metrics(url)

    def grown(name: str) -> float:
        return metrics(url).get(name, 0) - before.get(name, 0)

    page = text_page(["Hello"], size=(200, 100))
    jobs = []
    for document in (as_png(page), as_tiff([page] * 3)):
        request = {"image": base64.b64encode(document).decode(), "output": ["markdown"]}
        sent = httpx.post(f"{url}/jobs", json={"endpoint": "/extract_text", "request": request})
        assert httpx.get(f"{url}/jobs/{sent.json()['id']}?wait=60", timeout=90).json()["status"] == "succeeded"
        jobs.append((sent.json()["id"], sent.headers["X-Request-ID"]))

    until(lambda: grown("ocrq_pages_total") == 4, "the worker reported what it counted")
    assert (grown("ocrq_jobs_total"), grown("ocrq_job_seconds_count")) == (2, 2)
    assert grown("ocrq_attempts_total") == 6, "one of the first document; of the second the plan, three units, the end"
    found = metrics(url)
    assert found["ocrq_stage_seconds_total"] > 0 and found["ocrq_model_loads_total"] >= 1
    assert found["ocrq_workers"] == 1 and found["ocrq_memory_bytes"] > 10_000_000 and found["ocrq_redis_up"] == 1
    # 3.6 dollars an hour are a tenth of a cent a second.
    assert found["ocrq_cost_dollars_total"] == pytest.approx(found["ocrq_worker_seconds_total"] / 1000)
    assert found["ocrq_cost_per_page_dollars"] == pytest.approx(
        found["ocrq_cost_dollars_total"] / found["ocrq_pages_total"]
    )

    lines = json_lines(parts.workers[0].log)
    for (job_id, request_id), pages in zip(jobs, (1, 3), strict=True):
        (line,) = [line for line in lines if line.get("end") and line["job_id"] == job_id]
        assert (line["end"], line["pages"], line["request_id"]) == ("succeeded", pages, request_id)
        assert line["engine"] == "fake/fixed"
    logs = "".join(part.output() for part in (*parts.workers, parts.control))
    assert "Hello" not in logs and "gnored" not in logs
    (asked,) = [line for line in json_lines(parts.workers[1].log) if line.get("request_id") == jobs[0][1]]
    assert (asked["path"], asked["status"]) == ("/jobs", 202)
