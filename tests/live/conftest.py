"""What tests with real connections share."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def _no_later_test_is_blamed_for_our_sockets() -> Iterator[None]:
    """Collect here what a module's clients leave.

    kombu and redis-py close connections when their clients are collected. They lie in cycles, of which Python may
    finalise the socket first, which then warns that nobody closed it: in whatever test happens to run.
    """
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
