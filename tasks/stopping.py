"""How a read is stopped: by one exception that ``except Exception`` does not catch, translated at the edges."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ocrq.errors import OcrqError


class ReadStopped(BaseException):
    """The read ends here: its job was cancelled, its deadline has passed, or its process cannot go on.

    It derives from BaseException, so code that handles the failure of a page, a variant or a model does not handle it.
    Whatever calls a Runner translates it with :func:`stops_reported`; it never reaches Celery, Flask or RunPod.

    Args:
        error: Reported to the caller.
    """

    def __init__(self, error: OcrqError) -> None:
        super().__init__(error.detail)
        self.error = error


@contextmanager
def stops_reported() -> Iterator[None]:
    """Raise the reported error in the place of a stop; around a block, or as the decorator of a function."""
    try:
        yield
    except ReadStopped as stop:
        raise stop.error from stop
