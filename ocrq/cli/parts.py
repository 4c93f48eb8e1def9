"""`ocrq api` and `ocrq worker`: one part in the foreground, against the Redis of REDIS_URL."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from ocrq.cli.checkout import find_checkout, stack_module
from ocrq.cli.options import address_options


@click.command()
@address_options("0 picks a free one.")
def api(host: str, port: int) -> None:
    """Run only the API, with the Redis of REDIS_URL."""
    _become("api", "app", "--host", host, "--port", str(port))


@click.command()
@click.option(
    "--pool",
    type=click.Choice(["cpu", "gpu", "all"]),
    envvar="OCRQ_POOL",
    default="cpu",
    show_default=True,
    help="Which queues to read.",
)
@click.option("--concurrency", type=click.IntRange(min=1), help="Processes that read.  [default: one per processor]")
def worker(pool: str, concurrency: int | None) -> None:
    """Run only a worker, with the Redis of REDIS_URL.

    A deployment also needs a control worker: `python -m worker.process.control`.
    """
    held_model = stack_module("environment").held_model
    count = concurrency or stack_module("machine").default_workers(held_model(os.environ))
    # What asks a server for its readings needs no torch itself.
    extra = "gpu" if pool == "gpu" and not os.environ.get("OCRQ_OPENAI_URL") else "cpu"
    _become(extra, "worker", "--pool", pool, "--concurrency", str(count))


def _become(extra: str, *module: str) -> None:
    server = stack_module("environment")
    server.check_extras(extra)
    environment = server.part_environment(os.environ)
    os.chdir(find_checkout(Path.cwd()))
    os.execve(sys.executable, [sys.executable, "-m", *module], environment)
