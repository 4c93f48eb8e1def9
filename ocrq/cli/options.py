"""Options that several commands share, and the server they lead to."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ocrq.cli.running import default_data_dir

F = TypeVar("F", bound=Callable[..., Any])


def server_options(command: F) -> F:
    """Add ``--server`` and ``--api-key``."""
    key = click.option("--api-key", envvar="OCRQ_API_KEY", help="That server's API key, if it needs one.")
    server = click.option(
        "--server", envvar="OCRQ_SERVER", metavar="URL", help="A running server, like http://127.0.0.1:8000."
    )
    return server(key(command))


def absolute(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Path:
    """A ``--data-dir`` as an absolute path; the default where none was given."""
    return Path(value).expanduser().absolute() if value else default_data_dir(os.environ)


def data_dir_option(command: F) -> F:
    """Add ``--data-dir``."""
    return click.option(
        "--data-dir",
        metavar="DIR",
        callback=absolute,
        help="Redis's files, documents and logs.  [default: $OCRQ_DATA_DIR, else $XDG_DATA_HOME/ocrq, else "
        "~/.local/share/ocrq]",
    )(command)


def address_options(port_help: str, *, hidden_host: bool = False) -> Callable[[F], F]:
    """Add ``--host`` and ``--port`` of the API."""
    host = click.option(
        "--host",
        envvar="OCRQ_HOST",
        default="127.0.0.1",
        show_default=True,
        hidden=hidden_host,
        help="Where the API listens.",
    )
    port = click.option(
        "--port",
        envvar=["PORT", "OCRQ_PORT"],
        type=click.IntRange(0, 65535),
        default=8000,
        show_default=True,
        help=port_help,
    )
    return lambda command: host(port(command))
