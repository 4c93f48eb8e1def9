"""What is compared: our pipelines in this process, without the queue, and the programs people use instead."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ocrq.contracts.request import ROBUST_MIN_VARIANTS
from tasks.runner import ReadContext
from worker.page import PageImage
from worker.reading.confidence import document_confidence
from worker.reading.protocols import ReadMode

PAGE_BREAK = "\f"

Line = dict[str, Any]
"""``text``, ``confidence`` and ``box``, four corners in pixels of the page."""


@dataclass(frozen=True)
class Reading:
    """What a reader made of a document.

    Attributes:
        text: Form feeds between pages.
        confidence: 0 to 1.
        lines: Of the first page, where the reader tells them.
        rereads: Lines that were read more than once.
    """

    text: str
    confidence: float
    lines: tuple[Line, ...] = ()
    rereads: int = 0


Read = Callable[[Sequence[PageImage]], Reading]


@dataclass(frozen=True)
class Prediction:
    """A document as read, and what that cost.

    Attributes:
        file: As the manifest calls it.
        seconds: By the clock.
        cpu_seconds: Of this process and the programs it called, all threads; decoding the file is not in it.
    """

    file: str
    text: str
    confidence: float
    pages: int
    seconds: float
    cpu_seconds: float
    lines: tuple[Line, ...] = field(default=(), repr=False)
    rereads: int = 0


def timed(read: Read, name: str, pages: Sequence[PageImage]) -> Prediction:
    """Read a document's pages and measure."""
    clock, cpu = time.perf_counter(), _cpu_seconds()
    reading = read(pages)
    seconds, spent = time.perf_counter() - clock, _cpu_seconds() - cpu
    return Prediction(
        name, reading.text, reading.confidence, len(pages), seconds, spent, reading.lines, reading.rereads
    )


def ours(mode: ReadMode | None = None, model: str = "rapidocr") -> Read:
    """One of our pipelines on the embedded engine.

    Args:
        mode: How pages are read; None is OLM as it comes.
        model: By its listed name.
    """
    from worker.engines.ppocr.engine import ENGINES
    from worker.reading import pipeline_for

    engine = ENGINES[model].load()
    pipeline = pipeline_for(engine, mode or ReadMode(), lambda: engine)

    def read(pages: Sequence[PageImage]) -> Reading:
        reads = [one for page in pages for one in pipeline.read_pages([page], ReadContext())]
        results = [one.page for one in reads]
        confidence = document_confidence([(result.text, result.confidence) for result in results])
        lines = tuple({"text": line.text, "confidence": line.confidence, "box": line.box} for line in results[0].lines)
        text = PAGE_BREAK.join(result.text for result in results)
        return Reading(text, confidence, lines, sum(one.lines_reread for one in reads))

    return read


def rapidocr(threads: int | None = None) -> Read:
    """The rapidocr package with its defaults, on onnxruntime; its mean score is the confidence.

    Args:
        threads: Of onnxruntime; None is its default, one per core.
    """
    from rapidocr import RapidOCR

    params: dict[str, Any] = {"Global.log_level": "error"}
    if threads is not None:
        params["EngineConfig.onnxruntime.intra_op_num_threads"] = threads
    engine: Any = RapidOCR(params=params)

    def read(pages: Sequence[PageImage]) -> Reading:
        results = [engine(page.pixels) for page in pages]
        scores = [float(score) for result in results for score in result.scores or ()]
        first = results[0]
        lines = tuple(
            {"text": text, "confidence": float(score), "box": box.tolist()}
            for text, score, box in zip(
                first.txts or (), first.scores or (), first.boxes if first.txts else (), strict=True
            )
        )
        text = PAGE_BREAK.join("\n".join(result.txts or ()) for result in results)
        return Reading(text, sum(scores) / len(scores) if scores else 0.0, lines)

    return read


def tesseract() -> Read:
    """Tesseract as it comes; see :mod:`evaluation.tesseract`."""
    from evaluation.tesseract import read_pages

    return read_pages


READERS: dict[str, Callable[[], Read]] = {
    "olm": ours,
    "olm-preprocess": lambda: ours(ReadMode(preprocess=True)),
    "rolm": lambda: ours(ReadMode(robust=True, variants=ROBUST_MIN_VARIANTS)),
    "olm-tiny": lambda: ours(model="rapidocr-tiny"),
    "rapidocr": rapidocr,
    "tesseract": tesseract,
}
OURS = ("olm", "olm-preprocess", "rolm", "olm-tiny")


def _cpu_seconds() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
