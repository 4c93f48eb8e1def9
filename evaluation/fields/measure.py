"""Answers against truth: which are right, how sure they were, and whether they stand where they say."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from rapidfuzz.fuzz import ratio

from evaluation.fields.sources import Case
from worker.fields.extract import Extraction
from worker.fields.kinds import dates

SURE = 0.9
ALIKE = 80
"""Similarity of descriptions, in hundredths, from which two rows are the same item."""

CENT = 0.005
OVERLAP = 0.5
PARTIES = ("seller", "buyer", "company")


@dataclass
class Tally:
    """Counts of a group of documents.

    Attributes:
        documents: How many.
        found: By field: right, given, in the truth.
        items: Rows right, given, in the truth.
        priced: Matched rows whose quantity and price are right, and those that have both.
        judged: Each value given: its confidence, whether it is right, its field and document.
        grounded: Right values whose box is right, and right values with marks.
        seconds: CPU time of extraction.
    """

    documents: int = 0
    found: dict[str, list[int]] = field(default_factory=dict)
    items: list[int] = field(default_factory=lambda: [0, 0, 0])
    priced: list[int] = field(default_factory=lambda: [0, 0])
    judged: list[tuple[float, bool, str, str]] = field(default_factory=list)
    grounded: list[int] = field(default_factory=lambda: [0, 0])
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


def score(case: Case, answers: Extraction, data: Mapping[str, Any], tally: Tally) -> None:
    """Add a document's answers to the counts.

    Args:
        case: The document.
        answers: What was found.
        data: ``structured_data``.
        tally: Is changed.
    """
    tally.documents += 1
    for name in case.schema:
        if name == "items":
            continue
        truth, answer = case.truth.get(name), answers.fields[name]
        if truth is None and not case.complete:
            continue
        counts = tally.found.setdefault(name, [0, 0, 0])
        right = truth is not None and answer.value is not None and is_same(name, answer.value, truth, case.dayfirst)
        counts[0] += right
        counts[1] += answer.value is not None
        counts[2] += truth is not None
        if answer.value is not None:
            tally.judged.append((answer.confidence, right, name, case.name))
            if right and case.marks.get(name) and answer.box:
                tally.grounded[0] += _stands_there(answer.box, case.marks[name])
                tally.grounded[1] += 1
        if not right and (truth is not None or answer.value is not None):
            tally.wrong.append(f"{case.name} {name}: {answer.value!r} ({answer.confidence:.2f}), not {truth!r}")
    if "items" in case.schema and case.items:
        _score_items(case.items, data.get("items") or [], tally)


def is_same(name: str, value: Any, truth: Any, dayfirst: bool = True) -> bool:
    """Whether a value is right: numbers to the cent, dates by day, texts by letters and digits."""
    if isinstance(truth, int | float):
        return isinstance(value, int | float) and abs(float(value) - float(truth)) < CENT
    if "date" in name:
        return _day(str(value), dayfirst) == _day(str(truth), dayfirst)
    return bare(str(value)) == bare(str(truth))


def bare(text: str) -> str:
    """Letters and digits of a text, without case and composition."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text).casefold())


def _day(text: str, dayfirst: bool) -> str | None:
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        return dates.parse(text, dayfirst)


def _score_items(truth: Sequence[Mapping[str, Any]], given: Sequence[Mapping[str, Any]], tally: Tally) -> None:
    """Match rows in their order; a row is right where its description and amount are."""
    free = list(given)
    tally.items[1] += len(free)
    tally.items[2] += len(truth)
    for row in truth:
        match = next((one for one in free if _is_row(row, one)), None)
        if match is None:
            continue
        free.remove(match)
        tally.items[0] += 1
        asked = [key for key in ("quantity", "unit_price") if key in row]
        if asked:
            tally.priced[1] += 1
            tally.priced[0] += all(_is_number(match.get(key), row[key]) for key in asked)


def _is_row(truth: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    if "amount" in truth and not _is_number(given.get("amount"), truth["amount"]):
        return False
    return ratio(bare(str(truth.get("description", ""))), bare(str(given.get("description") or ""))) >= ALIKE


def _is_number(value: Any, truth: float) -> bool:
    return isinstance(value, int | float) and abs(float(value) - float(truth)) < CENT


def _stands_there(box: Sequence[Sequence[float]], words: Sequence[Sequence[float]]) -> bool:
    """Whether a value's box overlaps the words it stands on by half (intersection over union)."""
    xs, ys = [x for x, _ in box], [y for _, y in box]
    left, top, right, bottom = min(xs), min(ys), max(xs), max(ys)
    inside = [w for w in words if left <= (w[0] + w[2]) / 2 <= right and top <= (w[1] + w[3]) / 2 <= bottom]
    if not inside:
        return False
    hull = (min(w[0] for w in inside), min(w[1] for w in inside), max(w[2] for w in inside), max(w[3] for w in inside))
    width = min(right, hull[2]) - max(left, hull[0])
    height = min(bottom, hull[3]) - max(top, hull[1])
    both = max(0.0, width) * max(0.0, height)
    areas = (right - left) * (bottom - top) + (hull[2] - hull[0]) * (hull[3] - hull[1])
    return both >= OVERLAP * (areas - both)


def f1(counts: Sequence[int]) -> float:
    """Of right, given and true ones."""
    right, given, true = counts
    return 2 * right / (given + true) if given + true else 0.0


def total(tally: Tally, names: Iterable[str] | None = None) -> list[int]:
    """Right, given and true values over fields."""
    chosen = tally.found if names is None else {n: tally.found[n] for n in names if n in tally.found}
    return [sum(counts[place] for counts in chosen.values()) for place in range(3)]


def wrong_and_sure(tally: Tally) -> tuple[int, int]:
    """Wrong values said at :data:`SURE` or more, and all said so."""
    sure = [right for confidence, right, *_ in tally.judged if confidence >= SURE]
    return sum(not right for right in sure), len(sure)


def calibration_error(judged: Sequence[tuple[float, bool, str, str]], bins: int = 10) -> float:
    """Expected calibration error (M. P. Naeini and others, 2015): bins' gaps between confidence and truth."""
    sums: dict[int, list[float]] = {}
    counts: Counter[int] = Counter()
    for confidence, right, *_ in judged:
        place = min(int(confidence * bins), bins - 1)
        gap = sums.setdefault(place, [0.0, 0.0])
        gap[0] += confidence
        gap[1] += right
        counts[place] += 1
    return sum(abs(confidences - true) for confidences, true in sums.values()) / max(1, len(judged))
