"""A batch of 200 through a server that dies in the middle and comes back: all results, none twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from ocrq.client import AsyncClient, Client, Outcome
from tests.documents import as_png
from tests.live.processes import Part, Parts, free_port

pytestmark = pytest.mark.live

BATCH = 200
SMALL_BATCH = 60
AT_A_TIME = 16
READ_BEFORE = 20  # outcomes that are there when the server goes


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    parts = Parts(tmp_path / "parts", {"OCRQ_FAKE_SECONDS": "0.02", "OCRQ_LEASE_SECONDS": "2"})
    try:
        parts.start(workers=1, concurrency=2)
        yield parts
    finally:
        parts.end()


def documents(count: int, of: int) -> list[bytes]:
    """No two alike, so that none is answered by another's result."""
    return [as_png(Image.new("RGB", (40, 40), (of, number, 7))) for number in range(count)]


def power_cut(parts: Parts) -> None:
    """SIGKILL for everything, Redis first; then it is started again, on the same port and the same disk."""
    everything = [parts.redis, parts.control, *parts.workers]
    for part in everything:
        children = part.children()
        part.kill()
        for child in children:
            if child.is_running():
                child.kill()
    parts.start_redis()
    for part in everything[1:]:
        part.start()


def committed(parts: Parts) -> Counter[str]:
    """States of the jobs that the ledger has."""
    with parts.client() as redis:
        return Counter((redis.hget(key, "state") or b"").decode() for key in redis.scan_iter("ocrq:job:*", count=1000))


def check(outcomes: list[Outcome], count: int, parts: Parts, jobs_before: int = 0) -> None:
    assert [outcome.error for outcome in outcomes if outcome.error] == []
    assert [outcome.place for outcome in outcomes] == list(range(count))
    assert all((outcome.json or {})["text"].startswith("Fake reading") for outcome in outcomes)
    assert len({outcome.job_id for outcome in outcomes}) == count
    assert committed(parts) == {"succeeded": jobs_before + count}


def test_all_results_come_and_none_twice(parts: Parts) -> None:
    port = free_port()
    api: Part = parts.add_api(port)
    url = f"http://127.0.0.1:{port}"
    outcomes: list[Outcome] = []
    with Client(url) as client:
        for outcome in client.read_many(documents(BATCH, 1), at_a_time=AT_A_TIME):
            outcomes.append(outcome)
            if len(outcomes) == READ_BEFORE:
                power_cut(parts)
    check(outcomes, BATCH, parts)

    async def awaited() -> list[Outcome]:
        read = []
        async with AsyncClient(url) as client:
            async for outcome in client.read_many(documents(SMALL_BATCH, 2), at_a_time=AT_A_TIME):
                read.append(outcome)
                if len(read) == READ_BEFORE:  # this time the API alone, while all else goes on
                    await asyncio.to_thread(api.kill)
                    api.start()
        return read

    check(asyncio.run(awaited()), SMALL_BATCH, parts, jobs_before=BATCH)
