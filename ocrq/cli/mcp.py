"""`ocrq mcp`: documents for agents, over standard input and output."""

from __future__ import annotations

import sys

import click

from ocrq.cli.options import server_options
from ocrq.errors import ServiceError


@click.command()
@server_options
def mcp(server: str | None, api_key: str | None) -> None:
    """Serve the Model Context Protocol on standard input and output: read, extract, status.

    Uses the server of --server or OCRQ_SERVER, else the `ocrq up` that runs here.
    """
    from ocrq.cli.server import known_server

    try:
        from ocrq.mcp import make_server
    except ImportError:
        raise ServiceError("`ocrq mcp` needs the package mcp; in the checkout: pip install -e '.[mcp]'") from None
    from ocrq.client import AsyncClient

    known = known_server(server)
    if known is None:
        raise ServiceError(
            "no server was given and none runs here; use --server URL or OCRQ_SERVER, or start `ocrq up`"
        )
    make_server(AsyncClient(known, api_key)).run("stdio")
    sys.stdout = sys.stderr  # the protocol's end has closed it, and the command line flushes it
