"""`ocrq doctor`: what is there, and what to do about what is not."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from ocrq.cli.checkout import Check, stack_module
from ocrq.cli.exits import OK, SOME_FAILED
from ocrq.cli.options import address_options, data_dir_option, server_options
from ocrq.cli.running import running_server
from ocrq.errors import ServiceError

_MARKS = {"ok": ("ok", "green"), "warning": ("warning", "yellow"), "failed": ("FAILED", "red")}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@address_options("The port to check.", hidden_host=True)
@data_dir_option
@server_options
def doctor(as_json: bool, host: str, port: int, data_dir: Path, server: str | None, api_key: str | None) -> int:
    """Check what works on this machine, and how to fix what does not.

    Exits with 1 if nothing can be read: neither by this machine, nor by a server that runs.
    """
    running = _server(server or running_server(data_dir), api_key)
    checks = [*_local_checks(data_dir, host, port), running]
    can_read = bool(running.status == "ok") or not any(check.status == "failed" for check in checks)
    if as_json:
        document = {"can_read": can_read, "checks": [asdict(check) for check in checks]}
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        _show(checks, can_read)
    return OK if can_read else SOME_FAILED


def _local_checks(data_dir: Path, host: str, port: int) -> list[Check]:
    try:
        return list(stack_module("checks").local_checks(os.environ, data_dir, host, port))
    except ServiceError as error:  # the wheel alone is installed
        return [Check("server code", "failed", "not here", error.detail)]


def _server(url: str | None, api_key: str | None) -> Check:
    from ocrq.client import Client, Retries
    from ocrq.errors import OcrqError

    if url is None:
        return Check("server", "warning", "none was given, and none runs here", "`ocrq up` starts one")
    try:
        with Client(url, api_key, timeout=5.0, retries=Retries(attempts=1)) as client:
            health = client.health()
    except OcrqError as error:
        return Check("server", "failed", f"{url}: {error.detail}", "start it, or correct the address")
    workers = f"{health.workers} worker{'' if health.workers == 1 else 's'}"
    found = f"{url} is {health.status}; {workers}, models: {', '.join(health.models_loaded) or 'none'}"
    return Check("server", "failed" if health.status == "unhealthy" else "ok", found, "; ".join(health.reasons))


def _show(checks: Sequence[Check], can_read: bool) -> None:
    for check in checks:
        word, colour = _MARKS[check.status]
        click.echo(f"{click.style(f'{word:8}', fg=colour)} {check.subject:16} {check.found}")
        if check.remedy:
            click.echo(f"{'':25} → {check.remedy}")
    click.echo("documents can be read here" if can_read else "no document can be read here; fix what FAILED above")
