"""The GPU's pool with real processes, on a machine of two GPUs that are not there: no fault loses a job."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from ocrq.contracts import Job, parse_request
from ocrq.errors import ModelNotAllowed
from tasks.documents.submission import Submission
from tasks.jobs.queue import queue_service
from tasks.monitoring.heartbeat import Heartbeats
from tasks.settings import Settings
from tests.live.faults.conftest import SETTINGS, frames, page
from tests.live.faults.engines.vlm.engine import BROKEN_ONCE, KILLED_ONCE, SHORT_ALWAYS, SHORT_ONCE, SLOW, WIDE
from tests.live.processes import Parts, until

pytestmark = [pytest.mark.live, pytest.mark.slow]


ATTEMPTS = 2


class Pool:
    """One worker of two processes for the GPU's pool, and the API's backend over it."""

    def __init__(self, parts: Parts, model: str) -> None:
        self.parts = parts
        self.backend = queue_service(
            Settings(redis_url=SecretStr(parts.url), model=model, blob_dir=parts.directory / "blobs", lease_seconds=1)
        )

    def submit(self, *widths: int) -> str:
        document = frames(*widths) if len(widths) > 1 else page(*widths)
        # Where every process has just left for want of memory, a submit is refused until the next one stands.
        until(self.backend.ready, "a process of the pool lives")
        return self.backend.submit(Submission("extract_text", parse_request({"cache": False}), document)).id

    def ended(self, job_id: str) -> Job:
        job = self.backend.wait(job_id, 90)
        assert isinstance(job, Job)
        return job

    def read(self, *widths: int) -> dict[str, Any]:
        job = self.ended(self.submit(*widths))
        assert job.status == "succeeded", job.error
        assert job.result is not None
        return {"attempts": job.attempts, **job.result}

    def devices(self) -> dict[int, str]:
        """The GPU of each process."""
        with self.parts.client() as client:
            beats = Heartbeats(client).live()
        return {int(beat.worker.rpartition(":")[2]): beat.device.rpartition(":")[2] for beat in beats}


@contextmanager
def _pool(directory: Path, start_method: str) -> Iterator[Pool]:
    model = directory / "model"
    model.mkdir()
    (model / "config.json").write_text(json.dumps({"model_type": "faulty"}))
    settings = {
        **SETTINGS,
        "OCRQ_LEASE_SECONDS": "20",  # importing torch silences a busy machine's process for longer than a second
        "OCRQ_MAX_ATTEMPTS": str(ATTEMPTS),
        "OCRQ_MODEL": str(model),
        "OCRQ_POOL": "gpu",
        "OCRQ_START_METHOD": start_method,
        "CUDA_VISIBLE_DEVICES": "0,1",
    }
    parts = Parts(directory / "parts", settings, worker_module="tests.live.faults.faulty_worker")
    try:
        parts.start(workers=1, concurrency=2)
        yield Pool(parts, str(model))
    finally:
        parts.end()


@pytest.fixture(scope="module")
def forked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    with _pool(tmp_path_factory.mktemp("forked"), "fork") as pool:
        yield pool


@pytest.fixture(scope="module")
def spawned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    with _pool(tmp_path_factory.mktemp("spawned"), "spawn") as pool:
        yield pool


@pytest.fixture(params=["fork", "spawn"])
def pool(request: pytest.FixtureRequest) -> Pool:
    made: Pool = request.getfixturevalue({"fork": "forked", "spawn": "spawned"}[request.param])
    return made


def has_torch(pid: int) -> bool:
    return "libtorch" in Path(f"/proc/{pid}/maps").read_text()


def test_two_children_take_both_gpus_and_a_replaced_one_takes_its_predecessors(pool: Pool) -> None:
    # Importing torch may silence a process of a busy machine for so long that it is not told as live.
    until(lambda: sorted(pool.devices().values()) == ["0", "1"], "each child took a GPU of its own")
    result = pool.read(KILLED_ONCE)
    assert result["attempts"] == 2
    until(lambda: sorted(pool.devices().values()) == ["0", "1"], "the new child took the other's GPU")


def test_a_picture_too_large_for_the_memory_is_read_smaller_and_the_parent_never_imports_torch(forked: Pool) -> None:
    result = forked.read(WIDE)
    assert result["text"].startswith("140 x 28")
    [warning] = result["metadata"]["warnings"]
    assert "memory" in warning and "70%" in warning
    assert (result["pages"][0]["width"], result["attempts"]) == (WIDE, 1)
    [worker] = forked.parts.workers
    assert any(has_torch(child.pid) for child in worker.children() if child.ppid() == worker.pid)
    assert not has_torch(worker.pid)


def test_where_the_memory_does_not_suffice_for_anything_another_process_reads(forked: Pool) -> None:
    result = forked.read(SLOW, SHORT_ONCE)
    assert [page["text"][:2] for page in result["pages"]] == [f"{SLOW}", f"{SHORT_ONCE}"]
    assert any("attempt 1 ended early" in warning and "memory" in warning for warning in result["metadata"]["warnings"])


def test_a_child_that_lost_its_gpu_leaves_and_another_reads(forked: Pool) -> None:
    waiting = [forked.submit(SLOW) for _ in range(4)]
    result = forked.read(BROKEN_ONCE)
    assert result["attempts"] == 2
    assert any("GPU failed" in warning for warning in result["metadata"]["warnings"])
    assert {forked.ended(job_id).status for job_id in waiting} == {"succeeded"}


def test_a_page_that_no_process_has_memory_for_is_a_reported_failure_in_the_end(forked: Pool) -> None:
    job = forked.ended(forked.submit(SHORT_ALWAYS))
    assert job.error is not None
    assert (job.status, job.error.code, job.attempts) == ("failed", "worker_spent", ATTEMPTS)
    assert forked.read(SLOW)["attempts"] == 1


def test_readiness_and_models_are_reported_per_pool(forked: Pool) -> None:
    assert forked.backend.ready()
    [model] = forked.backend.models().models
    assert (model.engine, model.pool, model.loaded) == ("vlm", "gpu", True)
    with pytest.raises(ModelNotAllowed):
        forked.backend.submit(Submission("extract_text", parse_request({"model_name": "evil/model"}), page(60)))
