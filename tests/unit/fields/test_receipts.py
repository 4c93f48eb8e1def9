"""Receipts that no rule was written for: drawn by the hundred, and made up by hand."""

from __future__ import annotations

import time
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fields.receipts import COUNTRIES, receipt
from tests.unit.fields.text_pages import read
from worker.fields.folding import letters

RECEIPTS = 140
LEAST = 0.97  # of each field
SECONDS = 10.0  # generous: patterns that go back and forth take minutes

SCHEMA = {"company": "string", "date": "string", "total": "number", "address": "string"}
HANDMADE: list[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("handmade_receipts.toml").read_text(encoding="utf-8")
)["receipt"]


def same(name: str, value: Any, truth: Any) -> bool:
    """Whether a value is right; spaces, punctuation and case do not count in texts."""
    if name in ("company", "address"):
        return letters(str(value)) == letters(truth)
    return bool(value == truth)


def test_fields_are_found_on_receipts_of_many_countries() -> None:
    wrong: Counter[str] = Counter()
    mistakes = []
    for seed in range(RECEIPTS):
        drawn = receipt(seed)
        answers = read(drawn.text, SCHEMA)
        for name, truth in drawn.truth.items():
            answer = answers.fields[name]
            if not same(name, answer.value, truth):
                wrong[name] += 1
                mistakes.append(f"{seed} {name}: {answer.value!r} ({answer.confidence}), not {truth!r}")
    assert all(count <= (1 - LEAST) * RECEIPTS for count in wrong.values()), "\n".join(mistakes)


@pytest.mark.parametrize("country", COUNTRIES)
def test_no_country_is_left_out(country: str) -> None:
    drawn = receipt(seed=7, country=country, noise=False)
    answers = read(drawn.text, SCHEMA)
    for name, truth in drawn.truth.items():
        assert same(name, answers.fields[name].value, truth), drawn.text


@pytest.mark.parametrize("document", HANDMADE, ids=[one["company"] for one in HANDMADE])
def test_a_receipt_is_read_as_a_person_would(document: dict[str, Any]) -> None:
    answers = read(document["text"], SCHEMA)
    for name in SCHEMA:
        assert same(name, answers.fields[name].value, document[name])


@pytest.mark.parametrize("noise", [" ", ", ", "(", "no ", "O1l", "1/"])
def test_a_line_without_end_is_read_in_bounded_time(noise: str) -> None:
    begun = time.monotonic()
    read("SHOP\n" + f"a{noise * 1500}b", SCHEMA)
    assert time.monotonic() - begun < SECONDS


@pytest.mark.parametrize(
    ("head", "company"),
    [
        ("MORNING BREW COFFEE CO. RIVERSIDE MALL", "MORNING BREW COFFEE CO"),
        ("SRI BAYU (M) SDN BHD (123456-X)", "SRI BAYU (M) SDN BHD"),
        ("SRI BAYU\n(M) SDN BHD", "SRI BAYU (M) SDN BHD"),
        ("tan mei ling\nSRI BAYU TRADING\nJM0326955-V", "SRI BAYU TRADING"),
        ("TAX INVOICE\nSRI BAYU SDN BHD FORMERLY KNOWN AS OLD BAYU SDN BHD", "SRI BAYU SDN BHD"),
        ("OLD CORNER\nOWN BY: SRI BAYU SDN BHD", "SRI BAYU SDN BHD"),
    ],
)
def test_a_shop_is_called_by_its_name_alone(head: str, company: str) -> None:
    answers = read(f"{head}\nNO 5, JALAN BESAR,\n43000 KAJANG, SELANGOR (GST ID: 000504664064)\nTOTAL 5.00", SCHEMA)
    assert letters(answers.fields["company"].value) == letters(company)
    assert letters(answers.fields["address"].value) == letters("NO 5, JALAN BESAR, 43000 KAJANG, SELANGOR")
