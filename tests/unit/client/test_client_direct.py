from __future__ import annotations

from pathlib import Path

import pytest

from ocrq.client import Client, Endpoint
from ocrq.contracts import Batch, Job
from ocrq.errors import JobNotFound, ModelNotAllowed, UnsupportedFormat
from tests.unit.cli.conftest import QUICK


@pytest.fixture
def direct(server: str) -> Client:
    return Client(Endpoint(server, kind="direct"), retries=QUICK)


def test_it_reads_by_the_synchronous_routes(direct: Client, client: Client, three_pages: Path) -> None:
    updates: list[Job | Batch] = []
    with direct:
        assert direct.read(three_pages, on_progress=updates.append).text == client.read(three_pages).text
    assert [(job.status, job.progress.done) for job in updates] == [("succeeded", 3)]


def test_a_submit_has_ended_when_it_returns_and_nothing_is_kept(direct: Client, page: Path) -> None:
    with direct:
        job = direct.submit(page)
        assert job.status == "succeeded" and job.result
        with pytest.raises(JobNotFound, match="keeps no jobs"):
            direct.cancel(job.id)
        assert direct.health().status == "healthy"


def test_what_is_refused_is_raised(direct: Client, page: Path) -> None:
    with direct:
        with pytest.raises(ModelNotAllowed):
            direct.read(page, model_name="nobody/knows")
        assert [outcome.error and outcome.error.code for outcome in direct.read_many([page, b"no"])] == [
            None,
            UnsupportedFormat.code,
        ]
