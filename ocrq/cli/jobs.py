"""`ocrq jobs`: list jobs, look at one, wait for it, cancel it, try it again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING

import click

from ocrq.cli.exits import EXIT_CODES, OK, SOME_FAILED, code_for, complain
from ocrq.cli.options import server_options
from ocrq.errors import OcrqError, ServiceError

if TYPE_CHECKING:
    from ocrq.client import Client
    from ocrq.contracts import Batch, Job, JobStatus, JobSummary

STATUSES = ("queued", "running", "succeeded", "failed", "cancelled")  # the contract's, which is slow to import
_PAGE = 100  # jobs asked for at a time


@click.group(epilog=EXIT_CODES)
def jobs() -> None:
    """List, show, cancel and retry a server's jobs."""


@jobs.command()
@click.argument("job_id", metavar="ID")
@click.option("--wait", is_flag=True, help="Until it has ended.")
@click.option("--json", "as_json", is_flag=True, help="The server's JSON, with the result.")
@server_options
def show(job_id: str, wait: bool, as_json: bool, server: str | None, api_key: str | None) -> int:
    """Show the job or batch ID."""
    with server_client(server, api_key) as client:
        job = client.wait(job_id) if wait else client.job(job_id)
    return _print_job(job, as_json)


@jobs.command("list")
@click.option("--status", type=click.Choice(STATUSES), help="Only jobs of this status.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many at most.")
@click.option("--ids", is_flag=True, help="Ids alone, for `xargs ocrq jobs retry` and the like.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: a list of jobs.")
@server_options
def list_jobs(
    status: JobStatus | None, limit: int, ids: bool, as_json: bool, server: str | None, api_key: str | None
) -> int:
    """List your jobs, newest first."""
    with server_client(server, api_key) as client:
        found = list(islice(_newest(client, status, limit), limit))
    if as_json:
        click.echo(json.dumps([job.model_dump(mode="json") for job in found], indent=2, ensure_ascii=False))
        return OK
    for job in found:
        click.echo(job.id if ids else "\n".join(_lines(job, about=f"  {job.endpoint}")))
    return OK


def _newest(client: Client, status: JobStatus | None, limit: int) -> Iterator[JobSummary]:
    cursor = None
    while True:
        page = client.jobs(status, min(limit, _PAGE), cursor)
        yield from page.jobs
        cursor = page.next_cursor
        if cursor is None:
            return


@jobs.command()
@click.argument("job_ids", metavar="ID...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print the server's JSON.")
@server_options
def cancel(job_ids: tuple[str, ...], as_json: bool, server: str | None, api_key: str | None) -> int:
    """Cancel the jobs or batches ID; ended ones do not change."""
    with server_client(server, api_key) as client:
        return _each(job_ids, client.cancel, as_json)


@jobs.command()
@click.argument("job_ids", metavar="ID...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print the server's JSON.")
@server_options
def retry(job_ids: tuple[str, ...], as_json: bool, server: str | None, api_key: str | None) -> int:
    """Retry the failed jobs ID, under the same ids."""
    with server_client(server, api_key) as client:
        return _each(job_ids, client.retry, as_json)


def _each(job_ids: tuple[str, ...], do: Callable[[str], Job | Batch], as_json: bool) -> int:
    """Do it with each job; with several, one that it fails for does not keep the others from it."""
    code = OK
    for job_id in job_ids:
        try:
            _print_job(do(job_id), as_json)
        except OcrqError as error:
            if len(job_ids) == 1 or code_for(error) != SOME_FAILED:
                raise
            complain(error.detail, job_id)
            code = SOME_FAILED
    return code


@jobs.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON: a list of jobs.")
@server_options
def dead(as_json: bool, server: str | None, api_key: str | None) -> int:
    """List the jobs that crashed their workers, latest first."""
    with server_client(server, api_key) as client:
        found = client.dead()
    if as_json:
        click.echo(json.dumps([job.model_dump(mode="json") for job in found], indent=2, ensure_ascii=False))
    else:
        for job in found:
            click.echo("\n".join(_lines(job)))
    return OK


@contextmanager
def server_client(server: str | None, api_key: str | None) -> Iterator[Client]:
    """A client of the server that was named, or of the one that runs here."""
    from ocrq.cli.server import connected, known_server

    known = known_server(server)
    if known is None:
        raise ServiceError(
            "no server was given and none runs here; use --server URL or OCRQ_SERVER, or start `ocrq up`"
        )
    with connected(known, api_key) as client:
        yield client


def _print_job(job: Job | Batch, as_json: bool) -> int:
    if as_json:
        click.echo(job.model_dump_json(indent=2))
    else:
        click.echo("\n".join(_lines(job)))
    return SOME_FAILED if job.status == "failed" else OK


def _lines(job: Job | Batch | JobSummary, indent: str = "", about: str = "") -> Iterator[str]:
    from ocrq.contracts import Batch

    progress, done = job.progress, ""
    if progress.total is not None:
        done = f"  {progress.done} of {progress.total} {progress.unit}{'' if progress.total == 1 else 's'}"
    yield f"{indent}{job.id}  {job.status}{done}  created {job.created_at:%Y-%m-%d %H:%M:%S}{about}"
    if isinstance(job, Batch):
        for item in job.jobs:
            yield from _lines(item, indent + "  ")
        return
    if job.attempts > 1:
        yield f"{indent}  attempt {job.attempts}"
    if job.error:
        yield f"{indent}  {job.error.code}: {job.error.detail}"
