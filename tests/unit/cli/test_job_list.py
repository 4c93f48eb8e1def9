from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from click.testing import Result

from ocrq.cli.exits import OK, SOME_FAILED
from ocrq.cli.jobs import STATUSES
from ocrq.client import AsyncClient, Client
from ocrq.contracts import JobStatus

Command = Callable[..., Result]


def test_the_statuses_are_the_contract_s() -> None:
    assert get_args(JobStatus) == STATUSES


def test_jobs_are_listed_for_people_and_machines(command: Command, client: Client, page: Path) -> None:
    assert command("jobs", "list").stdout == ""
    ids = [client.submit(page, cache=False).id for _ in range(3)]
    for job_id in ids:
        client.wait(job_id)
    lines = command("jobs", "list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ids[::-1]
    assert "/extract_text" in lines[0] and "1 of 1 page " in lines[0]
    assert command("jobs", "list", "--ids", "--limit", "2").stdout.split() == ids[:0:-1]
    listed = json.loads(command("jobs", "list", "--json", "--status", "succeeded").stdout)
    assert [job["id"] for job in listed] == ids[::-1]
    assert command("jobs", "list", "--status", "failed").stdout == ""


def test_the_client_turns_the_pages_of_a_list(client: Client, page: Path) -> None:
    ids = [client.submit(page, cache=False).id for _ in range(3)]
    first = client.jobs(limit=2)
    assert [job.id for job in first.jobs] == ids[:0:-1]
    assert [job.id for job in client.jobs(cursor=first.next_cursor).jobs] == ids[:1]


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_async_client_lists_jobs(server: str, client: Client, page: Path) -> None:
    import asyncio

    job_id = client.submit(page).id

    async def listed() -> list[str]:
        async with AsyncClient(server) as asynchronous:
            return [job.id for job in (await asynchronous.jobs()).jobs]

    assert asyncio.run(listed()) == [job_id]


def test_several_jobs_are_cancelled_and_one_that_is_unknown_keeps_none_from_it(
    command: Command, client: Client, page: Path
) -> None:
    ids = [client.submit(page, cache=False).id for _ in range(2)]
    result = command("jobs", "cancel", ids[0], "nobody", ids[1])
    assert result.return_value == SOME_FAILED
    assert [line.split()[0] for line in result.stdout.splitlines() if not line.startswith(" ")] == ids
    assert "nobody" in result.stderr
    assert command("jobs", "cancel", *ids).return_value == OK
