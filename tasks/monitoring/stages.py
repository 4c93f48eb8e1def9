"""Where a read's time goes: decode, detect, recognise, layout, fields, render; as counters, and as spans of traces."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from tasks.monitoring.counters import COUNTERS
from tasks.monitoring.tracing import span

Stage = Literal["decode", "detect", "recognise", "layout", "fields", "render"]

_running = threading.local()


@contextmanager
def stage(name: Stage) -> Iterator[None]:
    """Count the seconds of a block; those of a stage within it are counted for that stage alone."""
    outer: list[float] = _running.__dict__.setdefault("inner", [])
    outer.append(0.0)
    began = time.perf_counter()
    try:
        with span(name):
            yield
    finally:
        took = time.perf_counter() - began
        inner = outer.pop()
        if outer:
            outer[-1] += took
        COUNTERS.add("stage_seconds", took - inner, stage=name)
