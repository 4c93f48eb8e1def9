"""A whole stack on the fake engine, whose documents are decoded for real, with the API before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.live.processes import Parts, free_port


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
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    parts = Parts(tmp_path_factory.mktemp("fuzz") / "parts")
    try:
        parts.start(workers=1, concurrency=2)
        port = free_port()
        parts.add_api(port)
        yield Served(parts, f"http://127.0.0.1:{port}")
    finally:
        parts.end()
