"""The pipelines that read pages, one per file, chosen by the engine's info and the caller's request."""

from __future__ import annotations

from collections.abc import Callable

from worker.engines.protocols import Engine, LineEngine, finds_lines, reads_lines, reads_pages
from worker.reading.protocols import PageRead, Pipeline, ReadMode

__all__ = ["PageRead", "Pipeline", "ReadMode", "pipeline_for"]


def pipeline_for(engine: Engine, mode: ReadMode, find_detector: Callable[[], LineEngine]) -> Pipeline:
    """The pipeline that reads with an engine as the caller asked.

    Args:
        engine: Reads.
        mode: How the caller wants pages read.
        find_detector: The detector for engines that find no lines; loaded when called.

    Raises:
        ModelUnavailable: No detector can be loaded here.
    """
    if reads_pages(engine):
        from worker.reading.whole_page import WholePagePipeline

        return WholePagePipeline(engine, mode, find_detector)
    assert reads_lines(engine)
    detector = engine if finds_lines(engine) else find_detector()
    if mode.robust:
        from worker.reading.robust import RobustPipeline

        return RobustPipeline(detector, engine, mode)
    from worker.reading.plain import PlainPipeline

    return PlainPipeline(detector, engine, mode.preprocess)
