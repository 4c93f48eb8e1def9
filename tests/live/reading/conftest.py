"""The stack as users start it, with the real reader, shared by all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.stack.running import Up


@pytest.fixture(scope="session")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    up = Up(tmp_path_factory.mktemp("up") / "data", ("--workers", "2"), OCRQ_MODEL="rapidocr")
    try:
        yield up
    finally:
        up.end()
