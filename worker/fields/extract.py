"""From pages and a schema to fields: candidates, scores, the best assignment, evidence."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ocrq.contracts import FieldEvidence, Page
from worker.fields.assignment import assigned
from worker.fields.calibration import confidence
from worker.fields.candidates import CandidateIndex
from worker.fields.coercion import ABSENT, Coercer
from worker.fields.evidence import evidence, missing
from worker.fields.item_rows import ItemRows
from worker.fields.items import line_items
from worker.fields.label_matching import LabelMatcher
from worker.fields.labels import find_labels
from worker.fields.layout_page import LayoutPage, layout_page_of
from worker.fields.ranking import THRESHOLD, Ranker, Scored
from worker.fields.specs import Spec, arrays, leaves, spec_of
from worker.fields.sums import SUM, adding_up
from worker.fields.tax_rows import tax_rows

Json = dict[str, Any]

UNCERTAIN = 0.85
"""Most confidence of what may be meant otherwise than printed: a credit note's sign, and whose dollars "$" are."""

CLOSE = 1.5
"""Log odds from another name within which a name may be cut off, or joined with what follows."""

_LOOKALIKE = re.compile(r"(?<=\d)[OIlSBGZ](?=\d|\W|$)|(?<![A-Za-z])[OIlSBGZ](?=\d)")
"""A letter that digits are read as, where a digit may be."""


@dataclass(frozen=True)
class Extraction:
    """What was found.

    Attributes:
        spec: What was asked.
        layout: The document.
        found: Its candidates of every kind.
        fields: By dotted name; ``items[0].amount`` inside arrays.
        winners: The scored candidates behind them, by name, for checks and calibration.
        features: What each one's confidence was made of.
        items: For each array, by name: its items as plain values.
    """

    spec: Spec
    layout: LayoutPage
    found: CandidateIndex
    fields: dict[str, FieldEvidence]
    winners: dict[str, Scored] = field(default_factory=dict)
    features: dict[str, dict[str, float]] = field(default_factory=dict)
    items: dict[str, list[Any]] = field(default_factory=dict)


def extract(pages: Sequence[Page], schema: Json, dayfirst: bool | None = None) -> Extraction:
    """Find the fields of a schema on pages.

    Args:
        pages: As read.
        schema: As :func:`tasks.documents.schemas.prepared` gives it.
        dayfirst: Whether 04/05 is the fourth of May; None decides by the document.
    """
    spec, layout = spec_of(schema), layout_page_of(pages)
    asked = list(leaves(spec))
    own = {leaf.name: leaf.phrases for leaf in [*asked, *_item_leaves(spec)] if leaf.phrases}
    labels = find_labels(layout, own)
    return _Extraction(spec, layout, CandidateIndex(layout, labels, dayfirst), LabelMatcher(layout, labels)).answers(
        asked
    )


def _item_leaves(spec: Spec) -> list[Spec]:
    return [leaf for array in arrays(spec) if array.items for leaf in leaves(array.items)]


class _Extraction:
    def __init__(self, spec: Spec, layout: LayoutPage, found: CandidateIndex, relations: LabelMatcher) -> None:
        self._spec, self._layout, self._found, self._relations = spec, layout, found, relations
        self._ranker = Ranker(layout, found, relations)
        self._proven: dict[str, Scored] = {}
        self._alone = False  # whether no other total adds up
        self._certainty = 0.0  # of all winners: low on a document unlike those that the ranker learned from

    def answers(self, asked: Sequence[Spec]) -> Extraction:
        groups: dict[tuple[str, str], list[Spec]] = defaultdict(list)
        for leaf in asked:
            groups[leaf.concept, leaf.kind].append(leaf)
        scored = {leaf.name: self._scored(leaf) for members in groups.values() for leaf in members[:1]}
        self._proven, self._alone = self._adding_up(groups, scored)
        offered = {name: [one for one, _ in found] for name, found in scored.items()}
        chosen = assigned({**offered, **{name: [one] for name, one in self._proven.items()}})
        certain = [1 / (1 + math.exp(-one.points)) for one in chosen.values() if one.learned]
        self._certainty = sum(certain) / len(certain) if certain else 0.0
        fields: dict[str, FieldEvidence] = {}
        winners: dict[str, Scored] = {}
        features: dict[str, dict[str, float]] = {}
        for members in groups.values():
            for leaf in members:
                winner = chosen.get(members[0].name)
                value = (
                    ABSENT
                    if winner is None
                    else Coercer(leaf).of(winner.candidate, winner.candidate.text(self._layout))
                )
                if winner is None or value is ABSENT:
                    fields[leaf.name] = missing(_why(leaf, scored[members[0].name], self._layout))
                    continue
                features[leaf.name] = self._features(leaf, winner, [one for one, _ in scored[members[0].name]])
                probability = min(confidence(features[leaf.name]), UNCERTAIN if _is_uncertain(leaf, winner) else 1.0)
                fields[leaf.name] = evidence(self._layout, winner.candidate, value, probability)
                winners[leaf.name] = winner
        items = {array.name: self._items(array, fields) for array in arrays(self._spec)}
        return Extraction(self._spec, self._layout, self._found, fields, winners, features, items)

    def _adding_up(
        self, groups: Mapping[tuple[str, str], Sequence[Spec]], scored: Mapping[str, Sequence[tuple[Scored, Any]]]
    ) -> tuple[dict[str, Scored], bool]:
        """Net amount, tax and total that add up, by the names of their fields, and whether no other total does."""
        names = {concept: members[0].name for (concept, kind), members in groups.items() if kind == "money"}
        sums = {c: [one for one, _ in scored[name]] for c, name in names.items() if c in SUM}
        proven = tax_rows(ItemRows(self._layout, self._relations)) if len(sums) == len(SUM) else []
        found, alone = adding_up(sums, {row.cells["tax"].first for row in proven if row.proven})
        return {names[concept]: one for concept, one in found.items()}, alone

    def _scored(self, leaf: Spec) -> list[tuple[Scored, Any]]:
        """A field's candidates that have a valid form, with their points and that form."""
        coercer = Coercer(leaf)
        forms = (
            (one, coercer.of(one.candidate, one.candidate.text(self._layout))) for one in self._ranker.scored(leaf)
        )
        return [(one, form) for one, form in forms if form is not ABSENT]

    def _features(self, leaf: Spec, winner: Scored, others: Sequence[Scored]) -> dict[str, float]:
        """What a value's confidence is made of."""
        if not winner.learned:
            return self._ruled_features(winner, others)
        competitors = [one.points for one in others if one.candidate.value != winner.candidate.value]
        agreeing = [one for one in others if one.candidate.value == winner.candidate.value and one.points > 0]
        margin = max(0.0, min(6.0, winner.points - max(competitors, default=winner.points - 6.0)))
        coded = leaf.kind in ("identifier", "vat_id", "iban") and _LOOKALIKE.search(str(winner.candidate.value))
        return {
            "points": max(-3.0, min(winner.points, 7.0)),
            "margin": margin,
            "close": max(0.0, 1 - margin / CLOSE) if leaf.kind == "party" else 0.0,
            "lookalike": float(bool(coded)),
            "read": math.log(max(1e-2, winner.candidate.confidence(self._layout))),
            "own": winner.own,
            "rival": winner.competitor,
            "repeated": min(3, len(agreeing)) - 1.0,
            "certainty": self._certainty,
            "proven": float(self._alone and self._proven.get(leaf.name) is winner),
            f"kind_{leaf.kind}": 1.0,
            "ambiguous": float(bool(winner.candidate.facts.get("ambiguous")) or _is_negative(winner)),
        }

    def _ruled_features(self, winner: Scored, others: Sequence[Scored]) -> dict[str, float]:
        competitors = [one.rule for one in others if one.candidate.value != winner.candidate.value]
        return {
            "by_rules": 1.0,
            "rule": min(winner.rule, 8.0),
            "rule_margin": min(3.0, winner.rule - max(competitors, default=winner.rule - 3.0)),
            "rule_read": winner.candidate.confidence(self._layout),
            "rule_own": winner.own,
            "rule_ambiguous": float(bool(winner.candidate.facts.get("ambiguous"))),
        }

    def _items(self, array: Spec, fields: dict[str, FieldEvidence]) -> list[Any]:
        if array.items is None:
            return []
        if array.items.kind == "object":
            return line_items(array, self._layout, self._relations, fields)
        return self._several(array, array.items, fields)

    def _several(self, array: Spec, item: Spec, fields: dict[str, FieldEvidence]) -> list[Any]:
        """All distinct values of a kind that answer an array's items."""
        if item.kind in ("object", "array"):
            return []
        values: list[Any] = []
        for one, value in sorted(self._scored(item), key=lambda pair: pair[0].candidate.first.line):
            if one.points >= THRESHOLD and value not in values:
                name = f"{array.name}[{len(values)}]"
                probability = confidence(self._features(item, one, [one]))
                fields[name] = evidence(self._layout, one.candidate, value, probability)
                values.append(value)
        return values


def _is_uncertain(leaf: Spec, winner: Scored) -> bool:
    """Whether a value may be meant otherwise: an amount with a sign, a currency that several countries print alike."""
    return _is_negative(winner) or leaf.kind == "currency" and bool(winner.candidate.facts.get("ambiguous"))


def _is_negative(winner: Scored) -> bool:
    """Whether a value is a credit note's amount, which some write with a sign and some without."""
    return isinstance(winner.candidate.value, float) and winner.candidate.value < 0


def _why(leaf: Spec, scored: Sequence[tuple[Scored, Any]], layout: LayoutPage) -> str:
    """Why a field has no value."""
    kind = {"text": "text", "party": "name", "vat_id": "VAT number", "enum": "listed value"}.get(leaf.kind, leaf.kind)
    if not layout.lines:
        return "no text was read"
    if not scored:
        return f"nothing on the page is a valid {kind} for this field"
    label = leaf.path[-1].replace("_", " ")
    return f"no {kind} on the page stands where it would answer {label!r}"
