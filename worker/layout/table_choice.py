"""Which of the tables found on a page are tables, by their cells and by the roles of the page's lines.

Columns of a newspaper whose lines are level, a receipt, a form and the labels of a chart stand like a table's cells; a
picture that shows a table and nothing else has lines whose roles say little. A network judges both sides together. The
lines of an invoice's tables look like a form's; what has amounts is judged by networks that learned from invoices, too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import median

import numpy as np

from worker.layout.geometry import Floats
from worker.layout.roles import ROLES
from worker.layout.tables import TableRegion
from worker.layout.tables.network import judge
from worker.layout.text_features import FIRST_CHINESE
from worker.layout.tree import LayoutLine

SURE = 0.55
"""Mean probability from which a table is one: of nine that were none the surest had .53, of 60 that were the least sure
.60."""

BOTH = 0.3
"""Product of both probabilities, as a candidate on its own and on its page, from which a table is one."""

PLAIN, DRAWN, TABLE_LINES = 0.85, 0.95, 0.65
"""Probability as a candidate from which a table is one whatever its page: where this share of its lines looks like a
table's, and where lines are drawn around its cells and the page is none that is read row by row, or they are even."""

PROSE_LETTERS = 30
"""Of a line of prose; Chinese letters count twice."""

UNIT = 3
"""Letters beside a line's digits that leave it a number: its unit or currency."""

AMOUNT = re.compile(r"\d[.,]\d{2}(?!\d)")
"""What a line of an amount has: two decimals."""

AMOUNTS, PRICED = -1, 0.25
"""Place of the share of lines with an amount among the measures, and from which networks that know invoices judge."""


def choose_tables(
    tables: Sequence[TableRegion], lines: Sequence[LayoutLine], roles: Floats, row_page: bool
) -> list[TableRegion]:
    """The tables that are, from top to bottom; no line is in two of them.

    All lines of a page together are one where they fill a grid and are no columns of prose.

    Args:
        tables: That may be.
        lines: Of the page.
        roles: n x roles, the probabilities of every line's role.
        row_page: Whether the page looks like a form or a receipt, which is read row by row.
    """
    if not tables:
        return []
    measures = np.array([measure_table(table, lines, roles, row_page) for table in tables], np.float32)
    by_words, by_amounts = (judge(name).probabilities(measures) for name in ("choice", "priced"))
    sure = np.where(measures[:, AMOUNTS] >= PRICED, by_amounts, by_words)
    alone = np.array([table.probability for table in tables])
    sure = np.where([_is_plain(table, roles, row_page) for table in tables], np.maximum(sure, alone), sure)
    together = sure * alone
    sizes = np.array([len(table.members) for table in tables])
    whole = [table.is_all_of(lines) for table in tables]
    sure, together = np.where(whole, 1.0, sure), np.where(whole, 1.0, together)
    chosen: list[TableRegion] = []
    taken: set[int] = set()
    for index in np.lexsort((-sizes, -np.round(together, 1))).tolist():  # of two as sure, one has the head, too
        members = tables[index].members
        if sure[index] >= SURE and together[index] >= BOTH and taken.isdisjoint(members):
            chosen.append(tables[index])
            taken.update(members)
    return sorted(chosen, key=lambda table: table.grid.ys[0])


def _is_plain(table: TableRegion, roles: Floats, row_page: bool) -> bool:
    """Whether a table needs no second look: its lines look like a table's, or lines are drawn around its cells."""
    likely = float(np.mean(roles[list(table.members)].argmax(axis=1) == ROLES.index("table")))
    drawn = table.kind == "grid" and table.probability >= DRAWN and (not row_page or table.is_even())
    return drawn or (table.probability >= PLAIN and likely >= TABLE_LINES)


def measure_table(table: TableRegion, lines: Sequence[LayoutLine], roles: Floats, row_page: bool) -> list[float]:
    """What is seen of a table on its page."""
    members = list(table.members)
    own = roles[members].mean(axis=0)
    rest = np.delete(roles, members, axis=0)
    others = rest.mean(axis=0) if len(rest) else np.zeros_like(own)
    letters = [_letters(lines[member].text) for member in members]
    return [
        float(np.log((table.probability + 1e-3) / (1 - table.probability + 1e-3))),
        len(members) / len(lines),
        float(np.log(len(members))),
        float(np.log(len(lines))),
        float(row_page),
        median(letters) / PROSE_LETTERS,
        sum(count > PROSE_LETTERS for count in letters) / len(letters),
        *own.tolist(),
        *others.tolist(),
        *table.measures,
        sum(_is_number(lines[member].text) for member in members) / len(members),
        sum(bool(AMOUNT.search(lines[member].text)) for member in members) / len(members),
    ]


def _letters(text: str) -> int:
    """Letters of a text, Chinese ones twice."""
    return sum(2 if letter >= FIRST_CHINESE else 1 for letter in text)


def _is_number(text: str) -> bool:
    """Whether a text is a number, with its sign, unit or currency."""
    return any(letter.isdigit() for letter in text) and sum(letter.isalpha() for letter in text) <= UNIT
