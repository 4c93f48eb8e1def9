"""What is known of a value as an answer to a field, as numbers: labels, place, block, kind, sums, neighbours.

The order of the numbers is that of :data:`worker.fields.feature_names.NAMES`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from worker.fields.arithmetic import Amounts
from worker.fields.candidate import Candidate
from worker.fields.candidate_context import CandidateContext, value_key
from worker.fields.feature_names import (
    AMOUNT,
    ASKED,
    BASE,
    BLOCK,
    DATE,
    LABELLED,
    LABELS,
    LEARNED_KINDS,
    NAMES,
    PARTY,
    RELATIONS,
    ROLES,
)  # fmt: skip
from worker.fields.label_matching import LabelEvidence, LabelMatcher
from worker.fields.layout_page import LayoutLine, LayoutPage
from worker.fields.party_features import PartyFeatures

Floats = NDArray[np.float32]

SECTION = 7
"""Rows under a heading that names a party within which it may tell whose a value is."""

PARTY_LABELS = (("company",), ("customer", "customer_address"))


class FeatureBuilder:
    """Describes the candidates of one document.

    Args:
        layout: The document.
        relations: Its labels.
        amounts: Its arithmetic.
        addresses: Its address blocks.
    """

    def __init__(
        self, layout: LayoutPage, relations: LabelMatcher, amounts: Amounts, addresses: Sequence[Candidate]
    ) -> None:
        self._layout, self._relations, self._amounts = layout, relations, amounts
        self._parties = PartyFeatures(layout, addresses)
        lefts, rights = [line.rect.left for line in layout.lines], [line.rect.right for line in layout.lines]
        self._left, self._right = min(lefts, default=0.0), max(rights, default=1.0)

    def base(self, kind: str, found: Sequence[tuple[Candidate, Sequence[LabelEvidence]]]) -> Floats:
        """What is known of a kind's candidates whatever field they answer: a row each, in the order of ``BASE``."""
        shared = CandidateContext([candidate for candidate, _ in found], self._layout)
        rows = [self._row(kind, candidate, evidence, shared) for candidate, evidence in found]
        return np.array(rows, np.float32).reshape(len(rows), len(BASE))

    def asked(
        self, base: Floats, kind: str, concept: str, name: str, found: Sequence[Sequence[LabelEvidence]]
    ) -> Floats:
        """The same as answers to a field: ``base`` and what the field's own labels say."""
        rows = np.zeros((len(base), len(NAMES)), np.float32)
        rows[:, : len(BASE)] = base
        for row, evidence in zip(rows, found, strict=True):
            row[len(BASE) : len(BASE) + len(LABELLED)] = self._labelled(evidence, concept, name)
        if concept in ASKED:
            rows[:, NAMES.index(f"asked_{concept}")] = 1
        if kind in LEARNED_KINDS:
            rows[:, NAMES.index(f"kind_{kind}")] = 1
        return rows

    def _labelled(self, evidence: Sequence[LabelEvidence], concept: str, name: str) -> list[float]:
        own = dict.fromkeys(RELATIONS, 0.0)
        competitor = own_header = competing_header = best = nearest = 0.0
        count = 0
        for one in evidence:
            weight = max(one.label.concepts.get(concept, 0.0), one.label.concepts.get(name, 0.0))
            header = self._relations.is_header(one.label)
            if weight:
                own[one.relation] = max(own[one.relation], weight * one.strength * (0.5 if header else 1.0))
                own_header = max(own_header, weight * one.strength * header)
                count += 1
            else:
                competitor = max(competitor, one.strength * (0.5 if header else 1.0))
                competing_header = max(competing_header, one.strength * header)
            if one.strength > best:
                best, nearest = one.strength, weight
        most = max(own.values())
        return [*own.values(), most, competitor, most - competitor, own_header, competing_header, count, nearest]

    def _row(
        self, kind: str, candidate: Candidate, evidence: Sequence[LabelEvidence], shared: CandidateContext
    ) -> list[float]:
        line = self._layout.lines[candidate.first.line]
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
            *(self._amount(candidate, shared) if kind == "money" else [0.0] * len(AMOUNT)),
            *(shared.date(candidate) if kind in ("date", "datetime") else [0.0] * len(DATE)),
            *(self._parties.of(candidate, line, shared) if kind in ("party", "address") else [0.0] * len(PARTY)),
        ]

    # -- where it stands ----------------------------------------------------------------------------------------

    def _place(self, candidate: Candidate, line: LayoutLine) -> list[float]:
        span, rect = candidate.first, candidate.rect(self._layout)
        width = max(1.0, self._right - self._left)
        row = self._layout.rows[line.row]
        place = row.index(line.index)
        before, after = line.text[: span.start], line.text[span.end :]
        above = self._above(line)
        return [
            (rect.left - self._left) / width,
            (rect.right - self._left) / width,
            (rect.left + rect.right - 2 * self._left) / 2 / width,
            self._layout.depth(line),
            float(line.page == self._layout.lines[0].page),
            float(line.page == self._layout.lines[-1].page),
            line.rect.height / self._layout.pitch,
            rect.width / width,
            len(row),
            place / max(1, len(row) - 1) if len(row) > 1 else 0.0,
            float(place == len(row) - 1),
            len(before.strip()),
            len(after.strip()),
            (span.end - span.start) / max(1, len(line.text)),
            float(before.rstrip().endswith((":", "#"))),
            sum(c.isalpha() for c in before),
            float(bool(place) and self._layout.lines[row[place - 1]].text.rstrip().endswith(":")),
            float(above is not None and above.text.rstrip().endswith(":")),
            *self._section(line),
            float(after.lstrip().startswith(":") or line.text[: span.end].endswith(":")),
            float(":" in line.text[span.start : span.end]),
        ]

    def _section(self, line: LayoutLine) -> tuple[float, float]:
        """How near over a line a heading stands that names the seller, or the buyer: 1 just above, 0 none."""
        best: tuple[float, int, tuple[float, float]] | None = None
        for place, row, page, weights in self._role_labels:
            rows = line.row - row
            over = page == line.page and 0 < rows <= SECTION and place <= line.rect.left + self._layout.pitch
            if over and (best is None or (place + self._layout.pitch, row) > best[:2]):
                best = place, row, weights
        if best is None:
            return 0.0, 0.0
        near = 1.0 / (1 + 0.2 * (line.row - best[1] - 1))
        return best[2][0] * near, best[2][1] * near

    @cached_property
    def _role_labels(self) -> list[tuple[float, int, int, tuple[float, float]]]:
        """Left edge, row and page of lines that are a label of a party and nothing else, and whose."""
        found = []
        for line in self._layout.lines:
            for label in self._relations.on_line(line.index):
                weights = tuple(max(label.concepts.get(name, 0.0) for name in names) for names in PARTY_LABELS)
                if label.whole and max(weights) >= 0.5:
                    found.append((line.rect.left, line.row, line.page, (weights[0], weights[1])))
        return found

    def _above(self, line: LayoutLine) -> LayoutLine | None:
        """The nearest line over a line, of the rows just above."""
        for number in range(line.row - 1, max(-1, line.row - 3), -1):
            for index in self._layout.rows[number]:
                other = self._layout.lines[index]
                shared = min(other.rect.right, line.rect.right) - max(other.rect.left, line.rect.left)
                if other.page == line.page and shared > 0:
                    return other
        return None

    def _block(self, line: LayoutLine) -> list[float]:
        if line.block < 0:
            return [*(0.0 for _ in ROLES), 1.0, *(0.0 for _ in BLOCK[len(ROLES) + 1 :])]
        block = self._layout.blocks[line.block]
        cell, place, size = block.cells.get(line.index), block.lines.index(line.index), len(block.lines)
        labelled, top = self._block_labels[line.block]
        return [
            *(float(block.type == role) for role in ROLES),
            0.0,
            size,
            place / max(1, size - 1),
            float(not place),
            float(place == size - 1),
            line.block / max(1, len(self._layout.blocks) - 1),
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
        for block in self._layout.blocks:
            labels = [label for index in block.lines for label in self._relations.on_line(index)]
            top = any(label.whole for label in self._relations.on_line(block.lines[0])) if block.lines else False
            found.append((len(labels), top))
        return found

    def _document(self, candidate: Candidate, shared: CandidateContext) -> list[float]:
        return [min(3, len(self._layout.extents)), shared.order[id(candidate)] / max(1, len(shared.candidates))]

    # -- what it is ---------------------------------------------------------------------------------------------

    def _value(self, candidate: Candidate, shared: CandidateContext) -> list[float]:
        text = candidate.text(self._layout)
        size = max(1, len(text))
        facts = candidate.facts
        read = candidate.confidence(self._layout)
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
            shared.repeated[value_key(candidate)],
            math.log(max(1e-3, read)),
            min(5, len(shared.plausible)),
            len(candidate.spans),
        ]

    def _amount(self, candidate: Candidate, shared: CandidateContext) -> list[float]:
        value, sums = float(candidate.value), self._amounts
        largest = shared.largest
        cents = round(value * 100)
        line = self._layout.lines[candidate.first.line]
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
            shared.larger_below(value, self._layout.depth(line), line.page),
            float(cents in shared.column_sums),
            float(shared.is_product(candidate)),
        ]
