"""Tests of a document's Markdown as olmOCR-bench has them: text that must be there or must not, order, cells."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rapidfuzz import fuzz

from evaluation.structure.parts import Part, parts_of
from evaluation.structure.teds import table_tree

ALLOWED_SHARE = 0.05
"""Of a text's characters that may differ; olmOCR-bench gives each of its tests a number of its own."""

SENTENCE = re.compile(r"[^.!?。！？]{30,120}[.!?。！？]")


@dataclass(frozen=True)
class UnitTest:
    """One test.

    Attributes:
        kind: ``order``: ``text`` stands before ``other``; ``table``: a cell with ``text`` has ``other`` beside or
            above it, ``side`` says where.
        text: What is looked for.
        other: The second text.
        side: ``left`` or ``up``, of a table's cell.
    """

    kind: Literal["present", "absent", "order", "table"]
    text: str
    other: str = ""
    side: Literal["left", "up"] = "left"


def tests_of(parts: Sequence[Part], most: int = 12) -> list[UnitTest]:
    """Tests that a truth gives: sentences, their order, neighbours in tables, running headers.

    Args:
        parts: In reading order.
        most: At most so many of each kind, spread over the document.
    """
    sentences_found = [found for part in parts if part.kind == "text" and (found := SENTENCE.search(part.text))]
    sentences = _spread([" ".join(found[0].split()) for found in sentences_found], most)
    tests = [UnitTest("present", text) for text in sentences]
    tests += [UnitTest("order", one, other) for one, other in zip(sentences, sentences[1:], strict=False)]
    tests += [UnitTest("absent", part.text) for part in parts if part.kind == "ignored" and len(part.text) > 3][:most]
    cells: list[UnitTest] = []
    for part in parts:
        if part.kind == "table":
            cells += _cell_tests(part.text)
    return tests + _spread(cells, most)


def passes(test: UnitTest, markdown: str) -> bool:
    """Whether a document's Markdown passes a test."""
    parts = parts_of(markdown)
    if test.kind == "table":
        return any(_has_cell(part.text, test) for part in parts if part.kind == "table")
    text = even("\n".join(re.sub(r"<[^>]+>", " ", part.text) for part in parts))
    first = _place(test.text, text)
    if test.kind == "absent":
        return first is None
    if test.kind == "present":
        return first is not None
    second = _place(test.other, text)
    return first is not None and second is not None and first < second


def even(text: str) -> str:
    """Text as it is compared: white runs are one space; quotation marks and dashes of one kind; no letter forms."""
    text = unicodedata.normalize("NFKC", text).translate(str.maketrans("‘’“”–—‐", "''\"\"---"))
    return " ".join(text.split())


def _place(expected: str, text: str) -> int | None:
    expected = even(expected)
    best = fuzz.partial_ratio_alignment(expected, text, score_cutoff=100 * (1 - ALLOWED_SHARE))
    return best.dest_start if best and len(text) >= len(expected) * (1 - ALLOWED_SHARE) else None


def _rows(html: str) -> list[list[str]]:
    """Cells by place; a cell stands at every place it spans."""
    grid: dict[tuple[int, int], str] = {}
    for row, node in enumerate(table_tree(html).children):
        column = 0
        for cell in node.children:
            while (row, column) in grid:
                column += 1
            for down in range(cell.spans[0]):
                for across in range(cell.spans[1]):
                    grid[row + down, column + across] = even(cell.text)
            column += cell.spans[1]
    if not grid:
        return []
    width, height = max(c for _, c in grid) + 1, max(r for r, _ in grid) + 1
    return [[grid.get((row, column), "") for column in range(width)] for row in range(height)]


def _cell_tests(html: str) -> list[UnitTest]:
    rows, tests = _rows(html), list[UnitTest]()
    flat = [text for row in rows for text in row]
    for row, texts in enumerate(rows):
        for column, text in enumerate(texts):
            if text and flat.count(text) == 1:
                if column and texts[column - 1]:
                    tests.append(UnitTest("table", text, texts[column - 1], "left"))
                if row and rows[row - 1][column]:
                    tests.append(UnitTest("table", text, rows[row - 1][column], "up"))
    return tests


def _has_cell(html: str, test: UnitTest) -> bool:
    rows = _rows(html)
    for row, texts in enumerate(rows):
        for column, text in enumerate(texts):
            beside = texts[column - 1] if test.side == "left" and column else ""
            above = rows[row - 1][column] if test.side == "up" and row else ""
            if _alike(text, test.text) and _alike(beside or above, test.other):
                return True
    return False


def _alike(one: str, other: str) -> bool:
    return fuzz.ratio(even(one), even(other)) >= 100 * (1 - 2 * ALLOWED_SHARE)


def _spread(items: list, most: int) -> list:  # type: ignore[type-arg]
    step = max(1, len(items) / most)
    return [items[int(index * step)] for index in range(min(most, len(items)))]
