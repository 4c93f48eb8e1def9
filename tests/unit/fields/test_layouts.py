"""Invoices of layouts that no rule was written for."""

from __future__ import annotations

from collections import Counter

from tests.unit.fields.layouts import invoice
from tests.unit.fields.sheets import read

LAYOUTS = 80
LEAST = 0.95  # of the fields asked

SCHEMA = {"invoice_number": "string", "date": "string", "total": "number"}


def test_fields_are_found_whatever_the_layout() -> None:
    wrong: Counter[str] = Counter()
    told = []
    sure_and_wrong = 0
    for seed in range(LAYOUTS):
        drawn = invoice(seed)
        answers = read(drawn.text, SCHEMA, drawn.dayfirst)
        for name, value in drawn.truth.items():
            answer = answers.fields[name]
            if answer.value != value:
                wrong[name] += 1
                sure_and_wrong += answer.value is not None and answer.confidence >= 0.9
                told.append(f"{seed} {name}: {answer.value!r}, not {value!r}")
    assert sum(wrong.values()) <= (1 - LEAST) * LAYOUTS * len(SCHEMA), "\n".join(told)
    assert sure_and_wrong <= 0.02 * LAYOUTS * len(SCHEMA), "\n".join(told)
