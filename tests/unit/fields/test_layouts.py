"""Invoices of layouts that no rule was written for."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tasks.documents.schemas import prepared
from tests.unit.fields.layouts import invoice
from tests.unit.fields.text_pages import ask, page_of, read
from worker.fields.extract import extract

LAYOUTS = 200
LEAST = 0.98  # of the fields asked

HANDMADE: list[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("handmade_invoices.toml").read_text(encoding="utf-8")
)["invoice"]
SCHEMA = {"invoice_number": "string", "date": "string", "total": "number"}


def test_fields_are_found_whatever_the_layout() -> None:
    wrong: Counter[str] = Counter()
    mistakes = []
    sure_and_wrong = 0
    for seed in range(LAYOUTS):
        drawn = invoice(seed)
        answers = read(drawn.text, SCHEMA, drawn.dayfirst)
        for name, value in drawn.truth.items():
            answer = answers.fields[name]
            if answer.value != value:
                wrong[name] += 1
                sure_and_wrong += answer.value is not None and answer.confidence >= 0.9
                mistakes.append(f"{seed} {name}: {answer.value!r}, not {value!r}")
    assert sum(wrong.values()) <= (1 - LEAST) * LAYOUTS * len(SCHEMA), "\n".join(mistakes)
    assert sure_and_wrong <= 0.02 * LAYOUTS * len(SCHEMA), "\n".join(mistakes)


@pytest.mark.parametrize("document", HANDMADE, ids=[one["invoice_number"] for one in HANDMADE])
def test_an_invoice_is_read_as_a_person_would(document: dict[str, Any]) -> None:
    pages = [page_of(text, number=number) for number, text in enumerate(document["pages"], 1)]
    answers = extract(pages, prepared(SCHEMA))
    for name in SCHEMA:
        assert answers.fields[name].value == document[name], name


FORM = """Admission form

Patient name: John Smith          Admission no: A-20391
Consultant: Dr. Helen Marsh       Ward: 5B
Blood group: A+                   Weight: 79 kg"""


@pytest.mark.parametrize(
    ("name", "value"),
    [("patient_name", "John Smith"), ("consultant", "Dr. Helen Marsh"), ("ward", "5B"), ("blood_group", "A+")],
)
def test_a_callers_own_field_beside_its_label_has_high_confidence(name: str, value: str) -> None:
    answer = ask(FORM, name)
    assert answer.value == value
    assert answer.confidence > 0.9
