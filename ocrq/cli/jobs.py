"""`ocrq jobs`: look at a job, wait for it, cancel it, try it again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from ocrq.cli.exits import EXIT_CODES, OK, SOME_FAILED
from ocrq.cli.options import server_options
from ocrq.errors import ServiceError

if TYPE_CHECKING:
    from ocrq.client import Client
    from ocrq.contracts import Batch, Job


@click.group(epilog=EXIT_CODES)
def jobs() -> None:
    """Look at a server's jobs, cancel them, or try them again."""


@jobs.command()
@click.argument("job_id", metavar="ID")
@click.option("--wait", is_flag=True, help="Until it has ended.")
@click.option("--json", "as_json", is_flag=True, help="The server's JSON, with the result.")
@server_options
def show(job_id: str, wait: bool, as_json: bool, server: str | None, api_key: str | None) -> int:
    """Show the job or batch ID."""
    with server_client(server, api_key) as client:
        job = client.wait(job_id) if wait else client.job(job_id)
    return _told(job, as_json)


@jobs.command()
@click.argument("job_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="As the server has it.")
@server_options
def cancel(job_id: str, as_json: bool, server: str | None, api_key: str | None) -> int:
    """Cancel the job or batch ID; one that has ended stays as it is."""
    with server_client(server, api_key) as client:
        job = client.cancel(job_id)
    _told(job, as_json)
    return OK


@jobs.command()
@click.argument("job_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="As the server has it.")
@server_options
def retry(job_id: str, as_json: bool, server: str | None, api_key: str | None) -> int:
    """Try the failed job ID again, under the same id."""
    with server_client(server, api_key) as client:
        job = client.retry(job_id)
    _told(job, as_json)
    return OK


@jobs.command()
@click.option("--json", "as_json", is_flag=True, help="As a list of jobs.")
@server_options
def dead(as_json: bool, server: str | None, api_key: str | None) -> int:
    """List the jobs whose workers died on them, the latest first."""
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


def _told(job: Job | Batch, as_json: bool) -> int:
    if as_json:
        click.echo(job.model_dump_json(indent=2))
    else:
        click.echo("\n".join(_lines(job)))
    return SOME_FAILED if job.status == "failed" else OK


def _lines(job: Job | Batch, indent: str = "") -> Iterator[str]:
    from ocrq.contracts import Batch

    total = "?" if job.progress.total is None else job.progress.total
    done = f"{job.progress.done} of {total} {job.progress.unit}s"
    yield f"{indent}{job.id}  {job.status}  {done}  created {job.created_at:%Y-%m-%d %H:%M:%S}"
    if isinstance(job, Batch):
        for item in job.jobs:
            yield from _lines(item, indent + "  ")
        return
    if job.attempts > 1:
        yield f"{indent}  attempt {job.attempts}"
    if job.error:
        yield f"{indent}  {job.error.code}: {job.error.detail}"
