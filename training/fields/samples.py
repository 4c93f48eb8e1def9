"""Drawn documents as what the ranker learns from: the features of every candidate, and whether it is the marked value."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocrq.contracts import Line, Page
from training.fields.forms import as_form
from training.random_source import RandomSource
from worker.fields.candidate import Candidate
from worker.fields.candidates import CandidateIndex
from worker.fields.feature_names import ASKED, NAMES
from worker.fields.features import Floats
from worker.fields.folding import letters
from worker.fields.kind_words import KINDS
from worker.fields.label_matching import LabelMatcher
from worker.fields.labels import Label, find_labels
from worker.fields.layout_page import LayoutPage, layout_page_of
from worker.fields.ranking import Ranker
from worker.fields.specs import Spec
from worker.geometry import Bounds, bounds_of

OVERLAP = 0.5
"""Intersection over union from which a candidate is the marked value."""

FORM_SHARE = 0.3
"""Of the documents that name both parties that are told as forms."""

PLAIN_SHARE = 0.08
"""Of the documents that lose their blocks: engines without a layout, and callers' own pages."""

CUT_SHARE = 0.15
"""Of the documents of which a few rows are left."""

ABSENT = 7
"""Fields asked of a document that it does not answer."""

MOST = 40
"""Candidates without a label that are kept of a field."""

UNKNOWN_SHARE = 0.2
"""Of the fields whose concept is hidden: such are the fields of a caller's own, known by their label alone."""


FORGETFUL_SHARE, FORGOTTEN_SHARE = 0.6, 0.5
"""Of the documents that lose labels, and of their labels' wordings, at most, that are lost."""

UNRULED_SHARE = 0.5
"""Of the parties to be told without the points by rules, which were written for receipts."""

NAMED_ALIKE = {"receipt_number": "invoice_number"}
"""What drawn documents mark apart and schemas do not."""

SPEAKING = frozenset({"company", "customer", "address", "customer_address", "date", "total"})
"""Concepts that values answer without a label, too: they are never hidden."""


@dataclass(frozen=True)
class Sample:
    """The candidates of a field of a document."""

    document: int
    concept: str
    features: Floats
    right: NDArray[np.bool_]
    weight: Floats


def documents(folders: Sequence[Path]) -> Iterator[Mapping[str, Any]]:
    """The drawn documents of folders."""
    for folder in folders:
        with (folder / "documents.jsonl").open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)


def samples(drawn: Mapping[str, Any], number: int, rng: RandomSource) -> Iterator[Sample]:
    """What a document teaches.

    Args:
        drawn: Of ``documents.jsonl``.
        number: Of the document.
        rng: For what is left out of it.
    """
    drawn = as_form(drawn, rng) if rng.happens(FORM_SHARE) else drawn
    page = Page.model_validate(drawn["page"])
    if rng.happens(CUT_SHARE):
        page = _cut(page, rng)
    elif rng.happens(PLAIN_SHARE):
        page = page.model_copy(update={"blocks": []})
    layout = layout_page_of([page])
    labels = _forgotten(layout, find_labels(layout, {}), rng)
    relations = LabelMatcher(layout, labels)
    ranker = Ranker(layout, CandidateIndex(layout, labels, drawn["dayfirst"]), relations)
    marks = {NAMED_ALIKE.get(name, name): _bounds(boxes) for name, boxes in drawn["marks"].items()}
    shown = [name for name in ASKED if name in marks]
    others = [name for name in ASKED if name not in marks and drawn["truth"].get(name) is None]
    for concept in [*shown, *rng.sample(others, min(ABSENT, len(others)))]:
        hidden = rng.happens(UNKNOWN_SHARE) and concept not in SPEAKING
        spec = Spec((concept,), {}, {}, KINDS.get(concept, "text"), f"own.{concept}" if hidden else concept)
        described = ranker.described(spec)
        if not described.candidates:
            continue
        rows = described.features
        if hidden and f"label_{concept}" in NAMES:
            rows[:, NAMES.index(f"label_{concept}")] = 0
        if concept in ("company", "address") and rng.happens(UNRULED_SHARE):
            rows = rows.copy()
            rows[:, [NAMES.index(name) for name in ("rule", "rule_lead", "rule_first")]] = 0
        right = np.array([_is(layout, one, marks.get(concept, [])) for one in described.candidates], bool)
        yield _thinned(Sample(number, concept, rows, right, np.ones(len(rows), np.float32)), rng)


def _thinned(sample: Sample, rng: RandomSource) -> Sample:
    """A sample with fewer of its candidates that no label speaks for; the kept ones weigh more."""
    own = sample.features[:, NAMES.index("own")]
    free = np.flatnonzero(~sample.right & (own < 0.05))
    if len(free) <= MOST:
        return sample
    kept = rng.arrays.choice(free, MOST, replace=False)
    weight = sample.weight.copy()
    weight[kept] = len(free) / MOST
    chosen = np.sort(np.concatenate([np.setdiff1d(np.arange(len(own)), free), kept]))
    return replace(sample, features=sample.features[chosen], right=sample.right[chosen], weight=weight[chosen])


def _forgotten(layout: LayoutPage, labels: Sequence[Label], rng: RandomSource) -> list[Label]:
    """The labels without some of their wordings, as on documents that call things by words nobody here has."""
    if not rng.happens(FORGETFUL_SHARE):
        return list(labels)
    share = rng.uniform(0.1, FORGOTTEN_SHARE)
    forgotten: dict[str, bool] = {}
    kept = []
    for label in labels:
        wording = letters(layout.lines[label.line].text[label.start : label.end])
        if not forgotten.setdefault(wording, rng.happens(share)):
            kept.append(label)
    return kept


def _cut(page: Page, rng: RandomSource) -> Page:
    """Some rows of a page, without blocks."""
    lines = sorted((line for line in page.lines if line.box), key=_middle)
    size = rng.randint(2, 14)
    start = rng.randrange(max(1, len(lines) - size))
    return page.model_copy(update={"blocks": [], "lines": lines[start : start + size]})


def _middle(line: Line) -> float:
    return sum(y for _, y in line.box or ())


def _bounds(boxes: Sequence[Sequence[float]]) -> list[Bounds]:
    return [Bounds(*box) for box in boxes]


def _is(layout: LayoutPage, candidate: Candidate, words: Sequence[Bounds]) -> bool:
    """Whether a candidate's letters stand on marked words, all of its own and all of the row's."""
    if not words:
        return False
    inter = own = marked = 0.0
    for span in candidate.spans:
        box = layout.lines[span.line].box(span.start, span.end)
        if box is None:
            return False
        place = bounds_of(box)
        own += place.width
        level = [word for word in words if place.top <= word.middle <= place.bottom]
        inter += sum(max(0.0, min(place.right, w.right) - max(place.left, w.left)) for w in level)
    marked = _run(layout, candidate, words)
    return inter >= 0.6 * own and inter >= 0.6 * marked


def _run(layout: LayoutPage, candidate: Candidate, words: Sequence[Bounds]) -> float:
    """Width of the marked words in the candidate's lines and, for values of several lines, of the block around it."""
    total = 0.0
    for index in {span.line for span in candidate.spans}:
        rect = layout.lines[index].rect
        near = [w for w in words if rect.top <= w.middle <= rect.bottom]
        near = [w for w in near if w.right > rect.left - 2 and w.left < rect.right + 2]
        total += sum(w.right - w.left for w in near)
    below = [
        w
        for w in words
        for rect in [layout.lines[candidate.spans[-1].line].rect]
        if 0 < w.middle - rect.middle < 1.7 * rect.height
        and w.left < rect.right
        and w.right > rect.left
        and w.middle > rect.bottom
    ]
    return total + sum(w.right - w.left for w in below) * 0.5
