"""Where a value stands: its text, page and box."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ocrq.contracts import FieldEvidence
from ocrq.contracts.result import Box
from worker.fields.candidate import Candidate
from worker.fields.layout_page import LayoutPage


def evidence(layout: LayoutPage, candidate: Candidate, value: Any, confidence: float) -> FieldEvidence:
    """The answer of a field with the place it was read at."""
    boxes = boxes_of(layout, candidate)
    return FieldEvidence(
        value=value,
        confidence=confidence,
        text=candidate.text(layout),
        page=layout.lines[candidate.first.line].page,
        box=_around(boxes),
        boxes=boxes if len(boxes) > 1 else None,
    )


def missing(reason: str) -> FieldEvidence:
    """The answer of a field that was not found."""
    return FieldEvidence(value=None, confidence=0.0, reason=reason)


def boxes_of(layout: LayoutPage, candidate: Candidate) -> list[Box]:
    """The box of each of a value's stretches; none where the reader gave none."""
    boxes = (layout.lines[span.line].box(span.start, span.end) for span in candidate.spans)
    return [box for box in boxes if box is not None]


def _around(boxes: Sequence[Box]) -> Box | None:
    """The box of a value; the upright hull where it stands on several lines; None where the reader gave none."""
    if len(boxes) <= 1:
        return boxes[0] if boxes else None
    xs = [x for box in boxes for x, _ in box]
    ys = [y for box in boxes for _, y in box]
    return ((min(xs), min(ys)), (max(xs), min(ys)), (max(xs), max(ys)), (min(xs), max(ys)))
