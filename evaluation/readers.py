"""What is compared: the OLM pipeline in this process, without the queue, and RapidOCR as it comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.runner import ReadContext
from worker.confidence import document_confidence
from worker.page import PageImage

PAGE_BREAK = "\f"

Read = Callable[[Sequence[PageImage]], tuple[str, float]]
"""Pages to their text, form feeds between pages, and its confidence."""


@dataclass(frozen=True)
class Prediction:
    """A document as read, and what that cost.

    Attributes:
        file: As the manifest calls it.
        seconds: By the clock.
        cpu_seconds: Of this process, all its threads; decoding the file is not in it.
    """

    file: str
    text: str
    confidence: float
    pages: int
    seconds: float
    cpu_seconds: float


def timed(read: Read, name: str, pages: Sequence[PageImage]) -> Prediction:
    """Read a document's pages and measure."""
    clock, cpu = time.perf_counter(), time.process_time()
    text, confidence = read(pages)
    return Prediction(name, text, confidence, len(pages), time.perf_counter() - clock, time.process_time() - cpu)


def ours() -> Read:
    """Our OLM pipeline on the embedded engine."""
    from worker.engines.rapidocr import RapidOcrEngine
    from worker.pipelines.olm import OlmPipeline

    engine = RapidOcrEngine.load()
    pipeline = OlmPipeline(engine, engine)

    def read(pages: Sequence[PageImage]) -> tuple[str, float]:
        results = [pipeline.read_page(page, ReadContext()) for page in pages]
        confidence = document_confidence([(result.text, result.confidence) for result in results])
        return PAGE_BREAK.join(result.text for result in results), confidence

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

    def read(pages: Sequence[PageImage]) -> tuple[str, float]:
        results = [engine(page.pixels) for page in pages]
        scores = [float(score) for result in results for score in result.scores or ()]
        text = PAGE_BREAK.join("\n".join(result.txts or ()) for result in results)
        return text, sum(scores) / len(scores) if scores else 0.0

    return read


READERS: dict[str, Callable[[], Read]] = {"ours": ours, "rapidocr": rapidocr}
