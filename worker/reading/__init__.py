"""How pages are read: one pipeline a file, chosen here by what the engine can do and the caller asked for."""

from __future__ import annotations

from collections.abc import Callable

from worker.engines.protocols import Engine, LineEngine, finds_lines, reads_lines, reads_pages
from worker.reading.protocols import PageRead, Pipeline, ReadMode

__all__ = ["PageRead", "Pipeline", "ReadMode", "pipeline_for"]


def pipeline_for(engine: Engine, mode: ReadMode, find_detector: Callable[[], LineEngine]) -> Pipeline:
    """The pipeline that reads with an engine as the caller asked.

    Args:
        engine: What reads.
        mode: How.
        find_detector: The detector for engines that read lines and find none; loaded when asked for.

    Raises:
        ModelUnavailable: No detector can be loaded here.
    """
    if reads_pages(engine):
        from worker.reading.whole_page import WholePagePipeline

        return WholePagePipeline(engine, mode, find_detector)
    assert reads_lines(engine)
    detector = engine if finds_lines(engine) else find_detector()
    if mode.robust:
        from worker.reading.robust import RolmPipeline

        return RolmPipeline(detector, engine, mode)
    from worker.reading.plain import OlmPipeline

    return OlmPipeline(detector, engine, mode.preprocess)
