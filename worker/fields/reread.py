"""Reading the lines again whose fields contradict each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ocrq.contracts import FieldEvidence, Line, Page
from ocrq.contracts.result import Box
from worker.fields.checks import Check, checked, checks
from worker.fields.extract import Extraction

MOST_LINES = 20
"""Lines of a document read again, the least sure first: ten readings each cost what a page of 200 lines does."""

Reread = Callable[[Mapping[int, Sequence[Box]]], Mapping[int, Sequence[Line]] | None]
"""Reads lines again: page numbers with their lines' boxes to as many lines; None where the engine reads whole pages."""


@dataclass(frozen=True)
class RereadExtraction:
    """What came of reading again.

    Attributes:
        answers: Checked against each other.
        pages: That they stand on.
        lines: How many were read again.
    """

    answers: Extraction
    pages: Sequence[Page]
    lines: int = 0


def reread_contradicting(
    answers: Extraction, pages: Sequence[Page], extract: Callable[[Sequence[Page]], Extraction], reread: Reread
) -> RereadExtraction:
    """Check the fields; where a check fails, read its lines again, once, and keep what makes fewer checks fail.

    Args:
        answers: Not yet checked.
        pages: That they were found on.
        extract: Finds the answers on pages.
        reread: Reads lines; what it raises is passed on.

    Returns:
        The answers with the confidence that the checks leave them; ``reason`` tells what was read again, and why.
    """
    before = checks(answers)
    wrong = [check for check in before if not check.holds]
    doubtful = _lines_of(wrong, answers, pages)
    read = reread({number: [box for _, box in lines] for number, lines in doubtful.items()}) if doubtful else None
    if read is None:
        return RereadExtraction(checked(answers), pages)
    count = sum(map(len, doubtful.values()))
    places = {number: [place for place, _ in lines] for number, lines in doubtful.items()}
    others = [_with_lines(page, places.get(page.page, ()), read.get(page.page, ())) for page in pages]
    if others == list(pages):
        return RereadExtraction(_in_vain(answers, wrong, "read again with the same result"), pages, count)
    again = extract(others)
    after = checks(again)
    if len(after) < len(before) or sum(not check.holds for check in after) >= len(wrong):
        return RereadExtraction(_in_vain(answers, wrong, "read again, which did not help"), pages, count)
    return RereadExtraction(_corrected(answers, checked(again), wrong), others, count)


def _lines_of(wrong: Sequence[Check], answers: Extraction, pages: Sequence[Page]) -> dict[int, list[tuple[int, Box]]]:
    """The places and boxes of the lines, by page, that the fields of failed checks stand on."""
    fields = [answers.fields[name] for name in dict.fromkeys(name for check in wrong for name in check.names)]
    found = [
        (line.confidence, page.page, place, line.box)
        for page in pages
        for place, line in enumerate(page.lines)
        if line.box and any(field.page == page.page and _holds(line.box, field.box) for field in fields)
    ]
    result: dict[int, list[tuple[int, Box]]] = {}
    for _, number, place, box in sorted(found)[:MOST_LINES]:
        result.setdefault(number, []).append((place, box))
    return result


def _holds(line: Box, field: Box | None) -> bool:
    """Whether a field stands on a line: one's middle lies within the other, for a field may take several lines."""
    return field is not None and (_within(field, line) or _within(line, field))


def _within(inner: Box, outer: Box) -> bool:
    x, y = np.mean(inner, axis=0)
    return cv2.pointPolygonTest(np.array(outer, np.float32), (float(x), float(y)), False) >= 0


def _with_lines(page: Page, places: Sequence[int], read: Sequence[Line]) -> Page:
    """The page with the lines that read otherwise now; empty ones change nothing."""
    lines, text = list(page.lines), page.text
    for place, line in zip(places, read, strict=True):
        old = lines[place].text
        if line.text and line.text != old:
            lines[place] = line
            text = text.replace(old, line.text) if text.count(old) == 1 else text
    return page.model_copy(update={"lines": lines, "text": text}) if lines != page.lines else page


def _in_vain(answers: Extraction, wrong: Sequence[Check], note: str) -> Extraction:
    names = {name for check in wrong for name in check.names}
    judged = checked(answers)
    fields = {name: _adding(field, note) if name in names else field for name, field in judged.fields.items()}
    return replace(judged, fields=fields)


def _corrected(first: Extraction, again: Extraction, wrong: Sequence[Check]) -> Extraction:
    """The answers after reading again; those that have another value now say why it was done."""
    fields = dict(again.fields)
    for name, field in fields.items():
        old = first.fields.get(name)
        if old is None or old.value != field.value:
            because = next((check.message for check in wrong if name in check.names), wrong[0].message)
            fields[name] = _adding(field, f"read again because {because}")
    return replace(again, fields=fields)


def _adding(field: FieldEvidence, note: str) -> FieldEvidence:
    return field.model_copy(update={"reason": f"{field.reason}; {note}" if field.reason else note})
