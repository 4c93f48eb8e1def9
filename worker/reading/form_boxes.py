"""Checkboxes and comb fields of a page: a mark before or after a label, and the value of a row of cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from tasks.runner import ReadContext
from worker.engines.protocols import LineReader
from worker.geometry import Bounds
from worker.imaging.crop import quad_size
from worker.imaging.form_boxes import find_form_boxes
from worker.layout.text import BOX_CHECKED, BOX_EMPTY
from worker.layout.text_features import FIRST_CHINESE
from worker.page import LineReading, Pixels, Quad
from worker.reading.orientation import OrientedReading

LABEL_GAP = 1.8
"""Between a checkbox and its label, in sides of the box; what is further away stands in a column of its own."""

IN_WORD = 0.25
"""Between a box and the letters on both sides, in widths of the box; what is nearer is a letter of their word."""

SMALL, IN_LETTER = 0.4, 0.4
"""Height of a box in heights of its line below which it may be a letter's hole, and share of its width within a letter
that shows one."""

MARK_SURE = 0.95
"""Probability of a checkbox's state."""

CROSS = "X"
CELL_RIM = 0.1
"""Share of a cell's sides that is left out around its character."""

SPACE = 0.25
"""Between the characters of a comb field when they are read as one line, in heights of them."""

CROSSED = frozenset("xX×✗✘☒冈区凶図")
"""What a reader may make of a cross in a box, or of both."""

LETTERS_IN_BOX = CROSSED | frozenset("√✓✔vV☑☐□口回囗■/\\-")
"""What a reader may make of a checkbox or of what is in it; a box with anything else is not one."""

LETTER_SURE = 0.95
"""Probability from which what a reader takes for a Chinese character beside others is one, and not a box like it: it
gave 口 and 回 of prose .98 to 1, boxes in such lines .53 to .91, and those as □ and ☑."""

GLYPHS = {"□": BOX_EMPTY, "口": BOX_EMPTY, "冈": BOX_CHECKED, "☒": BOX_CHECKED}
"""Printed boxes, as a reader may take them."""

Line = tuple[Quad, LineReading]


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
        lines = _with_comb(page.pixels, lines, cells, reader, context)
    lines = _with_marks(lines, boxes.checkboxes)
    inside = [cell for cell, _ in boxes.checkboxes] + [_around(cells) for cells in boxes.combs]
    dropped = tuple(line for line in page.dropped if not any(_holds(cell, line.quad) for cell in inside))
    return replace(
        page, quads=tuple(quad for quad, _ in lines), readings=tuple(reading for _, reading in lines), dropped=dropped
    )


def _with_glyph(reading: LineReading) -> LineReading:
    """The line with a printed box before Latin text as what it is, and not as the Chinese character like it."""
    mark, rest = reading.text[:1], reading.text[1:]
    if mark not in GLYPHS or not rest.strip().isascii() or not any(map(str.isalpha, rest)):
        return reading
    return replace(reading, text=GLYPHS[mark] + rest)


def _with_comb(
    pixels: Pixels, lines: list[Line], cells: Sequence[Bounds], reader: LineReader, context: ReadContext
) -> list[Line]:
    """The lines with those in a comb field replaced by one; unchanged where its cells hold more than a character."""
    around = _around(cells)
    inside = [index for index, (quad, _) in enumerate(lines) if _holds(around, quad)]
    letters = sum(len(lines[index][1].text.replace(" ", "")) for index in inside)
    if not inside or letters > 1.5 * len(cells):
        return lines
    parts = [_content(pixels, cell) for cell in cells]
    filled = [number for number, part in enumerate(parts) if part is not None]
    if not filled:
        return lines
    context.check()
    reading = reader.read([_joined([part for part in parts if part is not None])], context)[0]
    text = reading.text.replace(" ", "")
    if not text or abs(len(text) - len(filled)) > 1:
        return lines
    spaced = _spaced(text, filled)
    line = (
        _quad(around),
        LineReading(spaced, (reading.mean_probability,) * len(spaced), _even_spans(len(spaced))),
    )
    return [one for index, one in enumerate(lines) if index not in inside] + [line]


def _content(pixels: Pixels, cell: Bounds) -> Pixels | None:
    """What is in a cell, without white beside it; None for an empty one."""
    rim = CELL_RIM * min(cell.width, cell.height)
    left, right, top, bottom = (
        round(value) for value in (cell.left + rim, cell.right - rim, cell.top + rim, cell.bottom - rim)
    )
    part = pixels[top:bottom, left:right]
    if not part.size:
        return None
    grey = cv2.cvtColor(part, cv2.COLOR_BGR2GRAY)
    dark = grey < float(np.median(grey)) - 50
    columns = np.flatnonzero(dark.any(axis=0))
    if dark.mean() < 0.01:
        return None
    return np.ascontiguousarray(part[:, columns[0] : columns[-1] + 1])


def _joined(parts: Sequence[Pixels]) -> Pixels:
    """Characters side by side as on a line."""
    height = max(part.shape[0] for part in parts)
    space = max(2, round(SPACE * 0.5 * height))
    pieces = []
    for part in parts:
        paper = np.median(part.reshape(-1, 3), axis=0)
        below = height - part.shape[0]
        padded = cv2.copyMakeBorder(
            part, 0, below, space // 2 + 1, space // 2 + 1, cv2.BORDER_CONSTANT, value=paper.tolist()
        )
        pieces.append(padded)
    strip = np.concatenate(pieces, axis=1)
    paper = np.median(strip.reshape(-1, 3), axis=0).tolist()
    return np.asarray(cv2.copyMakeBorder(strip, 0, 0, space, space, cv2.BORDER_CONSTANT, value=paper), np.uint8)


def _spaced(text: str, filled: Sequence[int]) -> str:
    """The text with a space where cells between its characters are empty."""
    if len(text) != len(filled):
        return text
    result = text[0]
    for before, number, character in zip(filled, filled[1:], text[1:], strict=False):
        result += (" " if number > before + 1 else "") + character
    return result


def _with_marks(lines: list[Line], checkboxes: Sequence[tuple[Bounds, bool]]) -> list[Line]:
    """The lines with a mark at the place of each checkbox; a page's only one, empty and without a label, is none."""
    lines = list(lines)
    apart: list[tuple[Bounds, bool, str]] = []
    for cell, checked in checkboxes:
        inside = [index for index, (quad, _) in enumerate(lines) if _holds(cell, quad)]
        content = "".join(lines[index][1].text for index in inside).strip()
        if set(content) - LETTERS_IN_BOX:
            continue
        others = [line for index, line in enumerate(lines) if index not in inside]
        label = _label_of(others, cell)
        if label is None:
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
            lines.append((_quad(cell), LineReading(mark, (MARK_SURE,), ((0.0, 1.0),))))
    return lines


def _has_row(lines: Sequence[Line], cell: Bounds) -> bool:
    """Whether text stands in a box's row; a box without any is a picture's, or a letter's hole."""
    return any(quad[:, 1].min() <= cell.middle <= quad[:, 1].max() for quad, _ in lines)


def _label_of(lines: Sequence[Line], cell: Bounds) -> int | None:
    """The line a checkbox stands in or beside; the one behind it before the one in front."""
    middle, side = cell.middle, max(cell.width, cell.height)
    best, distance = None, LABEL_GAP * side
    for index, (quad, reading) in enumerate(lines):
        left, top, right, bottom = _bounds(quad)
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


def _holds(cell: Bounds, quad: Quad) -> bool:
    """Whether a line's middle is in a box, and not much of it outside."""
    x, y = (float(value) for value in quad.mean(axis=0))
    width = float(quad[:, 0].max() - quad[:, 0].min())
    return cell.left <= x <= cell.right and cell.top <= y <= cell.bottom and width <= 1.6 * cell.width


def _bounds(quad: Quad) -> tuple[float, float, float, float]:
    (left, top), (right, bottom) = quad.min(axis=0), quad.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def _around(cells: Sequence[Bounds]) -> Bounds:
    return Bounds(cells[0].left, min(cell.top for cell in cells), cells[-1].right, max(cell.bottom for cell in cells))


def _quad(cell: Bounds) -> Quad:
    corners = [[cell.left, cell.top], [cell.right, cell.top], [cell.right, cell.bottom], [cell.left, cell.bottom]]
    return np.array(corners, np.float32)


def _even_spans(count: int) -> tuple[tuple[float, float], ...]:
    return tuple((index / count, (index + 1) / count) for index in range(count))
