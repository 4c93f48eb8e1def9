"""Pages drawn as text for the tests: a line a row, columns set by where they stand in the text."""

from __future__ import annotations

import re
from typing import Any

from ocrq.contracts import FieldEvidence, Line, Page, Word
from ocrq.contracts.result import Box
from tasks.documents.schemas import prepared
from worker.fields.extract import Extraction, extract

CHARACTER, PITCH, HEIGHT = 10.0, 30.0, 20.0


def page_of(text: str, confidence: float = 0.99, number: int = 1) -> Page:
    """A page whose lines stand as in the text; two spaces or more part the lines of a row."""
    rows = [row for row in text.strip("\n").splitlines()]
    lines = [
        _line(match[0], match.start(), place, confidence)
        for place, row in enumerate(rows)
        for match in re.finditer(r"\S+(?: \S+)*", row)
    ]
    return Page(page=number, width=2000, height=2000, text=text, confidence=confidence, lines=lines)


def _line(text: str, column: int, row: int, confidence: float) -> Line:
    words = [
        Word(text=match[0], confidence=confidence, box=_box(column + match.start(), column + match.end(), row))
        for match in re.finditer(r"\S+", text)
    ]
    return Line(text=text, confidence=confidence, box=_box(column, column + len(text), row), words=words)


def _box(first: int, after: int, row: int) -> Box:
    left, right, top = first * CHARACTER, after * CHARACTER, row * PITCH
    return ((left, top), (right, top), (right, top + HEIGHT), (left, top + HEIGHT))


def read(text: str, schema: dict[str, Any], dayfirst: bool | None = None) -> Extraction:
    return extract([page_of(text)], prepared(schema), dayfirst)


def ask(text: str, name: str, kind: str | dict[str, Any] = "string", dayfirst: bool | None = None) -> FieldEvidence:
    """One field of a text."""
    return read(text, {name: kind}, dayfirst).fields[name]
