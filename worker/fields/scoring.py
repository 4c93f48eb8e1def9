"""Points for a value as an answer to a field, by its label, competing labels, plausibility, place and arithmetic.

They are one of the ranker's features, and decide alone for kinds that it did not learn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from worker.fields.arithmetic import Amounts
from worker.fields.candidate import Candidate
from worker.fields.kind_words import KINDS
from worker.fields.label_matching import LabelEvidence, LabelMatcher
from worker.fields.layout_page import LayoutPage
from worker.fields.specs import Spec

OWN, COMPETITOR, LOOKS, READ = 3.0, 2.2, 1.0, 0.3
"""Points for a label of the field's own, against one that says otherwise, for its looks, for being read well."""

OUTVOTED = 1.5
"""Points off for a total where another amount is what was paid less the change, or it with tax is another total."""

ALONE = 1.0
"""Points for a total without a label that is the only amount of its document."""

ANSWER = 1.0
"""Points from which a value of a kind that was not learned answers."""

BASE = {
    "party": 0.7,
    "address": 0.7,
    "date": 0.8,
    "datetime": 0.8,
    "email": 0.6,
    "website": 0.6,
    "phone": 0.3,
    "iban": 1.0,
    "bic": 0.0,
    "vat_id": -0.4,
    "money": -0.6,
    "number": -1.2,
    "percentage": 0.1,
    "identifier": -1.2,
    "text": -1.6,
    "currency": 0.9,
    "time": 0.2,
    "enum": 0.3,
    "boolean": -1.5,
    "pattern": 0.4,
}
"""Points a value of the kind has without any label: some kinds speak for themselves."""

FINDS_ITSELF = {
    "date",
    "company",
    "address",
    "currency",
    "email",
    "phone",
    "website",
    "iban",
    "vat_id",
    "bic",
    "time",
    "tax_rate",
}
"""Concepts that a value may answer without a label; a due date without one is not a due date."""

NEUTRAL = {
    "page",
    "description",
    "sku",
    "position",
    "line_total",
    "tax_column",
    "summary",
    "time",
    "cashier",
    "payment_method",
    "bank",
    "currency",
    "reference",
}
"""Concepts that do not speak against another one as strongly."""


_CONTRADICTS: dict[str, frozenset[str]] = {
    "date": frozenset({"datetime", "period"}),
    "datetime": frozenset({"date", "period"}),
    "money": frozenset({"number", "percentage", "count", "savings", "table", "page", "identifier"}),
    "number": frozenset({"money", "percentage", "table", "page", "identifier"}),
    "identifier": frozenset({"vat_id", "iban", "bic", "phone", "cashier", "table", "page", "date", "number", "money"}),
    "vat_id": frozenset({"identifier", "phone", "iban"}),
    "phone": frozenset({"identifier", "vat_id"}),
    "party": frozenset({"address", "cashier", "bank"}),
    "address": frozenset({"bank"}),
}
"""Kinds, and concepts without one, whose labels speak against a kind's values; its own kind's always do."""


def _competitors(kind: str, concept: str) -> bool:
    """Whether a label of another concept speaks against a value of a kind: if the value could be what it means."""
    other = KINDS.get(concept, concept)
    if kind == "address":
        return other in ("address", "bank") or concept == "customer"
    return kind in ("text", "boolean") or kind == other or other in _CONTRADICTS.get(kind, ())


class Scorer:
    """Scores candidates of one document.

    Args:
        layout: The document.
        relations: Its labels' say.
        amounts: Its arithmetic.
    """

    def __init__(self, layout: LayoutPage, relations: LabelMatcher, amounts: Amounts) -> None:
        self._layout, self._relations, self._amounts = layout, relations, amounts

    def score(self, spec: Spec, candidate: Candidate, label_evidences: Sequence[LabelEvidence]) -> float:
        """The candidate's points for a field."""
        own, competitor = self._labels(spec, label_evidences)
        if spec.concept == "total" and isinstance(candidate.value, float) and self._is_whole(candidate):
            competitor = (
                0.0  # what was paid less the change is the total, whatever its label says, and so is a lone sum
            )
        points = BASE.get(spec.kind, -1.0) + OWN * own - COMPETITOR * max(0.0, competitor - own)
        points += LOOKS * candidate.plausibility + READ * math.log(max(1e-3, candidate.confidence(self._layout))) / 2
        if (
            own == 0
            and spec.kind in ("date", "datetime", "phone", "email", "vat_id")
            and spec.concept not in FINDS_ITSELF
        ):
            points -= 1.5
        return points + self._more(spec, candidate, own)

    def _is_whole(self, candidate: Candidate) -> bool:
        """Whether an amount is the total whatever it is called."""
        alone = bool(candidate.facts.get("decimals")) and self._amounts.is_alone(candidate.value)
        return alone or self._amounts.proves(candidate.value)

    def _labels(self, spec: Spec, label_evidences: Sequence[LabelEvidence]) -> tuple[float, float]:
        own = competitor = 0.0
        for label_evidence in label_evidences:
            concepts = label_evidence.label.concepts
            weight = max(concepts.get(spec.concept, 0.0), concepts.get(spec.name, 0.0))
            if self._relations.is_header(label_evidence.label):
                competitor = max(competitor, 0.5 * label_evidence.strength)
            elif weight:
                own = max(own, weight * label_evidence.strength)
            else:
                named = max((w for concept, w in concepts.items() if _competitors(spec.kind, concept)), default=0.0)
                neutral = all(concept in NEUTRAL for concept in concepts)
                competitor = max(competitor, label_evidence.strength * named * (0.4 if neutral else 1.0))
        return own, competitor

    def _more(self, spec: Spec, candidate: Candidate, own: float) -> float:
        line = self._layout.lines[candidate.first.line]
        depth = self._layout.depth(line)
        first = line.page == self._layout.lines[0].page
        if spec.kind == "money" and spec.concept == "total":
            value = float(candidate.value)
            outvoted = self._amounts.disproves(value) or self._amounts.is_net(value)
            support = self._amounts.support(value) - (OUTVOTED if outvoted else 0.0)
            support += ALONE if not own and self._is_whole(candidate) else 0.0
            largest = max((abs(v) for v in self._amounts.of("total")), default=0.0)
            share = abs(value) / largest if largest else 0.0
            return (
                support
                + (
                    0.6 * min(1.0, share) + 0.5 * depth + 0.3 * (line.page - self._layout.lines[0].page > 0)
                    if own
                    else 0.0
                )
                - (0.7 if value == 0 else 0)
            )
        if spec.kind in ("date", "datetime"):
            return 0.3 * bool(candidate.facts.get("timed")) + 0.2 * first - 0.2 * depth
        if spec.kind in ("party", "address"):
            return (0.5 if first and spec.concept in ("company", "address") else 0.0) * (1 - depth) - (
                0 if first else 0.5
            )
        return 0.1 * first - 0.1 * depth
