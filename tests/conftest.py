"""What every test shares: what to do where a service is missing, and that no process outlives the tests."""

from __future__ import annotations

import os
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import psutil
import pytest
from PIL import Image

from tests.models_cache import MODELS_CACHE

TESTS = Path(__file__).parent
RUN_MARK = "OCRQ_TEST_RUN"  # in the environment of every process the tests start, however it is detached
GRACE_SECONDS = 5.0  # how long a stopped process may take to be gone

os.environ.setdefault("OCRQ_MODELS_CACHE", str(MODELS_CACHE))

# A shell that starts us in the background has us ignore SIGINT; what we start would inherit it, and Ctrl-C has to work.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


# Files that take minutes begin first, so that at the end no core waits for one of them.
LONG_FIRST = (
    "packaging/test_gpu_image.py",
    "packaging/test_images.py",
    "live/faults/",
    "live/",
    "browser/",
    "packaging/",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the files, which --no-loadscope-reorder keeps; within a rank they stay as they were shuffled."""
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    path = item.path.relative_to(TESTS).as_posix()
    return next((rank for rank, start in enumerate(LONG_FIRST) if path.startswith(start)), len(LONG_FIRST))


@pytest.fixture(scope="session")
def missing() -> Callable[[str], NoReturn]:
    """Call it with what is missing and the remedy: skips here, fails in CI, where everything has to be there."""

    def give_up(what: str) -> NoReturn:
        if os.environ.get("CI"):
            pytest.fail(f"missing in CI: {what}")
        pytest.skip(what)

    return give_up


@pytest.fixture(autouse=True)
def _pictures_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decoding in this process leaves its bound on a picture's pixels to Pillow, and drawing text asks it."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)


@pytest.fixture(scope="session", autouse=True)
def _no_process_outlives_the_tests() -> Iterator[None]:
    mark = uuid.uuid4().hex
    os.environ[RUN_MARK] = mark
    yield
    deadline = time.monotonic() + GRACE_SECONDS
    while (left := _started_by(mark)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not left, "processes the tests left behind: " + "; ".join(left)


def _started_by(mark: str) -> list[str]:
    """The living processes, other than this one, that carry the mark."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid == os.getpid() or process.environ().get(RUN_MARK) != mark:
                continue
            command = " ".join(process.cmdline())
            if process.status() != psutil.STATUS_ZOMBIE and "multiprocessing.resource_tracker" not in command:
                found.append(f"{process.pid} {command[:120]}")
        except psutil.Error:  # gone meanwhile, or another user's
            continue
    return found
