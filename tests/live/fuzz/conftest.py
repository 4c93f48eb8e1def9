"""A whole stack on the fake engine, whose documents are decoded for real, with the API before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.live.processes import Parts, serving


@dataclass
class Served:
    """The parts and the API's address."""

    parts: Parts
    url: str

    def reading_processes(self) -> set[int]:
        """Pids of the reading children."""
        with self.parts.client() as client:
            return {int(name.decode().rpartition(":")[2]) for name in client.zrange("ocrq:beats", 0, -1)}


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    with serving() as (parts, url):
        yield Served(parts, url)
