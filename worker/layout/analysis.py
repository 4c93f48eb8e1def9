"""From the lines of a page to its blocks in reading order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import Levenshtein

from ocrq.contracts.result import BlockType
from worker.layout.classify import classify, with_edge_rows
from worker.layout.frames import find_frames
from worker.layout.geometry import Floats
from worker.layout.grouping import part_at_rules
from worker.layout.headings import levels_of
from worker.layout.line_features import LineFeatures, describe_lines
from worker.layout.line_order import arrange
from worker.layout.page_order import order_page
from worker.layout.pictures import Bounds, Picture, find_pictures, labels_in, place_of
from worker.layout.roles import ROLES
from worker.layout.row_blocks import is_row_page, join_rows
from worker.layout.rows import find_rows
from worker.layout.table_choice import choose_tables
from worker.layout.tables import TableRegion
from worker.layout.tables.drawn_lines import Drawn
from worker.layout.text_features import FIRST_CHINESE
from worker.layout.tree import BlockLayout, LayoutLine
from worker.page import Pixels, Quad

MOST_LINES = 1500
MOST_BLOCKS = 300
"""Pages of more are put in order by their geometry alone: what compares all with all takes too long there."""

CERTAIN_TABLE = 0.8
"""Share of a table's lines that look like a table's, rather than a form's, from which it says nothing of the page."""

FEWEST_COLUMNS, MOST_MOVED = 2, 0.02
"""A table whose lines look like a form's has so many columns at least, and moves at most this share of the lines."""

CERTAIN = 1e-4
"""Added to probabilities before their logarithm: no single line decides a block's role."""


KEPT_WHOLE: frozenset[BlockType] = frozenset(
    ("table", "form", "figure", "code", "formula", "header", "footer", "page_number")
)
"""Roles of blocks that ruling lines do not part."""


def analyse_layout(
    lines: Sequence[LayoutLine], pixels: Pixels | None = None, tables: Sequence[TableRegion] = ()
) -> tuple[BlockLayout, ...]:
    """Blocks in reading order; every line is in exactly one of them.

    Args:
        lines: Of an upright page, in any order; a skew of a few degrees may be left in.
        pixels: The upright page, whose rulings and pictures are looked at; None where there is no picture.
        tables: That were found; the lines of each are one block, of type table.
    """
    return analyse_page(lines, pixels, lambda roles: tables)[0]


def analyse_page(
    lines: Sequence[LayoutLine],
    pixels: Pixels | None = None,
    find: Callable[[Floats | None], Sequence[TableRegion]] = lambda roles: (),
    drawn: Drawn | None = None,
) -> tuple[tuple[BlockLayout, ...], list[TableRegion]]:
    """As :func:`analyse_layout`, and those of the tables that are, and take no rows of a form or receipt apart.

    Args:
        lines: As there.
        pixels: As there.
        find: Finds the tables, given the probabilities of each line's role where they are known.
        drawn: What the page draws, where that is known.
    """
    if not lines:
        return (), []
    if len(lines) > MOST_LINES:
        return _by_geometry(lines), list(find(None))
    found = describe_lines(lines, pixels, drawn.rulings if drawn else None)
    scenery = None if drawn and drawn.is_bare else pixels
    classes = classify(found)
    roles = [role_of(classes.roles[group]) for group in classes.lines]
    row_page = is_row_page(classes.lines, roles, found)
    kept = choose_tables(find(classes.roles), lines, classes.roles, row_page)
    sure = [
        table for table in kept if _likely(table, classes.roles).count("table") >= CERTAIN_TABLE * len(table.members)
    ]
    if row_page and is_row_page(_without(classes.lines, sure), roles, found):
        blocks = _by_rows(lines, classes.roles, found)
        return blocks, [table for table in kept if _keeps_rows(table, blocks, _likely(table, classes.roles))]
    classes = with_edge_rows(classes, found)
    whole = [list(table.members) for table in kept]
    rest = [
        part
        for group in _without(classes.lines, kept)
        if group
        for part in _unruled(group, role_of(classes.roles[group]), found)
    ]
    groups = join_rows(rest, [role_of(classes.roles[group]) for group in rest], lines, found)
    if len(groups) + len(whole) > MOST_BLOCKS:
        return _by_geometry(lines), kept
    parts = [_Part(tuple(group), role_of(classes.roles[group])) for group in groups]
    parts += [_Part(tuple(members), "table") for members in whole]
    parts, pictures = _with_pictures(parts, find_pictures(scenery, found.boxes, found.usual))
    members = [part.lines for part in parts]
    order = order_page(members, lines, found, classes.roles, find_frames(scenery, found.usual))
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
    types = [role_of(roles[part]) for part in members]
    levels = levels_of(types, members, lines, found)
    return tuple(
        BlockLayout("form" if role == "table" else role, tuple(tuple(row) for row in block), level)
        for role, block, level in zip(types, blocks, levels, strict=True)
    )


def role_of(probabilities: Floats) -> BlockType:
    """The role of a block, whose lines' probabilities are given."""
    return ROLES[int(np.log(probabilities + CERTAIN).mean(axis=0).argmax())]


def _likely(table: TableRegion, roles: Floats) -> list[BlockType]:
    return [ROLES[role] for role in roles[list(table.members)].argmax(axis=1)]


def _without(groups: Sequence[Sequence[int]], tables: Sequence[TableRegion]) -> list[list[int]]:
    """The groups without the tables' lines."""
    taken = {line for table in tables for line in table.members}
    return [[line for line in group if line not in taken] for group in groups]


def _keeps_rows(table: TableRegion, blocks: Sequence[BlockLayout], likely: Sequence[BlockType]) -> bool:
    """Whether a table found on a page that is read row by row is one, rather than a part of a form."""
    placed = sum(len(row) for block in blocks for row in block.rows)
    if likely.count("table") >= likely.count("form") or len(table.members) == placed:
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


def _unruled(group: list[int], role: BlockType, found: LineFeatures) -> list[list[int]]:
    """The group's parts, where it is of running text and ruling lines of the page part it."""
    if role in KEPT_WHOLE:
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
