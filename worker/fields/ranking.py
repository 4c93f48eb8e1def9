"""Which values answer a field, and how likely: candidates described by features, scored by gradient-boosted trees.

The trees were trained on drawn documents (``training/fields``); their weights are in ``weights/ranker.npz``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np

from worker.fields.arithmetic import Amounts
from worker.fields.candidate import Candidate, Span
from worker.fields.candidates import CandidateIndex
from worker.fields.feature_names import ASKED, LEARNED_KINDS, NAMES
from worker.fields.features import FeatureBuilder, Floats
from worker.fields.label_matching import LabelEvidence, LabelMatcher
from worker.fields.layout_page import LayoutPage
from worker.fields.recipients import contacts, firms_over_persons
from worker.fields.scoring import ANSWER, Scorer
from worker.fields.specs import Spec
from worker.fields.trees import TreeModel, load_trees

WEIGHTS = Path(__file__).parent / "weights" / "ranker.npz"

SAME_KIND = {"datetime": "date"}
"""Kinds that were not learned, and the one that their values stand like."""

WORDS = frozenset({"party", "text", "identifier", "address"})
"""Kinds whose values are words, which a label could be taken for."""

_OWN, _COMPETITOR, _RULE = NAMES.index("own"), NAMES.index("rival"), NAMES.index("rule")

THRESHOLD = -2.0
"""Log odds under which a value is not an answer; those little over it say by their confidence that they are unsure."""

BARE = 0.5
"""Plausibility of an amount without decimals and currency: less than this."""

BY_PLACE = frozenset({"customer", "customer_address", "shipping_address"})
"""Concepts whose values the rules cannot tell from the seller's."""

BY_BOTH = frozenset({"company", "address"})
"""Concepts scored with the points by rules and without them, and by the mean: the rules know receipts best."""

WITH_PERSON = -1.0
"""Log odds, at the least, of a buyer on whose name that of a person there follows: sellers have such lines, too."""

ADDRESSED = 1.0
"""Log odds, at the least, of a buyer whose name stands over that of a person there."""

ALONE = 0.0
"""Log odds, at the least, of a total that is the only amount of its document."""

SLOPE = 1.2
"""Log odds a point by rules is worth."""


@dataclass(frozen=True)
class Scored:
    """A candidate for a field.

    Attributes:
        candidate: The value.
        points: Log odds that it answers the field.
        rule: Points by the rules alone, which decide for fields that the ranker did not learn.
        learned: Whether the ranker learned the field.
        own: Strength of the field's label, 0 to 1.
        competitor: Strength of the strongest other label.
    """

    candidate: Candidate
    points: float
    rule: float
    learned: bool
    own: float
    competitor: float


@dataclass(frozen=True)
class Described:
    """The candidates of a field with their features, a row each."""

    candidates: list[Candidate]
    features: Floats


class Ranker:
    """Scores the candidates of one document.

    Args:
        layout: The document.
        found: Its candidates.
        relations: Its labels.
    """

    def __init__(self, layout: LayoutPage, found: CandidateIndex, relations: LabelMatcher) -> None:
        self._layout, self._found, self._relations = layout, found, relations
        self._known: dict[str, tuple[list[tuple[Candidate, list[LabelEvidence]]], Floats]] = {}

    def scored(self, leaf: Spec) -> list[Scored]:
        """A field's candidates with their log odds."""
        described = self.described(leaf)
        if not described.candidates:
            return []
        kind = SAME_KIND.get(leaf.kind, leaf.kind)
        learned = kind in LEARNED_KINDS and leaf.concept in ASKED
        if learned:
            model = _model("parties" if leaf.concept in BY_PLACE | BY_BOTH else "ranker")
            points = model(described.features)
            if leaf.concept in BY_BOTH:
                unruled = described.features.copy()
                unruled[:, _RULE : _RULE + 3] = 0
                points = np.asarray((points + model(unruled)) / 2, np.float32)
            points = self._corrected(leaf.concept, described.candidates, points)
        else:
            points = SLOPE * (described.features[:, _RULE] - ANSWER) + THRESHOLD
        return [
            Scored(candidate, float(one), float(row[_RULE]), learned, float(row[_OWN]), float(row[_COMPETITOR]))
            for candidate, one, row in zip(described.candidates, points, described.features, strict=True)
        ]

    def _corrected(self, concept: str, candidates: Sequence[Candidate], points: Floats) -> Floats:
        """Points with what holds whatever was learned: a name goes on below, a lone amount is the total."""
        alone = {one.first: float(at) for one, at in zip(candidates, points, strict=True) if len(one.spans) == 1}
        corrected = []
        for one, at in zip(candidates, points, strict=True):
            least = alone.get(one.first, at) + 0.1 if one.facts.get("joined") else at
            if concept == "total" and one.facts.get("decimals") and self._amounts.is_alone(float(one.value)):
                least = max(least, ALONE)
            if concept == "customer" and one.spans[-1].line in self._contacts.values():
                least = max(least, ADDRESSED)
            if concept == "customer" and one.first.line in self._persons.values():
                least = max(least, WITH_PERSON)
            corrected.append(max(at, least))
        return np.array(corrected, np.float32)

    def described(self, leaf: Spec) -> Described:
        """A field's candidates with their features."""
        evidenced, base = self._of(leaf)
        kind = SAME_KIND.get(leaf.kind, leaf.kind)
        rows = self._builder.asked(base, kind, leaf.concept, leaf.name, [labels for _, labels in evidenced])
        if leaf.concept not in BY_PLACE:
            rows[:, _RULE : _RULE + 3] = self._rules(leaf, evidenced)
        return Described([candidate for candidate, _ in evidenced], rows)

    def _rules(self, leaf: Spec, evidenced: Sequence[tuple[Candidate, list[LabelEvidence]]]) -> Floats:
        """Points by rules, how far they lead the best of another value, and whether they are the most."""
        points = [self._scorer.score(leaf, candidate, labels) for candidate, labels in evidenced]
        best: dict[str, float] = {}
        for (candidate, _), one in zip(evidenced, points, strict=True):
            best[str(candidate.value)] = max(one, best.get(str(candidate.value), -9.0))
        ordered = sorted(best.values(), reverse=True)
        first, second = (*ordered, -3.0, -3.0)[:2]
        rows = []
        for (candidate, _), one in zip(evidenced, points, strict=True):
            other = second if best[str(candidate.value)] == first else first
            rows.append((one, max(-6.0, min(6.0, one - other)), float(one >= first)))
        return np.array(rows, np.float32).reshape(len(rows), 3)

    @cached_property
    def _amounts(self) -> Amounts:
        labelled = [
            (amount, [one for one in labels if not self._relations.is_header(one.label)])
            for amount, labels in self._with_evidence(self._found.of("money"))
        ]
        return Amounts(labelled, self._layout)

    @cached_property
    def _scorer(self) -> Scorer:
        return Scorer(self._layout, self._relations, self._amounts)

    @cached_property
    def _builder(self) -> FeatureBuilder:
        return FeatureBuilder(self._layout, self._relations, self._amounts, self._found.of("address"))

    def _of(self, leaf: Spec) -> tuple[list[tuple[Candidate, list[LabelEvidence]]], Floats]:
        key = leaf.name if leaf.kind in ("enum", "pattern") else leaf.kind
        if key not in self._known:
            found = [one for one in self._candidates(leaf) if not (leaf.kind in WORDS and self._is_label(one))]
            if leaf.kind == "party":
                persons = {*self._contacts, *self._persons}
                found = [one for one in found if one.first.line not in persons]
            evidenced = self._with_evidence(found)
            self._known[key] = evidenced, self._builder.base(leaf.kind, evidenced)
        return self._known[key]

    def _candidates(self, leaf: Spec) -> list[Candidate]:
        if leaf.kind == "enum":
            values = leaf.merged.get("enum", [leaf.merged.get("const")])
            return self._found.among(values if isinstance(values, list) else [])
        if leaf.kind == "pattern":
            return self._found.matching(str(leaf.merged["pattern"]))
        return self._found.of(leaf.kind)

    @cached_property
    def _contacts(self) -> dict[int, int]:
        return contacts(self._layout, self._relations)

    @cached_property
    def _persons(self) -> dict[int, int]:
        return firms_over_persons(self._layout, self._relations, self._found.of("party"))

    def _is_label(self, candidate: Candidate) -> bool:
        """Whether a value is a label and nothing else."""
        span = candidate.first
        return len(candidate.spans) == 1 and any(
            label.start <= span.start + 1 and label.end >= span.end - 1 for label in self._relations.on_line(span.line)
        )

    def _with_evidence(self, candidates: Sequence[Candidate]) -> list[tuple[Candidate, list[LabelEvidence]]]:
        competitors: dict[int, list[Span]] = defaultdict(list)
        for candidate in candidates:
            if "decimals" in candidate.facts and candidate.plausibility < BARE:
                continue  # a count between a total's label and its amount does not take the label away
            for span in candidate.spans:
                competitors[span.line].append(span)
        return [(candidate, self._relations.of(candidate, competitors)) for candidate in candidates]


@cache
def _model(name: str) -> TreeModel:
    return load_trees(WEIGHTS, name)
