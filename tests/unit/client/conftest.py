"""The real API on a real port, as the command line's tests have it."""

from tests.unit.cli.conftest import backend, client, page, runner, server, three_pages

__all__ = ["backend", "client", "page", "runner", "server", "three_pages"]
