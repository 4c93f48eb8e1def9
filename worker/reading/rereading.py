"""Rereads lines of a document after its pages were read, with the same engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ocrq.contracts import Line, ReadRequest
from ocrq.contracts.result import Box
from tasks.runner import ReadContext
from worker.imaging.decode import Document
from worker.models.registry import Registry
from worker.reading import ReadMode, pipeline_for
from worker.reading.robust import RobustPipeline


@dataclass(frozen=True)
class Rereader:
    """Reads lines again in all variants; see :data:`worker.fields.reread.Reread`.

    Attributes:
        registry: The models.
        opened: The document.
        request: Has the model's name.
        mode: How the pages were read.
        served_by: The engines that read the pages; lines are reread by the same only.
        context: Of this read.
    """

    registry: Registry
    opened: Callable[[], Document]
    request: ReadRequest
    mode: ReadMode
    served_by: frozenset[str]
    context: ReadContext

    def __call__(self, wanted: Mapping[int, Sequence[Box]]) -> dict[int, list[Line]] | None:
        """Lines in the order of their boxes, by page; None where the engine is another one, or reads whole pages.

        Raises:
            ReadStopped: The job was cancelled, or its deadline has passed.
            ModelUnavailable: The model is no longer available here.
            ReadFailed: Nothing of a page could be read again.
        """
        with self.registry.using(self.request.model_name) as use:
            pipeline = pipeline_for(use.engine, self.mode, use.find_detector)
            if use.engine.info.name not in self.served_by or not isinstance(pipeline, RobustPipeline):
                return None
            lines: dict[int, list[Line]] = {}
            for number, boxes in wanted.items():
                quads = [np.array(box, np.float32) for box in boxes]
                lines[number] = pipeline.reread(self.opened().read_page(number), quads, self.context)
            for warning in use.warnings:
                self.context.warn(warning)
            return lines
