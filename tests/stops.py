"""A read that is stopped, as engines and pipelines show it: the edges, which translate it, are not reached."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ocrq.errors import OcrqError
from tasks.stopping import ReadStopped


@contextmanager
def stops(error: type[OcrqError]) -> Iterator[None]:
    """The block is stopped, and this is what will be reported."""
    with pytest.raises(ReadStopped) as stopped:
        yield
    assert type(stopped.value.error) is error
