"""From the lines of a page to its blocks in reading order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from rapidfuzz.distance import Levenshtein

from ocrq.contracts.result import BlockType
from worker.layout.block_features import describe_blocks
from worker.layout.block_order import order_blocks
from worker.layout.classify import classify
from worker.layout.cuts import read_first
from worker.layout.enumeration import count_on
from worker.layout.geometry import Floats
from worker.layout.grouping import part_at_rules
from worker.layout.headings import levels_of
from worker.layout.line_features import LineFeatures, describe_lines
from worker.layout.line_order import arrange
from worker.layout.pictures import Bounds, Picture, find_pictures, labels_in, place_of
from worker.layout.roles import ROLES
from worker.layout.row_blocks import SMALL_LINES, is_row_page, join_rows
from worker.layout.rows import find_rows
from worker.layout.tables import TableRegion
from worker.layout.text_features import FIRST_CHINESE
from worker.layout.tree import BlockLayout, LayoutLine
from worker.page import Pixels, Quad

MOST_LINES = 1500
MOST_BLOCKS = 300
"""Pages of more are put in order by their geometry alone: what compares all with all takes too long there."""

FEWEST_COLUMNS, MOST_MOVED = 2, 0.02
"""A table whose lines look like a form's has so many columns at least, and moves at most this share of the lines."""

SURELY = 1e-4
"""Added to probabilities before their logarithm: no single line decides a block's role."""


NO_TABLES: frozenset[BlockType] = frozenset(("figure", "code", "formula", "header", "footer", "page_number"))
IN_TABLES: frozenset[BlockType] = frozenset(("table", "form"))
"""Roles of lines that may stand as those of a table do and are none, and of those that are likely in one."""

RULED = "grid"
"""The kind of a table that was found by its ruling lines; it may hold prose."""


WHOLE_PAGE, SURE_WHOLE = 0.9, 0.75
"""Share of a page's lines from which a table is all that the page shows, and how probable it must be then if neither
ruling lines nor roles show it."""

CELL_LETTERS, PROSE_LETTERS, MOST_PROSE = 16, 30, 0.2
"""Letters that half of the lines of such a table have at most, Chinese ones twice; from how many a line is of prose,
as in a newspaper's column; and the most of its lines that are."""

MOST_ALONE = 60
"""Lines of a picture of one table; a page of a form, which must keep its rows, has more."""

SURE_ROWS, ROWS_COLUMNS, ROWS_SHARE = 0.75, 3, 0.6
"""A table that is all of a page which looks like a form: its probability, its columns, since receipts have two, and the
share of its lines that have a form's or a table's role, at least."""


def may_be_table(table: TableRegion, roles: Sequence[BlockType], lines: Sequence[LayoutLine]) -> bool:
    """Whether what was found as a table is one, as the roles of most of its lines tell.

    Columns of a newspaper whose lines are level, a receipt and the labels of a chart look like one by their places.
    The roles are those of whole pages: of a picture that shows a table and nothing else they say little, but its lines
    are as short as cells are.
    """
    if table.kind == RULED:
        return 2 * sum(role in NO_TABLES for role in roles) <= len(roles)
    if 2 * sum(role in IN_TABLES for role in roles) >= len(roles):
        return True
    letters = [_letters(lines[member].text) for member in table.members]
    return (
        _is_whole_page(table, lines)
        and table.probability >= SURE_WHOLE
        and median(letters) <= CELL_LETTERS
        and sum(count > PROSE_LETTERS for count in letters) <= MOST_PROSE * len(letters)
    )


def _is_whole_page(table: TableRegion, lines: Sequence[LayoutLine]) -> bool:
    return len(table.members) >= WHOLE_PAGE * len(lines)


def _letters(text: str) -> int:
    """Letters of a text, Chinese ones twice."""
    return sum(2 if letter >= FIRST_CHINESE else 1 for letter in text)


def analyse_layout(
    lines: Sequence[LayoutLine], pixels: Pixels | None = None, tables: Sequence[TableRegion] = ()
) -> tuple[BlockLayout, ...]:
    """Blocks in reading order; every line is in exactly one of them.

    Args:
        lines: Of an upright page, in any order; a skew of a few degrees may be left in.
        pixels: The upright page, whose rulings and pictures are looked at; None where there is no picture.
        tables: That were found; the lines of each are one block, of type table.
    """
    return analyse_page(lines, pixels, tables)[0]


def analyse_page(
    lines: Sequence[LayoutLine], pixels: Pixels | None = None, tables: Sequence[TableRegion] = ()
) -> tuple[tuple[BlockLayout, ...], list[TableRegion]]:
    """As :func:`analyse_layout`, and the tables but those that would take the rows of a form or receipt apart."""
    kept = list(tables)
    if not lines:
        return (), []
    if len(lines) > MOST_LINES:
        return _by_geometry(lines), kept
    found = describe_lines(lines, pixels)
    classes = classify(found)
    roles = [_role(classes.roles[group]) for group in classes.lines]
    if is_row_page(classes.lines, roles, found):
        blocks = _by_rows(lines, classes.roles, found)
        likely = {id(table): _likely(table, classes.roles) for table in tables}
        whole_page = [table for table in tables if is_table_alone(table, likely[id(table)], lines)]
        return blocks, whole_page or [table for table in tables if _keeps_rows(table, blocks, likely[id(table)])]
    whole = [list(table.members) for table in tables if may_be_table(table, _likely(table, classes.roles), lines)]
    taken = {line for members in whole for line in members}
    rest = [
        part
        for group in classes.lines
        if (left := [line for line in group if line not in taken])
        for part in _unruled(left, _role(classes.roles[left]), found)
    ]
    groups = join_rows(rest, [_role(classes.roles[group]) for group in rest], lines, found)
    if len(groups) + len(whole) > MOST_BLOCKS:
        return _by_geometry(lines), kept
    parts = [_Part(tuple(group), _role(classes.roles[group])) for group in groups]
    parts += [_Part(tuple(members), "table") for members in whole]
    parts, pictures = _with_pictures(parts, find_pictures(pixels, found.boxes, found.usual))
    members = [part.lines for part in parts]
    described = describe_blocks(members, lines, found, classes.roles)
    small = np.array([len(part.lines) <= SMALL_LINES for part in parts])
    marks = found.marks
    cut_first = read_first(described.boxes, small, found.usual, marks.level_rules, marks.upright_rules)
    order = order_blocks(described, cut_first, count_on(members, lines, found, described.boxes))
    parts = [parts[index] for index in order]
    levels = levels_of([part.role for part in parts], [part.lines for part in parts], lines, found)
    made = [
        BlockLayout(part.role, _rows(part, lines, found), level, quad=part.quad)
        for part, level in zip(parts, levels, strict=True)
    ]
    bounds = [_bounds(part, found) for part in parts]
    for picture in pictures:
        at = place_of(picture, bounds, [block.type for block in made], found.usual)
        made.insert(at, BlockLayout("figure", quad=picture.quad))
        bounds.insert(at, picture.bounds)
    return tuple(made), kept


@dataclass(frozen=True)
class _Part:
    """A block before its lines are put in rows."""

    lines: tuple[int, ...]
    role: BlockType
    quad: Quad | None = None


def _by_geometry(lines: Sequence[LayoutLine]) -> tuple[BlockLayout, ...]:
    blocks = arrange([line.quad for line in lines])
    return tuple(BlockLayout("text", tuple(tuple(row) for row in block)) for block in blocks)


def _by_rows(lines: Sequence[LayoutLine], roles: Floats, found: LineFeatures) -> tuple[BlockLayout, ...]:
    """A receipt or the like: what looks like a table there is read row by row, like a form."""
    blocks = arrange([line.quad for line in lines])
    members = [[index for row in block for index in row] for block in blocks]
    types = [_role(roles[part]) for part in members]
    levels = levels_of(types, members, lines, found)
    return tuple(
        BlockLayout("form" if role == "table" else role, tuple(tuple(row) for row in block), level)
        for role, block, level in zip(types, blocks, levels, strict=True)
    )


def _role(probabilities: Floats) -> BlockType:
    return ROLES[int(np.log(probabilities + SURELY).mean(axis=0).argmax())]


def _likely(table: TableRegion, roles: Floats) -> list[BlockType]:
    return [ROLES[role] for role in roles[list(table.members)].argmax(axis=1)]


def _keeps_rows(table: TableRegion, blocks: Sequence[BlockLayout], likely: Sequence[BlockType]) -> bool:
    """Whether a table found on a page that is read row by row is one, rather than a part of a form."""
    if likely.count("table") >= likely.count("form"):
        return True
    layout = table.structure.layout(lambda line, _: line)
    if layout.columns < FEWEST_COLUMNS:
        return False
    cells = list(dict.fromkeys(line for cell in layout.cells for row in cell.rows for line in row))
    order = [line for block in blocks for row in block.rows for line in row]
    first = next(place for place, line in enumerate(order) if line in set(cells))
    rest = [line for line in order if line not in set(cells)]
    moved = [*rest[:first], *cells, *rest[first:]]
    return float(Levenshtein.normalized_distance(order, moved)) <= MOST_MOVED


def is_table_alone(table: TableRegion, likely: Sequence[BlockType], lines: Sequence[LayoutLine]) -> bool:
    """Whether a page that looks like a form is a picture of a table and nothing else."""
    if len(table.members) < len(lines) or len(lines) > MOST_ALONE:
        return False
    columns = len(table.structure.grid.xs) - 1
    rows = sum(role in IN_TABLES for role in likely)
    return table.kind == RULED or (
        table.probability >= SURE_ROWS and columns >= ROWS_COLUMNS and rows >= ROWS_SHARE * len(likely)
    )


def _unruled(group: list[int], role: BlockType, found: LineFeatures) -> list[list[int]]:
    """The group's parts, where it is of running text and ruling lines of the page part it."""
    if role in IN_TABLES or role in NO_TABLES:
        return [group]
    return part_at_rules(group, found.boxes, found.marks.level_rules)


def _with_pictures(parts: list[_Part], pictures: Sequence[Picture]) -> tuple[list[_Part], list[Picture]]:
    """The blocks, those joined that are labels of one picture; and the pictures without any."""
    bare = []
    for picture in pictures:
        labels = labels_in(picture, [part.lines for part in parts], [part.role for part in parts])
        if labels is None:
            continue
        if not labels:
            bare.append(picture)
            continue
        lines = tuple(sorted(line for number in labels for line in parts[number].lines))
        rest = [part for number, part in enumerate(parts) if number not in labels]
        parts = [*rest, _Part(lines, "figure", picture.quad)]
    return parts, bare


def _bounds(part: _Part, found: LineFeatures) -> Bounds:
    boxes, lines = found.boxes, list(part.lines)
    return (
        float(boxes.left[lines].min()),
        float(boxes.top[lines].min()),
        float(boxes.right[lines].max()),
        float(boxes.bottom[lines].max()),
    )


def _rows(part: _Part, lines: Sequence[LayoutLine], found: LineFeatures) -> tuple[tuple[int, ...], ...]:
    """A block's lines as rows."""
    members = np.asarray(part.lines, np.intp)
    aside = members[found.pieces.sideways[members]]
    level = members[~found.pieces.sideways[members]]
    first: list[list[int]] = []
    if part.role == "figure":
        # The label up an axis is read before the figure's other words.
        first = [[index] for index in aside[np.argsort(found.boxes.left[aside], kind="stable")].tolist()]
        members = level
    elif not len(level) and all(lines[index].text[:1] >= FIRST_CHINESE for index in part.lines):
        # Upright columns of Chinese or Japanese: from right to left.
        columns = np.lexsort((found.boxes.top[aside], -np.rint(found.boxes.right[aside] / found.usual)))
        return tuple((index,) for index in aside[columns].tolist())
    rows = find_rows(found.pieces, members) if len(members) else []
    return tuple(tuple(row) for row in [*first, *rows])
