"""Checks across fields: sums that must come out, dates that must follow each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from ocrq.contracts import FieldEvidence
from worker.fields.extract import Extraction
from worker.fields.kinds import money
from worker.fields.labels import find_labels
from worker.fields.layout_page import LayoutPage
from worker.fields.specs import Spec, leaves

CENTS = 0.02
"""What amounts may differ by for rounding, in units of the currency."""

FAILED, HELD = 0.5, 0.5
"""A failed check halves the confidence; one that holds halves the doubt."""

EXTRAS = ("discount", "tip", "shipping", "service_charge", "rounding")
"""What may stand between net and tax and the total."""

MOST_EXTRAS = 5
"""Amounts tried in a sum: three ways each."""


@dataclass(frozen=True)
class Check:
    """A check that applied.

    Attributes:
        names: Of the fields it is about.
        holds: Whether it came out.
        message: In words.
    """

    names: tuple[str, ...]
    holds: bool
    message: str


def checked(answers: Extraction) -> Extraction:
    """The answers with the confidence that the checks leave them, failed ones named in ``reason``."""
    fields = dict(answers.fields)
    for check in checks(answers):
        for name in check.names:
            fields[name] = _judged(fields[name], check)
    return replace(answers, fields=fields)


def checks(answers: Extraction) -> list[Check]:
    """All checks that apply to what was found."""
    by_concept = {leaf.concept: leaf for leaf in leaves(answers.spec) if answers.fields[leaf.name].value is not None}
    found = [*_sums(answers, by_concept), *_dates(answers, by_concept), *_items(answers, by_concept)]
    return found


def _sums(answers: Extraction, by_concept: Mapping[str, Spec]) -> Iterator[Check]:
    parts = ("subtotal", "tax", *EXTRAS)
    if not {"total", "subtotal", "tax"} <= set(by_concept):
        return
    amounts = {concept: _number(answers, by_concept[concept]) for concept in (*parts, "total") if concept in by_concept}
    if any(value is None for value in amounts.values()):
        return
    known = {concept: value for concept, value in amounts.items() if value is not None}
    plain = known["subtotal"] + known["tax"]
    extras = [known[concept] for concept in EXTRAS if concept in known]
    names = tuple(by_concept[concept].name for concept in ("subtotal", "tax", "total"))
    holds = any(_makes(base, extras, known["total"]) for base in (plain, known["subtotal"]))
    holds = holds or _makes(plain, _extras_on(answers.layout), known["total"])
    yield Check(names, holds, f"{known['subtotal']:.2f} and {known['tax']:.2f} tax do not make {known['total']:.2f}")


def _makes(base: float, extras: Sequence[float], total: float) -> bool:
    """Whether a sum and some of what is added to it or taken off make a total."""
    steps = [(0.0, abs(extra), -abs(extra)) for extra in extras[:MOST_EXTRAS]]
    return any(abs(base + sum(chosen) - total) <= CENTS for chosen in product(*steps))


def _extras_on(layout: LayoutPage) -> list[float]:
    """Amounts of the rows that a label calls a discount, a fee, carriage or rounding: they may be no fields."""
    rows = {
        layout.lines[label.line].row for label in find_labels(layout, {}) if max(label.concepts.values()) >= 0.5
        and set(label.concepts) & set(EXTRAS)
    }  # fmt: skip
    found = [
        amount
        for row in sorted(rows)
        for index in layout.rows[row]
        for amount in money.on_line(layout.lines[index].text, index, money.decimal_comma(layout))
    ]
    return list(dict.fromkeys(float(amount.value) for amount in found if amount.facts.get("decimals")))


def _dates(answers: Extraction, by_concept: Mapping[str, Spec]) -> Iterator[Check]:
    for earlier, later, words in (
        ("date", "due_date", "it is due before its date"),
        ("start_date", "end_date", "it ends before it starts"),
        ("order_date", "delivery_date", "it was delivered before it was ordered"),
    ):
        if earlier in by_concept and later in by_concept:
            names = (by_concept[earlier].name, by_concept[later].name)
            one, two = (_date(answers, name) for name in names)
            if one and two:
                yield Check(names, one <= two, f"{words} ({two} < {one})")


def _items(answers: Extraction, by_concept: Mapping[str, Spec]) -> Iterator[Check]:
    for array, items in answers.items.items():
        yield from _products(array, items, answers)
        names = [f"{array}[{at}].{key}" for at in range(len(items)) for key in _totals(answers, array)]
        amounts = [answers.fields[name].value for name in names if name in answers.fields]
        sums = [concept for concept in ("subtotal", "total") if concept in by_concept]
        if not sums or len(amounts) < len(items) or not items or not all(isinstance(a, int | float) for a in amounts):
            continue
        sums_found = [(concept, _number(answers, by_concept[concept])) for concept in sums]
        wholes = [value for _, value in sums_found if value is not None]
        if wholes:
            holds = any(abs(sum(amounts) - whole) <= CENTS * max(1, len(amounts)) for whole in wholes)
            about = (*(name for name in names if name in answers.fields), by_concept[sums[0]].name)
            yield Check(about, holds, f"the items add up to {sum(amounts):.2f}, not to {wholes[0]:.2f}")


def _products(array: str, items: list[object], answers: Extraction) -> Iterator[Check]:
    """Quantity times price is the item's amount."""
    keys = _keys(answers, array)
    if not {"quantity", "unit_price", "line_total"} <= set(keys):
        return
    for at in range(len(items)):
        names = tuple(f"{array}[{at}].{keys[concept]}" for concept in ("quantity", "unit_price", "line_total"))
        values = [answers.fields[name].value if name in answers.fields else None for name in names]
        numbers = [float(value) for value in values if isinstance(value, int | float)]
        if len(numbers) == len(names):
            quantity, price, amount = numbers
            holds = abs(quantity * price - amount) <= max(CENTS, 0.005 * abs(quantity))
            yield Check(names, holds, f"{quantity:g} times {price:.2f} is not {amount:.2f}")


def _keys(answers: Extraction, array: str) -> dict[str, str]:
    """Concept to property name of an array's items."""
    from worker.fields.specs import arrays

    spec = next((spec for spec in arrays(answers.spec) if spec.name == array), None)
    return {leaf.concept: leaf.path[-1] for leaf in leaves(spec.items)} if spec is not None and spec.items else {}


def _totals(answers: Extraction, array: str) -> list[str]:
    keys = _keys(answers, array)
    return [keys[concept] for concept in ("line_total", "total") if concept in keys][:1]


def _judged(answer: FieldEvidence, check: Check) -> FieldEvidence:
    if check.holds:
        probability = answer.confidence + (1 - answer.confidence) * HELD
        return answer.model_copy(update={"confidence": round(probability, 4)})
    reason = f"{answer.reason}; {check.message}" if answer.reason else check.message
    return answer.model_copy(update={"confidence": round(answer.confidence * FAILED, 4), "reason": reason})


def _number(answers: Extraction, spec: Spec) -> float | None:
    value = answers.fields[spec.name].value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    winner = answers.winners.get(spec.name)
    return float(winner.candidate.value) if winner and isinstance(winner.candidate.value, float) else None


def _date(answers: Extraction, name: str) -> str | None:
    winner = answers.winners.get(name)
    return str(winner.candidate.value)[:10] if winner else None
