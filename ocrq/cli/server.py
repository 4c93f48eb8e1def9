"""Which server a command talks to: the one given, the one that runs here, or one of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ocrq.cli.checkout import stack_module
from ocrq.cli.running import default_data_dir, running_server

if TYPE_CHECKING:
    from ocrq.client import Client

_PROBE_SECONDS = 10.0  # across the world and through a proxy; a server nearby answers in milliseconds


def known_server(server: str | None) -> str | None:
    """The server given, else the ``ocrq up`` that runs on this user's data directory, else None."""
    return server or running_server(default_data_dir(os.environ))


@contextmanager
def connected(server: str, api_key: str | None) -> Iterator[Client]:
    """A client of a server that answers.

    Raises:
        ServerUnreachable: It does not, tried once: a wrong address should be reported at once.
    """
    from ocrq.client import Client, Retries

    with Client(server, api_key) as client:
        with Client(server, api_key, timeout=_PROBE_SECONDS, retries=Retries(attempts=1)) as once:
            once.health()
        yield client


@contextmanager
def server_for_reading(server: str | None, api_key: str | None, report: Callable[[str], None]) -> Iterator[Client]:
    """A client of the known server, else of a private one that is started for it and stopped after.

    Raises:
        ServiceError: Neither could be had.
    """
    known = known_server(server)
    if known:
        with connected(known, api_key) as client:
            yield client
        return
    from ocrq.client import Client

    private_stack = stack_module("private").private_stack
    report("starting a server for this command (a running `ocrq up` is faster) …")
    with private_stack(os.environ) as url, Client(url) as client:
        yield client
