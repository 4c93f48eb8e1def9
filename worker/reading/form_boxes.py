"""Checkboxes and comb fields of a page: a mark before or after a label, and the value of a row of cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tasks.runner import ReadContext
from worker.engines.protocols import LineReader
from worker.geometry import Bounds
from worker.imaging.crop import quad_size
from worker.imaging.form_boxes import find_form_boxes
from worker.layout.text import BOX_CHECKED, BOX_EMPTY
from worker.layout.text_features import FIRST_CHINESE
from worker.page import LineReading
from worker.reading.comb_fields import Line, around, bounds_of, holds, quad_of, with_comb
from worker.reading.orientation import OrientedReading

LABEL_GAP = 1.8
"""Between a checkbox and its label, in sides of the box; what is further away stands in a column of its own."""

IN_WORD = 0.25
"""Between a box and the letters on both sides, in widths of the box; what is nearer is a letter of their word."""

SMALL, IN_LETTER = 0.5, 0.4
"""Height of a box in heights of its line below which it may be a letter's hole, and share of its width within a letter
that shows one."""

MARK_SURE = 0.95
"""Probability of a checkbox's state."""

CROSS = "X"
CROSSED = frozenset("xX×✗✘☒冈区凶図")
"""What a reader may make of a cross in a box, or of both."""

LETTERS_IN_BOX = CROSSED | frozenset("√✓✔vV☑☐□口回囗■/\\-")
"""What a reader may make of a checkbox or of what is in it; a box with anything else is not one."""

LETTER_SURE = 0.95
"""Probability from which what a reader takes for a Chinese character beside others is one, and not a box like it: it
gave 口 and 回 of prose .98 to 1, boxes in such lines .53 to .91, and those as □ and ☑."""

GLYPHS = {"□": BOX_EMPTY, "口": BOX_EMPTY, "冈": BOX_CHECKED, "☒": BOX_CHECKED}
"""Printed boxes, as a reader may take them."""


def with_form_boxes(page: OrientedReading, reader: LineReader, context: ReadContext) -> OrientedReading:
    """The page with marks for its checkboxes and one line for each comb field.

    Args:
        page: With its lines read.
        reader: Reads comb fields.
        context: Of this read.

    Raises:
        ReadStopped: The job was cancelled, or its deadline has passed.
    """
    if not page.quads:
        return page
    height = float(np.median([quad_size(quad)[1] for quad in page.quads]))
    boxes = find_form_boxes(page.pixels, height)
    readings = tuple(map(_with_glyph, page.readings))
    if not boxes.checkboxes and not boxes.combs:
        return page if readings == page.readings else replace(page, readings=readings)
    lines: list[Line] = list(zip(page.quads, readings, strict=True))
    for cells in boxes.combs:
        lines = with_comb(page.pixels, lines, cells, reader, context)
    lines = _with_marks(lines, boxes.checkboxes)
    inside = [cell for cell, _ in boxes.checkboxes] + [around(cells) for cells in boxes.combs]
    dropped = tuple(line for line in page.dropped if not any(holds(cell, line.quad) for cell in inside))
    return replace(
        page, quads=tuple(quad for quad, _ in lines), readings=tuple(reading for _, reading in lines), dropped=dropped
    )


def _with_glyph(reading: LineReading) -> LineReading:
    """The line with a printed box before Latin text as what it is, and not as the Chinese character like it."""
    mark, rest = reading.text[:1], reading.text[1:]
    if mark not in GLYPHS or not rest.strip().isascii() or not any(map(str.isalpha, rest)):
        return reading
    return replace(reading, text=GLYPHS[mark] + rest)


def _with_marks(lines: list[Line], checkboxes: Sequence[tuple[Bounds, bool]]) -> list[Line]:
    """The lines with a mark at the place of each checkbox; a page's only one, empty and without a label, is none."""
    lines = list(lines)
    apart: list[tuple[Bounds, bool, str]] = []
    for cell, checked in checkboxes:
        inside = [index for index, (quad, _) in enumerate(lines) if holds(cell, quad)]
        content = "".join(lines[index][1].text for index in inside).strip()
        if set(content) - LETTERS_IN_BOX:
            continue
        others = [line for index, line in enumerate(lines) if index not in inside]
        label = _label_of(others, cell)
        if label is None:
            if not any(_may_be_hole(line, cell) for line in others):
                apart.append((cell, checked, content))
                lines = others
            continue
        marked = _marked(others[label], cell, checked)
        if marked is not None:
            lines = [*others[:label], marked, *others[label + 1 :]]
    is_crossed = any(checked and content and CROSSED.issuperset(content) for _, checked, content in apart)
    for cell, checked, _ in apart:
        # Among crosses an empty box says nothing, and alone on a page it is part of a picture.
        if _has_row(lines, cell) and (checked or not is_crossed and len(checkboxes) > 1):
            mark = (CROSS if is_crossed else BOX_CHECKED) if checked else BOX_EMPTY
            lines.append((quad_of(cell), LineReading(mark, (MARK_SURE,), ((0.0, 1.0),))))
    return lines


def _may_be_hole(line: Line, cell: Bounds) -> bool:
    """Whether a box is as small as a letter's hole and inside a line of which nobody knows where its letters are."""
    left, top, right, bottom = bounds_of(line[0])
    inside = left <= cell.left and cell.right <= right and top <= cell.middle <= bottom
    return inside and not line[1].spans and cell.height < SMALL * (bottom - top)


def _has_row(lines: Sequence[Line], cell: Bounds) -> bool:
    """Whether text stands in a box's row; a box without any is a picture's, or a letter's hole."""
    return any(quad[:, 1].min() <= cell.middle <= quad[:, 1].max() for quad, _ in lines)


def _label_of(lines: Sequence[Line], cell: Bounds) -> int | None:
    """The line a checkbox stands in or beside; the one behind it before the one in front."""
    middle, side = cell.middle, max(cell.width, cell.height)
    best, distance = None, LABEL_GAP * side
    for index, (quad, reading) in enumerate(lines):
        left, top, right, bottom = bounds_of(quad)
        if not top <= middle <= bottom or not reading.spans:
            continue
        if left <= cell.right and right >= cell.left:
            return index
        gap: float = left - cell.right if left > cell.right else (cell.left - right) + LABEL_GAP * side / 2
        if gap < distance:
            best, distance = index, gap
    return best


def _marked(line: Line, cell: Bounds, checked: bool) -> Line | None:
    """A line with the mark in its text; None where other characters stand in the box."""
    quad, reading = line
    left, right = float(quad[:, 0].min()), float(quad[:, 0].max())
    width = right - left
    start, end = min(left, cell.left), max(right, cell.right)
    kept: list[tuple[str, float, float, float]] = []
    for index, (character, sure, (a, b)) in enumerate(
        zip(reading.text, reading.probabilities, reading.spans, strict=True)
    ):
        x, y = left + a * width, left + b * width
        if cell.left <= (x + y) / 2 <= cell.right:
            if character not in LETTERS_IN_BOX and not character.isspace():
                return None
            if sure >= LETTER_SURE and _is_among_chinese(reading.text, index):
                return None
            continue
        kept.append((character, sure, x, y))
    before = [one for one in kept if (one[2] + one[3]) / 2 < cell.left]
    after = kept[len(before) :]
    is_shown = len(kept) < len(reading.text)  # the reader saw something in the box
    if before and after and not before[-1][0].isspace() and not after[0][0].isspace():
        nearest = max(cell.left - before[-1][3], after[0][2] - cell.right)
        if not is_shown or nearest < IN_WORD * cell.width:
            return None  # a letter in a word, or the hole of one
    if cell.height < SMALL * (quad[:, 1].max() - quad[:, 1].min()) and _is_in_letters(kept, cell):
        return None
    mark = (BOX_CHECKED if checked else BOX_EMPTY, MARK_SURE, cell.left, cell.right)
    gap = (" ", MARK_SURE, cell.right, cell.right)
    while before and before[-1][0] == " ":
        before.pop()
    while after and after[0][0] == " ":
        after.pop(0)
    pieces = [*before, *([gap] if before else []), mark, *([gap] if after else []), *after]
    top, bottom = float(quad[:, 1].min()), float(quad[:, 1].max())
    corners = [[start, top], [end, top], [end, bottom], [start, bottom]] if (start, end) != (left, right) else None
    spans = tuple(((x - start) / (end - start), (y - start) / (end - start)) for *_, x, y in pieces)
    return (
        quad if corners is None else np.array(corners, np.float32),
        replace(
            reading,
            text="".join(piece[0] for piece in pieces),
            probabilities=tuple(piece[1] for piece in pieces),
            spans=spans,
        ),
    )


def _is_in_letters(characters: Sequence[tuple[str, float, float, float]], cell: Bounds) -> bool:
    """Whether a box stands between the characters of a line, or in one: what is as small there is a letter's hole."""
    middles = [(start + end) / 2 for _, _, start, end in characters]
    if middles and min(middles) < cell.left and max(middles) > cell.right:
        return True
    return any(min(end, cell.right) - max(start, cell.left) > IN_LETTER * cell.width for _, _, start, end in characters)


def _is_among_chinese(text: str, index: int) -> bool:
    """Whether a character is a Chinese one, as is one next to it."""
    own, beside = text[index], text[max(0, index - 1) : index] + text[index + 1 : index + 2]
    return own.isalpha() and own >= FIRST_CHINESE and any(letter >= FIRST_CHINESE for letter in beside)
