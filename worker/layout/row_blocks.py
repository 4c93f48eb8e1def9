"""Pages that are read row by row: there, blocks that share rows are one, as the items and amounts of a receipt."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from worker.layout.geometry import Floats
from worker.layout.line_features import LineFeatures
from worker.layout.tree import LayoutLine

ROW_ROLES = frozenset({"form", "table"})
SMALL_ROLES = ROW_ROLES | {"text", "list_item", "header", "footer", "page_number", "heading", "caption", "formula"}

PROSE_LINES, PROSE_SIZES = 3, 12.0
"""Lines of a block, and their width in text sizes, from which it is running text."""

MOST_PROSE = 0.3
"""Share of a page's lines in running text from which its tables and forms may stand side by side unrelated."""

ROW_PAGE = 0.5
"""Share of a page's lines in forms and tables from which all of it is read row by row, if it has hardly any prose."""

FEWEST_ROWS = 0.25
"""Share of a page's lines in forms and tables below which they join nothing beside them."""

SHARED_HEIGHT = 0.5
"""Of the lower block's height, from which two blocks share rows."""

FIGURE = re.compile(r"[-+(*x$€£¥RM]*\s?[\d.,]+\s?[%)€A-Z]{0,3}")
FEWEST_FIGURES, MOSTLY = 2, 0.8
"""Lines of a column of figures, the share of them that are figures, and that stand level with other text."""

WIDEST_FIGURES = 7.0
LEVEL_SIZES = 0.4
"""In text sizes: width of a column of figures; how far the middles of two lines on a row are apart."""

SMALL_LINES = 2
"""Lines of a block that belongs to the rows of a form or table beside it, whatever its role seems to be."""


def is_row_page(groups: Sequence[list[int]], roles: Sequence[str], found: LineFeatures) -> bool:
    """Whether a page, but for its tables, is a form, a receipt or an invoice, which is read row by row as a whole."""
    rows = sum(len(group) for group, role in zip(groups, roles, strict=True) if role in ROW_ROLES)
    return 0 < rows >= ROW_PAGE * sum(map(len, groups)) and _prose(groups, roles, found) <= MOST_PROSE


def join_rows(
    groups: Sequence[list[int]], roles: Sequence[str], lines: Sequence[LayoutLine], found: LineFeatures
) -> list[list[int]]:
    """The groups, those that share rows joined where the page is read row by row.

    Args:
        groups: Lines of each block.
        roles: Of each.
        lines: Of the page.
        found: The same as numbers.
    """
    rows = sum(len(group) for group, role in zip(groups, roles, strict=True) if role in ROW_ROLES)
    if _prose(groups, roles, found) > MOST_PROSE or rows < FEWEST_ROWS * sum(map(len, groups)):
        return _with_figures(groups, lines, found)
    joined = [list(group) for group in groups]
    row_like = [role in ROW_ROLES for role in roles]
    small = [role in SMALL_ROLES and len(group) <= SMALL_LINES for role, group in zip(roles, groups, strict=True)]
    at = 0
    while at < len(joined):
        other = next((n for n in range(len(joined)) if n != at and _one(at, n, joined, row_like, small, found)), None)
        if other is None:
            at += 1
            continue
        first, second = min(at, other), max(at, other)
        joined[first] = sorted(joined[first] + joined.pop(second))
        row_like[first], small[first] = True, False
        del row_like[second], small[second]
        at = 0
    return _with_figures(joined, lines, found)


def _with_figures(groups: Sequence[list[int]], lines: Sequence[LayoutLine], found: LineFeatures) -> list[list[int]]:
    """Columns of figures joined with the blocks on their left whose rows they continue: amounts, page numbers."""
    boxes = found.boxes
    middle = (boxes.top + boxes.bottom) / 2
    home = {line: number for number, group in enumerate(groups) for line in group}
    joined: dict[int, list[int]] = {number: list(group) for number, group in enumerate(groups)}
    for number, group in enumerate(groups):
        if len(group) < FEWEST_FIGURES or number not in joined:
            continue
        figures = np.mean([FIGURE.fullmatch(lines[line].text.strip()) is not None for line in group])
        if figures < MOSTLY or np.median(boxes.width[group] / boxes.size[group]) > WIDEST_FIGURES:
            continue
        others = np.array([line for line in home if home[line] != number], np.intp)
        partners: list[int] = []
        for line in group:
            level = others[
                (np.abs(middle[others] - middle[line]) < LEVEL_SIZES * boxes.size[line])
                & (boxes.right[others] <= boxes.left[line] + boxes.size[line] / 2)
            ]
            if len(level):
                partners.append(home[int(level[np.argmax(boxes.right[level])])])
        if len(partners) < MOSTLY * len(group):
            continue
        into = max(set(partners), key=lambda other: (partners.count(other), -other))
        together = {number, *(other for other in partners if partners.count(other) > 1 or other == into)}
        merged = sorted(line for other in together for line in joined.pop(other, []))
        joined[into] = _with_inner(merged, into, joined, found)
        home.update(dict.fromkeys(joined[into], into))
    return [joined[number] for number in sorted(joined)]


def _with_inner(merged: list[int], into: int, joined: dict[int, list[int]], found: LineFeatures) -> list[int]:
    """The lines, with those of every group that stands among them; such groups are taken out of ``joined``."""
    boxes = found.boxes
    left, right = boxes.left[merged].min(), boxes.right[merged].max()
    top, bottom = boxes.top[merged].min(), boxes.bottom[merged].max()
    for other in [other for other in joined if other != into]:
        group = joined[other]
        x = (boxes.left[group].min() + boxes.right[group].max()) / 2
        y = (boxes.top[group].min() + boxes.bottom[group].max()) / 2
        if left < x < right and top < y < bottom:
            merged = sorted(merged + joined.pop(other))
    return merged


def _one(
    a: int, b: int, groups: Sequence[list[int]], row_like: Sequence[bool], small: Sequence[bool], found: LineFeatures
) -> bool:
    if not (row_like[a] and (row_like[b] or small[b])):
        return False
    one, other = _span(groups[a], found), _span(groups[b], found)
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return shared > SHARED_HEIGHT * min(one[1] - one[0], other[1] - other[0])


def _span(group: list[int], found: LineFeatures) -> tuple[float, float]:
    return float(found.boxes.top[group].min()), float(found.boxes.bottom[group].max())


def _prose(groups: Sequence[list[int]], roles: Sequence[str], found: LineFeatures) -> float:
    """Share of the lines that stand in running text."""
    widths: Floats = found.boxes.width / found.boxes.size
    count = sum(
        len(group)
        for group, role in zip(groups, roles, strict=True)
        if role not in ROW_ROLES and len(group) >= PROSE_LINES and np.median(widths[group]) >= PROSE_SIZES
    )
    return count / max(1, sum(map(len, groups)))
