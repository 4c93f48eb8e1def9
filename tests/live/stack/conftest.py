"""Starts `ocrq up` for a test, and ends it after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.live.stack.running import Up


@pytest.fixture
def start_up(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    started: list[Up] = []

    def start(*arguments: str, data: str = "data", **settings: str) -> Up:
        started.append(Up(tmp_path / data, arguments, **settings))
        return started[-1]

    yield start
    for up in started:
        up.end()
