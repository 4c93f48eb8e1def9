"""`ocrq up`: the embedded stack in the foreground."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from ocrq.cli.checkout import stack_module
from ocrq.cli.options import address_options, data_dir_option
from ocrq.exposure import check_exposure

_YES = frozenset({"1", "true", "t", "yes", "y", "on"})  # as the server's settings read it


@click.command()
@address_options("0 picks a free one and prints it.")
@click.option(
    "--workers",
    envvar="OCRQ_WORKERS",
    type=click.IntRange(min=1),
    help="Processes that read.  [default: one per processor, limited by memory]",
)
@data_dir_option
@click.option("--temporary", is_flag=True, hidden=True, help="A temporary data directory, removed at the end.")
def up(host: str, port: int, workers: int | None, data_dir: Path, temporary: bool) -> None:
    """Run the service on this machine: Redis, the API and the workers, until Ctrl-C.

    With REDIS_URL set, that Redis is used instead of an embedded one. A second Ctrl-C stops at once.
    """
    from rich.console import Console

    console = Console(stderr=True, highlight=False)

    def report(sentence: str) -> None:
        with contextlib.suppress(OSError):  # the terminal is gone
            style = "yellow" if sentence.lower().startswith("warning") else "dim"
            console.print(sentence, style=style, markup=False, soft_wrap=True)

    def announce(url: str) -> None:
        with contextlib.suppress(OSError):
            click.echo(f"ocrq is ready at {url}")
        report(f"try: ocrq read FILE --server {url}      (logs: {data_dir / 'logs'})")

    keys = os.environ.get("OCRQ_API_KEYS") or os.environ.get("OCRQ_API_KEYS_FILE")
    check_exposure(host, keys=bool(keys), accepted=os.environ.get("OCRQ_OPEN", "").lower() in _YES)
    stack = stack_module("embedded")
    with _directory(data_dir, temporary) as directory:
        options = stack.StackOptions(host, port, workers, directory, dict(os.environ), Path.cwd(), throwaway=temporary)
        stack.run_stack(options, report, announce)


@contextlib.contextmanager
def _directory(data_dir: Path, temporary: bool) -> Iterator[Path]:
    if not temporary:
        yield data_dir
        return
    made = Path(tempfile.mkdtemp(prefix="ocrq-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
