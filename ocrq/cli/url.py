"""`ocrq url`: where the stack that runs here is, for services that call it by Celery or HTTP."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ocrq.cli.options import data_dir_option
from ocrq.errors import ServiceError


@click.command()
@click.option("--api", is_flag=True, help="Print the API's URL instead.")
@data_dir_option
def url(api: bool, data_dir: Path) -> None:
    """Print the Redis URL, with its password, of the `ocrq up` that runs here: the broker of your own services."""
    from ocrq.cli.running import running_server

    running = running_server(data_dir)
    if running is None:
        raise ServiceError(f"no `ocrq up` runs on {data_dir}; start one, or name its data directory with --data-dir")
    redis = os.environ.get("REDIS_URL") or (data_dir / "redis" / "url").read_text().strip()
    click.echo(running if api else redis)
