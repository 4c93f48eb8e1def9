"""What is known of a value as an answer to a field, as numbers: labels, place, block, kind, sums, neighbours.

The order of the numbers is that of :data:`NAMES`; the ranker's weights were learned for it.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from worker.fields.arithmetic import Amounts
from worker.fields.candidate import Candidate
from worker.fields.folding import letters
from worker.fields.kind_words import KINDS
from worker.fields.kinds.names import LEGAL_FORM, TRADE
from worker.fields.label_matching import LabelEvidence, LabelMatcher
from worker.fields.layout_page import LayoutLine, LayoutPage
from worker.fields.vocabulary import CONCEPTS

Floats = NDArray[np.float32]

LABELS = tuple(sorted(set(CONCEPTS) - {"other"}))
ASKED = (
    "address", "bic", "cash", "cashier", "change", "company", "contract_number", "count", "customer",
    "customer_address", "customer_number", "date", "delivery_date", "delivery_number", "discount", "due_date", "email",
    "fax", "iban", "invoice_number", "order_date", "order_number", "payment_method", "payment_terms", "phone",
    "receipt_number", "registration_number", "rounding", "shipping", "subtotal", "tax", "total", "vat_id", "website",
)  # fmt: skip
"""Concepts that were learned; others, and a caller's own, are known by their labels alone."""

LEARNED_KINDS = tuple(sorted({KINDS.get(concept, "text") for concept in ASKED}))
ROLES = (
    "title", "heading", "text", "list_item", "table", "form", "header", "footer", "footnote", "caption", "figure",
)  # fmt: skip
RELATIONS = ("line", "row", "slanted", "above")

_PLACE = (
    "left", "right", "middle", "depth", "first_page", "last_page", "height", "wide", "row_size", "row_place",
    "row_last", "before", "after", "share", "colon_before", "letters_before", "line_colon", "above_colon",
    "section_seller", "section_buyer",
)  # fmt: skip
_BLOCK = (
    *(f"role_{role}" for role in ROLES), "no_block", "block_lines", "block_place", "block_first", "block_last",
    "block_order", "table_row", "table_column", "table_rows", "table_columns", "table_header", "block_labels",
    "block_label_above",
)  # fmt: skip
_DOCUMENT = ("pages", "kind_place")
_VALUE = (
    "plausibility", "read", "length", "digits", "capitals", "words", "currency", "decimals", "ambiguous", "timed",
    "repeated", "lowest",
)  # fmt: skip
_AMOUNT = (
    "to_largest", "rank", "largest", "negative", "zero", "as_total", "as_net", "as_tax", "proven", "disproven",
    "support", "is_net", "alone", "below_larger", "column_sum", "row_product",
)  # fmt: skip
_DATE = ("earliest", "latest", "days", "dates")
_PARTY = (
    "legal", "trade", "before_address", "after_address", "in_address", "block_vat", "block_iban", "block_phone",
    "block_mail", "domain", "tallest", "initial", "starts_line", "names_owner", "block_address", "head_rank",
    "page_head", "other_legal",
)  # fmt: skip
_LABELLED = (
    *(f"own_{relation}" for relation in RELATIONS), "own", "rival", "lead", "own_header", "rival_header",
    "own_concepts", "nearest_own",
)  # fmt: skip

BASE = (*(f"label_{name}" for name in LABELS), *_PLACE, *_BLOCK, *_DOCUMENT, *_VALUE, *_AMOUNT, *_DATE, *_PARTY)
_RULES = ("rule", "rule_lead", "rule_first")
NAMES = (*BASE, *_LABELLED, *_RULES, *(f"asked_{name}" for name in ASKED), *(f"kind_{name}" for name in LEARNED_KINDS))
"""Every number's name."""

NEAR_ADDRESS = 2.2
"""Line heights, centre to centre, within which a name stands over its address."""

SECTION = 7
"""Rows under a heading that names a party within which it may tell whose a value is."""

PARTY_LABELS = (("company",), ("customer", "customer_address"))

PLAUSIBLE_TAX = (0.02, 0.3)

_VAT = re.compile(r"(?<![^\W_])(?:[A-Z]{2}[ .-]?\d{8,12}|\d{9,14})(?![^\W_])")
_PHONE = re.compile(r"\+?\(?\d[\d\s()./-]{7,}\d")
_MAIL = re.compile(r"[\w.+-]+@([\w-]+)\.|www\.([\w-]+)\.|https?://([\w-]+)\.", re.IGNORECASE)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,}")


class FeatureBuilder:
    """Describes the candidates of one document.

    Args:
        sheet: The document.
        relations: Its labels.
        amounts: Its arithmetic.
        addresses: Its address blocks.
    """

    def __init__(
        self, sheet: LayoutPage, relations: LabelMatcher, amounts: Amounts, addresses: Sequence[Candidate]
    ) -> None:
        self._sheet, self._relations, self._amounts, self._addresses = sheet, relations, amounts, addresses
        lefts, rights = [line.rect.left for line in sheet.lines], [line.rect.right for line in sheet.lines]
        self._left, self._right = min(lefts, default=0.0), max(rights, default=1.0)

    def base(self, kind: str, found: Sequence[tuple[Candidate, Sequence[LabelEvidence]]]) -> Floats:
        """What is known of a kind's candidates whatever field they answer: a row each, in the order of ``BASE``."""
        shared = _Shared([candidate for candidate, _ in found], self._sheet)
        rows = [self._row(kind, candidate, evidence, shared) for candidate, evidence in found]
        return np.array(rows, np.float32).reshape(len(rows), len(BASE))

    def asked(
        self, base: Floats, kind: str, concept: str, name: str, found: Sequence[Sequence[LabelEvidence]]
    ) -> Floats:
        """The same as answers to a field: ``base`` and what the field's own labels say."""
        rows = np.zeros((len(base), len(NAMES)), np.float32)
        rows[:, : len(BASE)] = base
        for row, evidence in zip(rows, found, strict=True):
            row[len(BASE) : len(BASE) + len(_LABELLED)] = self._labelled(evidence, concept, name)
        if concept in ASKED:
            rows[:, NAMES.index(f"asked_{concept}")] = 1
        if kind in LEARNED_KINDS:
            rows[:, NAMES.index(f"kind_{kind}")] = 1
        return rows

    def _labelled(self, evidence: Sequence[LabelEvidence], concept: str, name: str) -> list[float]:
        own = dict.fromkeys(RELATIONS, 0.0)
        rival = own_header = rival_header = best = nearest = 0.0
        count = 0
        for one in evidence:
            weight = max(one.label.concepts.get(concept, 0.0), one.label.concepts.get(name, 0.0))
            header = self._relations.is_header(one.label)
            if weight:
                own[one.relation] = max(own[one.relation], weight * one.strength * (0.5 if header else 1.0))
                own_header = max(own_header, weight * one.strength * header)
                count += 1
            else:
                rival = max(rival, one.strength * (0.5 if header else 1.0))
                rival_header = max(rival_header, one.strength * header)
            if one.strength > best:
                best, nearest = one.strength, weight
        most = max(own.values())
        return [*own.values(), most, rival, most - rival, own_header, rival_header, count, nearest]

    def _row(self, kind: str, candidate: Candidate, evidence: Sequence[LabelEvidence], shared: _Shared) -> list[float]:
        line = self._sheet.lines[candidate.first.line]
        labels = dict.fromkeys(LABELS, 0.0)
        for one in evidence:
            strength = one.strength * (0.5 if self._relations.is_header(one.label) else 1.0)
            for concept, weight in one.label.concepts.items():
                if concept in labels:
                    labels[concept] = max(labels[concept], weight * strength)
        return [
            *labels.values(),
            *self._place(candidate, line),
            *self._block(line),
            *self._document(candidate, shared),
            *self._value(candidate, shared),
            *(self._amount(candidate, shared) if kind == "money" else [0.0] * len(_AMOUNT)),
            *(shared.date(candidate) if kind in ("date", "datetime") else [0.0] * len(_DATE)),
            *(self._party(candidate, line) if kind in ("party", "address") else [0.0] * len(_PARTY)),
        ]

    # -- where it stands ----------------------------------------------------------------------------------------

    def _place(self, candidate: Candidate, line: LayoutLine) -> list[float]:
        span, rect = candidate.first, candidate.rect(self._sheet)
        width = max(1.0, self._right - self._left)
        row = self._sheet.rows[line.row]
        place = row.index(line.index)
        before, after = line.text[: span.start], line.text[span.end :]
        above = self._above(line)
        return [
            (rect.left - self._left) / width,
            (rect.right - self._left) / width,
            (rect.left + rect.right - 2 * self._left) / 2 / width,
            self._sheet.depth(line),
            float(line.page == self._sheet.lines[0].page),
            float(line.page == self._sheet.lines[-1].page),
            line.rect.height / self._sheet.pitch,
            rect.width / width,
            len(row),
            place / max(1, len(row) - 1) if len(row) > 1 else 0.0,
            float(place == len(row) - 1),
            len(before.strip()),
            len(after.strip()),
            (span.end - span.start) / max(1, len(line.text)),
            float(before.rstrip().endswith((":", "#"))),
            sum(c.isalpha() for c in before),
            float(bool(place) and self._sheet.lines[row[place - 1]].text.rstrip().endswith(":")),
            float(above is not None and above.text.rstrip().endswith(":")),
            *self._section(line),
        ]

    def _section(self, line: LayoutLine) -> tuple[float, float]:
        """How near over a line a heading stands that names the seller, or the buyer: 1 just above, 0 none."""
        best: tuple[float, int, tuple[float, float]] | None = None
        for place, row, page, told in self._role_labels:
            rows = line.row - row
            over = page == line.page and 0 < rows <= SECTION and place <= line.rect.left + self._sheet.pitch
            if over and (best is None or (place + self._sheet.pitch, row) > best[:2]):
                best = place, row, told
        if best is None:
            return 0.0, 0.0
        near = 1.0 / (1 + 0.2 * (line.row - best[1] - 1))
        return best[2][0] * near, best[2][1] * near

    @cached_property
    def _role_labels(self) -> list[tuple[float, int, int, tuple[float, float]]]:
        """Left edge, row and page of lines that are a label of a party and nothing else, and whose."""
        found = []
        for line in self._sheet.lines:
            for label in self._relations.on_line(line.index):
                told = tuple(max(label.concepts.get(name, 0.0) for name in names) for names in PARTY_LABELS)
                if label.whole and max(told) >= 0.5:
                    found.append((line.rect.left, line.row, line.page, (told[0], told[1])))
        return found

    def _above(self, line: LayoutLine) -> LayoutLine | None:
        """The nearest line over a line, of the rows just above."""
        for number in range(line.row - 1, max(-1, line.row - 3), -1):
            for index in self._sheet.rows[number]:
                other = self._sheet.lines[index]
                shared = min(other.rect.right, line.rect.right) - max(other.rect.left, line.rect.left)
                if other.page == line.page and shared > 0:
                    return other
        return None

    def _block(self, line: LayoutLine) -> list[float]:
        if line.block < 0:
            return [*(0.0 for _ in ROLES), 1.0, *(0.0 for _ in _BLOCK[len(ROLES) + 1 :])]
        block = self._sheet.blocks[line.block]
        cell, place, size = block.cells.get(line.index), block.lines.index(line.index), len(block.lines)
        labelled, top = self._block_labels[line.block]
        return [
            *(float(block.type == role) for role in ROLES),
            0.0,
            size,
            place / max(1, size - 1),
            float(not place),
            float(place == size - 1),
            line.block / max(1, len(self._sheet.blocks) - 1),
            cell.row / max(1, block.rows - 1) if cell else 0.0,
            cell.column / max(1, block.columns - 1) if cell else 0.0,
            block.rows,
            block.columns,
            float(cell is not None and cell.header),
            labelled,
            float(top and place == 1),
        ]

    @cached_property
    def _block_labels(self) -> list[tuple[int, bool]]:
        """Of each block how many labels it has, and whether its first line is one and nothing else."""
        found = []
        for block in self._sheet.blocks:
            labels = [label for index in block.lines for label in self._relations.on_line(index)]
            top = any(label.whole for label in self._relations.on_line(block.lines[0])) if block.lines else False
            found.append((len(labels), top))
        return found

    def _document(self, candidate: Candidate, shared: _Shared) -> list[float]:
        return [min(3, len(self._sheet.extents)), shared.order[id(candidate)] / max(1, len(shared.candidates))]

    # -- what it is ---------------------------------------------------------------------------------------------

    def _value(self, candidate: Candidate, shared: _Shared) -> list[float]:
        text = candidate.text(self._sheet)
        size = max(1, len(text))
        facts = candidate.facts
        read = candidate.confidence(self._sheet)
        return [
            candidate.plausibility,
            read,
            size,
            sum(c.isdigit() for c in text) / size,
            sum(c.isupper() for c in text) / size,
            len(text.split()),
            float(bool(facts.get("currency"))),
            float(bool(facts.get("decimals"))),
            float(bool(facts.get("ambiguous"))),
            float(bool(facts.get("timed"))),
            shared.repeated[_key(candidate)],
            math.log(max(1e-3, read)),
        ]

    def _amount(self, candidate: Candidate, shared: _Shared) -> list[float]:
        value, sums = float(candidate.value), self._amounts
        largest = shared.largest
        cents = round(value * 100)
        line = self._sheet.lines[candidate.first.line]
        return [
            abs(value) / largest if largest else 0.0,
            shared.rank(abs(value)),
            float(abs(value) >= largest),
            float(value < 0),
            float(value == 0),
            shared.as_total[cents],
            shared.as_net[cents],
            shared.as_tax[cents],
            float(sums.proves(value)),
            float(sums.disproves(value)),
            sums.support(value),
            float(sums.is_net(value)),
            float(sums.is_alone(value)),
            shared.larger_below(value, self._sheet.depth(line), line.page),
            float(cents in shared.column_sums),
            float(shared.is_product(candidate)),
        ]

    def _party(self, candidate: Candidate, line: LayoutLine) -> list[float]:
        text = candidate.text(self._sheet)
        folded = line.folded[candidate.first.start : candidate.first.end]
        distances = [self._to_address(line, address) for address in self._addresses]
        below = [far for far in distances if far is not None and far > 0]
        above = [-far for far in distances if far is not None and far < 0]
        told = self._blocks_tell.get(line.block, self._blocks_tell[-1]) if line.block >= 0 else (0, 0, 0, 0)
        inside = any(span.line == line.index for address in self._addresses for span in address.spans)
        block_address = line.block >= 0 and any(
            self._sheet.lines[address.first.line].block == line.block for address in self._addresses
        )
        tallest = max((one.rect.height for one in self._sheet.lines if one.page == line.page), default=1.0)
        name = letters(text)
        return [
            float(bool(LEGAL_FORM.search(folded))),
            float(bool(TRADE.search(folded))),
            float(bool(below) and min(below) <= NEAR_ADDRESS),
            float(bool(above) and min(above) <= NEAR_ADDRESS),
            float(inside),
            *(float(one) for one in told),
            float(any(_alike(name, host) for host in self._hosts)),
            line.rect.height / tallest,
            float(not candidate.first.start),
            float(line.folded[: candidate.first.start].strip() == ""),
            float(line.row == 0),
            float(block_address),
            line.row / max(1, len(self._sheet.rows)),
            float(line.page == self._sheet.lines[0].page and self._sheet.depth(line) < 0.15),
            float(not LEGAL_FORM.search(folded) and self._any_legal),
        ]

    def _to_address(self, line: LayoutLine, address: Candidate) -> float | None:
        """Line heights from a line down to an address's first line of the same column; None where it is elsewhere."""
        first = self._sheet.lines[address.first.line]
        if first.page != line.page or first.index == line.index:
            return None
        shared = min(first.rect.right, line.rect.right) - max(first.rect.left, line.rect.left)
        if shared <= 0:
            return None
        return (first.rect.middle - line.rect.middle) / max(self._sheet.pitch, line.rect.height)

    @cached_property
    def _any_legal(self) -> bool:
        return any(LEGAL_FORM.search(line.folded) for line in self._sheet.lines)

    @cached_property
    def _hosts(self) -> list[str]:
        found = (match for line in self._sheet.lines for match in _MAIL.finditer(line.text))
        return sorted({letters(match[1] or match[2] or match[3]) for match in found})

    @cached_property
    def _blocks_tell(self) -> dict[int, tuple[int, int, int, int]]:
        """Whether each block has a tax number, an IBAN, a phone number, a mail or web address."""
        found: dict[int, tuple[int, int, int, int]] = defaultdict(lambda: (0, 0, 0, 0))
        for number, block in enumerate(self._sheet.blocks):
            text = "\n".join(self._sheet.lines[index].text for index in block.lines)
            found[number] = tuple(bool(one.search(text)) for one in (_VAT, _IBAN, _PHONE, _MAIL))  # type: ignore[assignment]
        return found


def _alike(name: str, host: str) -> bool:
    """Whether a host's name is a firm's: one begins with the other, four letters at least."""
    return min(len(name), len(host)) >= 4 and (name.startswith(host) or host.startswith(name[:8]) or host in name)


def _key(candidate: Candidate) -> object:
    value = candidate.value
    return round(value, 2) if isinstance(value, float) else letters(str(value))


class _Shared:
    """What the candidates of a kind say about each other."""

    def __init__(self, candidates: Sequence[Candidate], sheet: LayoutPage) -> None:
        self.candidates, self._sheet = candidates, sheet
        self.repeated = Counter(_key(candidate) for candidate in candidates)
        ordered = sorted(candidates, key=lambda c: (sheet.lines[c.first.line].page, sheet.lines[c.first.line].row))
        self.order = {id(candidate): place for place, candidate in enumerate(ordered)}

    @cached_property
    def _written(self) -> list[Candidate]:
        return [c for c in self.candidates if c.facts.get("decimals") or c.facts.get("currency")]

    @cached_property
    def _values(self) -> list[float]:
        return sorted({abs(float(c.value)) for c in self._written})

    @property
    def largest(self) -> float:
        """The largest amount."""
        return self._values[-1] if self._values else 0.0

    def rank(self, value: float) -> float:
        """How many different amounts are larger."""
        return float(sum(other > value + 0.004 for other in self._values))

    def larger_below(self, value: float, depth: float, page: int) -> float:
        """Whether a larger amount stands further down."""
        return float(
            any(
                abs(float(c.value)) > abs(value) + 0.004
                and (self._sheet.lines[c.first.line].page, self._sheet.depth(self._sheet.lines[c.first.line]))
                > (page, depth)
                for c in self._written
            )
        )

    @cached_property
    def _sums(self) -> tuple[Counter[int], Counter[int], Counter[int]]:
        """How often an amount is the sum of a net amount and its tax, the net amount, the tax."""
        values = [round(value * 100) for value in self._values if value]
        known = set(values)
        total: Counter[int] = Counter()
        net: Counter[int] = Counter()
        tax: Counter[int] = Counter()
        low, high = PLAUSIBLE_TAX
        for one in values[-60:]:
            for other in values:
                if low * one < other < high * one and one + other in known:
                    total[one + other] += 1
                    net[one] += 1
                    tax[other] += 1
        return total, net, tax

    @property
    def as_total(self) -> Counter[int]:
        """By cents: see ``_sums``."""
        return self._sums[0]

    @property
    def as_net(self) -> Counter[int]:
        """By cents: see ``_sums``."""
        return self._sums[1]

    @property
    def as_tax(self) -> Counter[int]:
        """By cents: see ``_sums``."""
        return self._sums[2]

    @cached_property
    def column_sums(self) -> set[int]:
        """Sums of the amounts that stand under each other at their right edges, two at least, of each start."""
        columns: list[tuple[float, int, list[Candidate]]] = []
        for candidate in sorted(self._written, key=lambda c: self._sheet.lines[c.first.line].row):
            line = self._sheet.lines[candidate.first.line]
            right = candidate.rect(self._sheet).right
            for edge, page, members in columns:
                if page == line.page and abs(edge - right) < self._sheet.pitch:
                    members.append(candidate)
                    break
            else:
                columns.append((right, line.page, [candidate]))
        sums: set[int] = set()
        for _, _, members in columns:
            cents = [round(float(one.value) * 100) for one in members]
            for start in range(min(6, len(cents))):
                running = 0
                for place, one in enumerate(cents[start:]):
                    running += one
                    if place:
                        sums.add(running)
        return sums

    @cached_property
    def _by_row(self) -> dict[int, list[float]]:
        found: dict[int, list[float]] = defaultdict(list)
        for candidate in self.candidates:
            found[self._sheet.lines[candidate.first.line].row].append(abs(float(candidate.value)))
        return found

    def is_product(self, candidate: Candidate) -> bool:
        """Whether two other numbers of its row make an amount: it is a line item's."""
        value = abs(float(candidate.value))
        row = self._by_row[self._sheet.lines[candidate.first.line].row]
        if not 3 <= len(row) <= 10 or value == 0:
            return False
        return any(
            abs(row[i] * row[j] - value) < 0.006 and row[i] not in (0, 1) and row[j] != 0
            for i in range(len(row))
            for j in range(len(row))
            if i != j
        )

    @cached_property
    def _days(self) -> list[int]:
        return sorted({_ordinal(candidate) for candidate in self.candidates})

    def date(self, candidate: Candidate) -> list[float]:
        """Whether a date is the first or last of the document, days after the first, how many there are."""
        day = _ordinal(candidate)
        return [
            float(day == self._days[0]),
            float(day == self._days[-1]),
            min(90, day - self._days[0]),
            min(4, len(self._days)),
        ]


def _ordinal(candidate: Candidate) -> int:
    return date.fromisoformat(str(candidate.value)[:10]).toordinal()
