"""Names over names: the firm on the first line of an address, and the person or department there on the next."""

from __future__ import annotations

import re
from collections.abc import Sequence

from worker.fields.candidate import Candidate
from worker.fields.kinds import addresses
from worker.fields.kinds.names import LEGAL_FORM
from worker.fields.label_matching import LabelMatcher
from worker.fields.layout_page import LayoutLine, LayoutPage

CERTAIN = 0.5
"""Weight from which a label names what it may name."""

ALIKE = 0.25
"""Of a line's height, or of the distance of two: what those of one address differ by at most."""

_PARTED = re.compile(r"[:,|·•]|\s[-–—*]\s|\d{5}")
"""What a line of a name and its address has, and a name has not."""

BETWEEN = 2
"""Lines between a firm and its street, at most: a person, and a street that is not known as one."""

ROWS = 4
"""Rows among which the line above stands: those of other columns stand between."""


def contacts(layout: LayoutPage, relations: LabelMatcher) -> dict[int, int]:
    """Lines of a person at a party, "attn. M. Smith", and the line above each, which names the party."""
    found = {}
    for line in layout.lines:
        called = any(
            label.start <= 2 and not label.whole and label.concepts.get("attention", 0.0) >= CERTAIN
            for label in relations.on_line(line.index)
        )
        above = _above(layout, line) if called else None
        if above is not None and ":" not in above.text and not relations.on_line(above.index):
            found[line.index] = above.index
    return found


def firms_over_persons(layout: LayoutPage, relations: LabelMatcher, names: Sequence[Candidate]) -> dict[int, int]:
    """Lines of names between one that begins an address and its street, and the line of that one."""
    whole = {one.first.line for one in names if len(one.spans) == 1}
    streets = {block.first.line for block in addresses.find(layout)}
    found: dict[int, int] = {}
    for street in (layout.lines[index] for index in streets):
        stack = [street]
        while len(stack) <= BETWEEN + 1 and (above := _above(layout, stack[-1])) is not None:
            if above.index not in whole or above.index in streets or relations.on_line(above.index):
                break
            if len(stack) > 1 and not _evenly(above, stack[-1], stack[-2]):
                break
            stack.append(above)
        firm, between = stack[-1], stack[1:-1]
        if not between:
            continue
        over = _above(layout, firm)
        begins = over is None or bool(relations.on_line(over.index)) or not _evenly(over, firm, stack[-2])
        if begins and all(_is_firm(firm, person) for person in between):
            found |= {person.index: firm.index for person in between}
    return found


def _above(layout: LayoutPage, line: LayoutLine) -> LayoutLine | None:
    """The line right above a line that begins at its left edge."""
    for row in reversed(layout.rows[max(0, line.row - ROWS) : line.row]):
        for above in (layout.lines[index] for index in row):
            near = above.page == line.page and 0 < line.rect.middle - above.rect.middle < 2 * layout.pitch
            if near and abs(above.rect.left - line.rect.left) < layout.pitch:
                return above
    return None


def _is_firm(firm: LayoutLine, person: LayoutLine) -> bool:
    alike = abs(firm.rect.height - person.rect.height) <= ALIKE * person.rect.height
    named = not _PARTED.search(person.text) and not LEGAL_FORM.search(person.folded)
    return alike and named and len(firm.text.split()) > 1 and not _PARTED.search(firm.text)


def _evenly(first: LayoutLine, second: LayoutLine, third: LayoutLine) -> bool:
    """Whether three lines are of one paragraph by their distances and heights."""
    upper, lower = second.rect.middle - first.rect.middle, third.rect.middle - second.rect.middle
    alike = abs(first.rect.height - second.rect.height) <= ALIKE * second.rect.height
    return alike and abs(upper - lower) <= ALIKE * lower
