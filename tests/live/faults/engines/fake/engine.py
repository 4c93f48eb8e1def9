"""A faulty engine in the place of the fake one: the width of the page in pixels says what goes wrong."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from tasks.runner import ReadContext
from tasks.settings import Settings
from worker.engines.info import EngineInfo
from worker.engines.protocols import PageReader
from worker.page import PageImage, PageReading

KILL_CHILD = 101
KILL_PARENT = 102
RAISE = 103
SLOW = 104  # a second, told to stop at any time
DEAF = 105  # four seconds, deaf to being told to stop
SLEEP = 106  # a tenth of a second
LEAK = 107  # 60 MB, never given back
LONG = 108  # ten seconds, told to stop at any time
FREEZE = 109  # the first to read it freezes and then has read something else; the next takes three seconds
IGNORE = 110  # sleeps for ten minutes, deaf to being told to stop
HANG = 111  # holds the interpreter in a loop of C: no thread of the process runs any more

_leaked: list[bytearray] = []


class FaultyEngine(PageReader):
    info = EngineInfo("fake/faulty", reads="pages", gives_boxes=True)

    def read(self, pages: Sequence[PageImage], prompt: str | None, context: ReadContext) -> list[PageReading]:
        return [self._read(page, context) for page in pages]

    def _read(self, page: PageImage, context: ReadContext) -> PageReading:
        match page.width:
            case 101:
                os.kill(os.getpid(), signal.SIGKILL)
            case 102:
                os.kill(os.getppid(), signal.SIGKILL)
                time.sleep(10)
            case 103:
                raise RuntimeError("the engine broke: /secret/path")
            case 104:
                _work(1, context)
            case 105:
                time.sleep(4)
            case 106:
                time.sleep(0.1)
            case 107:
                _leaked.append(bytearray(os.urandom(1)) * 60_000_000)
            case 108:
                _work(10, context)
            case 109:
                if _first():
                    os.kill(os.getpid(), signal.SIGSTOP)
                    return PageReading(text="read by the frozen one", probability=0.9)
                _work(3, context)
            case 110:
                time.sleep(600)
            case 111:
                re.match("(a+)+$", "a" * 60 + "b")
        return PageReading(text=f"page {page.number}", probability=0.9)


def _work(seconds: float, context: ReadContext) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        time.sleep(0.05)
        context.check()


def _first() -> bool:
    """Whether no process of this test has been here before."""
    try:
        Path(os.environ["FAULTY_MARK"]).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def load(model: str, settings: Settings) -> FaultyEngine:
    # A model that takes long to load, or that cannot be loaded, is a setting of the test. Celery gives the first
    # children all the time they want, and so they need none here.
    if "FAULTY_LOAD_SECONDS" in os.environ and not _first():
        time.sleep(float(os.environ["FAULTY_LOAD_SECONDS"]))
    if os.environ.get("FAULTY_LOAD"):
        raise RuntimeError("the model is broken")
    return FaultyEngine()
