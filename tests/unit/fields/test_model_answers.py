"""What a model answers, repaired, and each of its values looked for on the page."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ocrq.contracts import Metadata, Page, ReadRequest
from tasks.documents.schemas import prepared
from tests.unit.fields.text_pages import page_of
from worker.fields.prompt import answered, merged_answers, schema_prompt
from worker.fields.result import structured_result

PAGE = page_of(
    """
ACME GLOBAL
TRADING LTD
Invoice No: INV-001
Datum: 31.01.2024
Summe 1.234,56 EUR
"""
)
SCHEMA = {"invoice_number": "string", "date": "date", "total": "number", "company": "string", "colour": "string"}


def result(reply: str, pages: list[Page] | None = None, schema: Any = None) -> Any:
    request = ReadRequest(schema=prepared(schema or SCHEMA))
    served = Metadata(model_name="m", served_by="vlm/m")
    return structured_result(request, pages or [PAGE], "", served, 0.1, robust=False, replies=[reply])


def test_the_prompt_holds_the_schema_and_what_the_caller_asked() -> None:
    prompt = schema_prompt(prepared(SCHEMA), "Mind the stamp.")
    assert prompt.startswith("Mind the stamp.")
    assert json.loads(prompt.split("JSON Schema:\n")[1]) == prepared(SCHEMA)


@pytest.mark.parametrize(
    "text",
    [
        '{"total": 5}',
        'Here it is:\n```json\n{"total": 5}\n```\nDone.',
        '{"total": 5',
        "{'total': 5,}",
        "{total: 5}",
    ],
)
def test_a_broken_json_answer_is_repaired(text: str) -> None:
    assert answered(text) == {"total": 5}


@pytest.mark.parametrize("text", ["", "I cannot read this.", "[1, 2]", "{}"])
def test_no_object_is_no_answer(text: str) -> None:
    assert answered(text) is None


def test_pages_answers_become_one() -> None:
    pages = [{"a": None, "rows": [1], "o": {"x": 1}}, {"a": 2, "rows": [3], "o": {"x": 9, "y": 2}}]
    assert merged_answers(pages) == {"a": 2, "rows": [1, 3], "o": {"x": 1, "y": 2}}


def test_a_models_values_are_found_on_the_page_by_what_they_mean() -> None:
    reply = {"invoice_number": "INV-001", "date": "2024-01-31", "total": 1234.56, "company": "Acme Global Trading Ltd."}
    found = result(json.dumps(reply))
    assert found.structured_data == {**reply, "colour": None}
    texts = {name: field.text for name, field in found.fields.items() if field.value is not None}
    assert texts["total"] == "1.234,56 EUR"
    assert texts["date"] == "31.01.2024"
    assert texts["company"] == "ACME GLOBAL TRADING LTD"
    assert all(field.box for field in found.fields.values() if field.value is not None)
    assert found.metadata.extraction_method.startswith("model")


def test_a_value_that_is_not_on_the_page_is_flagged() -> None:
    found = result(json.dumps({"colour": "mauve", "total": 99.0}))
    assert "not on the page" in found.fields["colour"].reason
    assert found.fields["colour"].box is None
    assert found.fields["colour"].confidence < 0.5
    assert found.fields["total"].value == 1234.56  # what stands there by its label
    assert "99.0" in found.fields["total"].reason


def test_a_value_of_the_wrong_type_is_brought_to_it_or_left() -> None:
    found = result(json.dumps({"total": "1.234,56 EUR", "invoice_number": 17, "date": {"day": 31}}))
    assert found.structured_data["total"] == 1234.56
    assert found.structured_data["invoice_number"] == "INV-001"
    assert found.structured_data["date"] == "2024-01-31"


def test_a_models_rows_are_taken_where_they_are_valid() -> None:
    page = page_of("2 Blue widget 10.00\n1 Red widget 7.50")
    reply = {
        "rows": [
            {"name": "Blue widget", "amount": 10.0},
            {"name": 5, "amount": "x"},
            {"name": "Red widget", "amount": 7.5},
        ]
    }
    schema = {"rows": [{"name": "string", "amount": "number"}]}
    found = result(json.dumps(reply), [page], schema)
    assert found.structured_data["rows"][0] == {"name": "Blue widget", "amount": 10.0}
    assert found.structured_data["rows"][-1] == {"name": "Red widget", "amount": 7.5}
    assert found.fields["rows[0].amount"].text == "10.00"
