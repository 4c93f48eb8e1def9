from __future__ import annotations

import os
from collections import Counter

import httpx
import pytest

from tests.live.fuzz.conftest import Served
from tests.live.fuzz.mutations import mutated

pytestmark = [pytest.mark.live, pytest.mark.slow]

COUNT = 10_000 if os.environ.get("OCRQ_CHAOS") else 300
BATCH = 50
REPORTED = {400, 413, 415, 422}


@pytest.mark.timeout(3000)
def test_broken_documents_are_read_or_refused_and_no_worker_dies(served: Served) -> None:
    before = served.reading_processes()
    outcomes: Counter[str] = Counter()
    documents = list(mutated(COUNT, seed=417))
    with httpx.Client(base_url=served.url, timeout=120) as client:
        for start in range(0, COUNT, BATCH):
            files = [("file", (f"{n}", data)) for n, data in enumerate(documents[start : start + BATCH])]
            accepted = client.post("/jobs", files=files, data={"request": '{"cache": false}'})
            assert accepted.status_code in {202, *REPORTED}, accepted.text
            batch = accepted.json()
            while batch["status"] in {"queued", "running"}:
                batch = client.get(f"/jobs/{batch['id']}", params={"wait": 30}).json()
            for job in batch["jobs"]:
                outcomes[job["error"]["code"] if job["error"] else job["status"]] += 1
    assert sum(outcomes.values()) == COUNT
    assert set(outcomes) <= {"succeeded", "unreadable_document", "unsupported_format", "too_large", "invalid_image"}
    assert outcomes["succeeded"] > 0 and outcomes["unreadable_document"] > 0
    assert served.reading_processes() == before
