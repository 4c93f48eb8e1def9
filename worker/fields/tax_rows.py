"""Taxes by their rates: rows of a table of taxes, or of sums, in which rate and net amount make the tax."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from worker.fields.candidate import Candidate
from worker.fields.item_row import NAMED, PROVEN, ItemRow
from worker.fields.item_rows import ItemRows, Segment
from worker.fields.kinds import percentages

CENTS = 0.021
"""What a tax may differ by from its rate's share of the net amount: of sums of rounded taxes."""

HIGHEST = 40
"""Percent; higher numbers are not rates of a tax."""

TABLE_ROWS = 12
"""Rows below a label of a tax in which a number without a sign may be a rate."""

LABELLED = 0.5
"""Weight from which a label names a tax."""

SALES_TAX = frozenset({"tax", "tax_rate", "tax_column"})


def tax_rows(rows: ItemRows) -> list[ItemRow]:
    """The taxes of a document, one a rate, from the top; the largest where a rate stands there several times."""
    found: dict[float, ItemRow] = {}
    for row in _all_rows(rows):
        rate = float(row.cells["tax_rate"].value)
        if rate not in found or _size(row) > _size(found[rate]):
            found[rate] = row
    return list(found.values())


def _size(row: ItemRow) -> tuple[bool, float]:
    return row.proven, abs(float(row.cells["tax"].value))


def _all_rows(rows: ItemRows) -> Iterator[ItemRow]:
    among_items, labelled = False, -TABLE_ROWS - 1
    for number in range(len(rows.layout.rows)):
        if any("description" in column.concepts for column in rows.header(number)):
            among_items = True
            continue
        among_items = among_items and not rows.ends(number)
        own = rows.names(number, SALES_TAX, LABELLED)
        labelled = number if own else labelled
        if among_items:
            continue
        amounts = [segment for segment in rows.segments(number) if segment.decimals]
        rates = _rates(rows, number)
        if not rates and number - labelled <= TABLE_ROWS:
            rates = [segment.candidate() for segment in rows.segments(number) if 0 < (segment.number or 0) <= HIGHEST]
        if proven := next(filter(None, (_proven(rate, amounts) for rate in rates)), None):
            yield proven
        elif own and len(rates) == len(amounts) == 1 and amounts[0].span != rates[0].first:
            yield ItemRow({"tax_rate": rates[0], "tax": amounts[0].candidate()}, False, NAMED)


def _rates(rows: ItemRows, number: int) -> list[Candidate]:
    lines = (rows.layout.lines[index] for index in rows.layout.rows[number])
    return [one for line in lines for one in percentages.on_line(line.text, line.index) if 0 <= one.value <= HIGHEST]


def _proven(rate: Candidate, amounts: Sequence[Segment]) -> ItemRow | None:
    """The row whose net amount and tax the rate proves; with what both make, where that stands there, too."""
    others = [
        (segment, segment.number) for segment in amounts if segment.span != rate.first and segment.number is not None
    ]
    for net, base in others:
        for tax, share in others:
            if tax is net or not base or abs(base * float(rate.value) / 100 - share) > CENTS:
                continue
            cells = {"tax_rate": rate, "subtotal": net.candidate(), "tax": tax.candidate()}
            for gross, whole in others:
                if gross not in (net, tax) and abs(base + share - whole) < CENTS:
                    cells |= {"total": gross.candidate(), "gross_total": gross.candidate()}
            return ItemRow(cells, True, PROVEN)
    return None
