"""Comb fields: the characters of several cells, read as one value."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from tasks.runner import ReadContext
from worker.engines.protocols import LineReader
from worker.geometry import Bounds
from worker.page import LineReading, Pixels, Quad

CELL_RIM = 0.1
"""Share of a cell's sides that is left out around its character."""

SPACE = 0.25
"""Between the characters of a comb field when they are read as one line, in heights of them."""

Line = tuple[Quad, LineReading]
"""Where a line stands, in pixels of the upright page, and what it says."""


def with_comb(
    pixels: Pixels, lines: list[Line], cells: Sequence[Bounds], reader: LineReader, context: ReadContext
) -> list[Line]:
    """The lines with those in a comb field replaced by one; unchanged where its cells hold more than a character.

    Args:
        pixels: The upright page.
        lines: Of the page.
        cells: Insides of the field's cells, from left to right.
        reader: Reads the field.
        context: Of this read.

    Raises:
        ReadStopped: The job was cancelled, or its deadline has passed.
    """
    field = around(cells)
    inside = [index for index, (quad, _) in enumerate(lines) if holds(field, quad)]
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
        quad_of(field),
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


def _even_spans(count: int) -> tuple[tuple[float, float], ...]:
    return tuple((index / count, (index + 1) / count) for index in range(count))


def around(cells: Sequence[Bounds]) -> Bounds:
    """The bounds of cells that stand side by side."""
    return Bounds(cells[0].left, min(cell.top for cell in cells), cells[-1].right, max(cell.bottom for cell in cells))


def quad_of(cell: Bounds) -> Quad:
    """The corners of a box."""
    corners = [[cell.left, cell.top], [cell.right, cell.top], [cell.right, cell.bottom], [cell.left, cell.bottom]]
    return np.array(corners, np.float32)


def holds(cell: Bounds, quad: Quad) -> bool:
    """Whether a line's middle is in a box, and not much of it outside."""
    x, y = (float(value) for value in quad.mean(axis=0))
    width = float(quad[:, 0].max() - quad[:, 0].min())
    return cell.left <= x <= cell.right and cell.top <= y <= cell.bottom and width <= 1.6 * cell.width


def bounds_of(quad: Quad) -> tuple[float, float, float, float]:
    """Left, top, right and bottom."""
    (left, top), (right, bottom) = quad.min(axis=0), quad.max(axis=0)
    return float(left), float(top), float(right), float(bottom)
