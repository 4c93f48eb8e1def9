"""Schemas at the door, and data that is valid under whatever schema is asked for."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ocrq.errors import FieldsMissing, InvalidSchema
from tasks.documents import schemas
from tasks.documents.patterns import check_patterns, compiled, whole_words
from tasks.documents.schemas import MAX_PROPERTIES, prepared
from tests.unit.fields.text_pages import page_of
from worker.fields.extract import extract
from worker.fields.output import fill

EXAMPLES = 500 if os.environ.get("OCRQ_CHAOS") == "1" else 60

PAGE = page_of(
    """
ACME LTD
12 High Street, London NW1 6XE
Invoice No: INV-001      Date: 31/01/2024
Status: paid             Active: yes
Description        Qty     Price    Amount
Blue widget        2       5.00     10.00
Red widget         1       7.50     7.50
Subtotal                            17.50
VAT 20%                             3.50
Total                               21.00
"""
)


def deep(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


BOMB = {
    f"d{n}": {"type": "object", "properties": {k: {"$ref": f"#/$defs/d{n - 1}"} for k in "abcdefgh"}}
    for n in range(1, 9)
}
HOSTILE: dict[str, Any] = {
    "none": None,
    "text": "total",
    "a list": ["total"],
    "empty": {},
    "an unknown word": {"total": "nubmer"},
    "a number for a word": {"total": 3},
    "an unknown type": {"type": "object", "properties": {"a": {"type": "strnig"}}},
    "properties no object": {"type": "object", "properties": 5},
    "required no list": {"type": "object", "properties": {}, "required": "a"},
    "no object": {"type": "string"},
    "itself": {"type": "object", "properties": {"a": {"$ref": "#"}}},
    "in a circle": {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/b"}},
        "$defs": {"b": {"$ref": "#/$defs/c"}, "c": {"type": "array", "items": {"$ref": "#/$defs/b"}}},
    },
    "elsewhere": {"type": "object", "properties": {"a": {"$ref": "https://example.org/schema"}}},
    "nowhere": {"type": "object", "properties": {"a": {"$ref": "#/$defs/x"}}},
    "a billion laughs": {"type": "object", "properties": {"a": {"$ref": "#/$defs/d8"}}, "$defs": {"d0": {}, **BOMB}},
    "5,000 properties": {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(5000)}},
    "just too many": {f"p{n}": "string" for n in range(MAX_PROPERTIES + 1)},
    "too deep": deep(200),
    "too long": {"type": "object", "description": "x" * 300_000, "properties": {"a": {}}},
    "no regex": {"type": "object", "properties": {"a": {"type": "string", "pattern": "("}}},
    "a list of unknown types": {"type": [{"a": 1}], "title": "x"},
    "in a name": {"type": "object", "patternProperties": {r"^(x)\1$": {"type": "string"}}},
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("schema", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_schema_is_refused_by_name(schema: Any) -> None:
    with pytest.raises(InvalidSchema) as refused:
        prepared(schema)
    assert refused.value.field == "schema"
    assert refused.value.status == 422
    assert len(refused.value.detail) < 600


@pytest.mark.parametrize(
    "pattern",
    [r"(a)\1+", "^(?!draft)", "(a{1,1000}){1000}", "[a-", "(" * 400 + ")" * 400 + "x" * 200, "a{1,900}" * 20],
)
def test_a_pattern_that_cannot_be_used_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidSchema, match="pattern"):
        check_patterns([pattern])


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a*)*b", "(a|aa)+$", r"(\w+\s?)*$", "(x+x+)+y", "((ab)*)*$"])
@pytest.mark.timeout(20)
def test_a_pattern_that_would_backtrack_for_ever_is_matched_in_linear_time(pattern: str) -> None:
    check_patterns([pattern])
    assert not compiled(f"^{pattern}!").search("a" * 100_000)


@pytest.mark.parametrize(
    "pattern",
    [
        r"^INV-\d{3,8}$",
        r"^[A-Z]{2}\d{2}( ?[A-Z0-9]{4}){2,7}$",
        r"^\d{4}-\d{2}-\d{2}$",
        "^(USD|EUR|GBP)$",
        r"^(\d{1,3},)*\d+$",
        "^.{1,1000}$",
    ],
)
def test_a_usual_pattern_is_accepted(pattern: str) -> None:
    check_patterns([pattern])


def test_patterns_that_are_too_large_together_are_refused_at_the_first_beyond() -> None:
    wide = [f"^x{number}[\u0100-\uffff]{{400}}$" for number in range(100)]
    with pytest.raises(InvalidSchema, match="too large together"):
        check_patterns(wide)


def test_whole_words_are_matched_side_by_side_and_in_any_script() -> None:
    text = "ÄAB12 AB12 AB13, AB14é AB15"
    assert [text[start:end] for start, end in whole_words(r"^[A-Z]{2}\d{2}$", text)] == ["AB12", "AB13", "AB15"]


def test_the_short_form_is_spelled_out() -> None:
    assert prepared({"total": "number", "items": [{"name": "string"}], "type": "string"}) == {
        "type": "object",
        "properties": {
            "total": {"type": ["number", "null"]},
            "items": {
                "type": ["array", "null"],
                "items": {"type": "object", "properties": {"name": {"type": ["string", "null"]}}},
            },
            "type": {"type": ["string", "null"]},
        },
    }


def test_references_are_resolved() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/money"}, "b": {"$ref": "#/$defs/money", "description": "net"}},
        "$defs": {"money": {"type": "number"}},
    }
    assert prepared(schema)["properties"] == {"a": {"type": "number"}, "b": {"type": "number", "description": "net"}}


def data(schema: Any) -> Any:
    return fill(extract([PAGE], prepared(schema)))


def test_what_is_not_found_is_null_where_it_may_be_and_left_out_where_not() -> None:
    schema = {"type": "object", "properties": {"colour": {"type": ["string", "null"]}, "shape": {"type": "string"}}}
    assert data(schema) == {"colour": None}


def test_a_root_without_a_type_is_an_object() -> None:
    assert data({"patternProperties": {}}) == {}


def test_a_required_text_that_is_not_found_is_empty() -> None:
    assert data({"type": "object", "properties": {"shape": {"type": "string"}}, "required": ["shape"]}) == {"shape": ""}


def test_a_required_number_that_is_not_found_is_no_zero() -> None:
    schema = {
        "type": "object",
        "properties": {"weight": {"type": "number"}, "total": {"type": "number"}},
        "required": ["weight", "total"],
    }
    with pytest.raises(FieldsMissing, match="weight") as failed:
        data(schema)
    assert failed.value.extra["missing"] == ["weight"]
    assert failed.value.extra["fields"]["total"]["value"] == 21.0


def test_a_schema_of_all_sorts_is_filled() -> None:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": ["number", "kind"],
        "properties": {
            "number": {"type": "string", "pattern": "^INV-[0-9]+$"},
            "kind": {"const": "invoice"},
            "status": {"enum": ["open", "paid", "void"]},
            "active": {"type": "boolean"},
            "issued": {"type": "string", "format": "date", "x-aliases": ["Date"]},
            "total": {"anyOf": [{"type": "number", "minimum": 0}, {"type": "null"}]},
            "vendor": {"type": "object", "properties": {"name": {"type": "string"}, "address": {"type": "string"}}},
            "lines": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["description", "amount"],
                    "properties": {
                        "description": {"type": "string"},
                        "quantity": {"type": "integer"},
                        "unit_price": {"type": "number"},
                        "amount": {"type": "number"},
                    },
                },
            },
        },
    }
    assert data(schema) == {
        "number": "INV-001",
        "kind": "invoice",
        "status": "paid",
        "active": True,
        "issued": "2024-01-31",
        "total": 21.0,
        "vendor": {"name": "ACME LTD", "address": "12 High Street, London NW1 6XE"},
        "lines": [
            {"description": "Blue widget", "quantity": 2, "unit_price": 5.0, "amount": 10.0},
            {"description": "Red widget", "quantity": 1, "unit_price": 7.5, "amount": 7.5},
        ],
    }


FIELDS = "total date invoice_number status active vendor qty amount items notes tax_rate email x y number kind"
NAMES = st.sampled_from(FIELDS.split())
LEAVES = st.one_of(
    st.fixed_dictionaries({"type": st.sampled_from(["string", "number", "integer", "boolean", "null"])}),
    st.fixed_dictionaries(
        {"type": st.just("string"), "format": st.sampled_from(["date", "email", "date-time", "uri"])}
    ),
    st.fixed_dictionaries({"type": st.just("string"), "minLength": st.integers(0, 5), "maxLength": st.integers(5, 20)}),
    st.fixed_dictionaries({"type": st.just("string"), "pattern": st.sampled_from([r"^[A-Z]{3}-\d+$", r"\d", "^a*$"])}),
    st.fixed_dictionaries({"type": st.just("number"), "minimum": st.integers(-5, 5), "maximum": st.integers(6, 50)}),
    st.fixed_dictionaries({"type": st.just(["integer", "null"]), "multipleOf": st.integers(1, 7)}),
    st.fixed_dictionaries(
        {"enum": st.lists(st.sampled_from(["paid", "open", 21, 2.5, None, True]), min_size=1, unique_by=repr)}
    ),
    st.fixed_dictionaries({"const": st.sampled_from(["paid", 5, None, "EUR"])}),
    st.sampled_from([{}, True]),
)


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    def built(properties: dict[str, Any], flags: tuple[bool, int, int]) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "object", "properties": properties}
        if flags[0]:
            schema["additionalProperties"] = False
        schema["required"] = sorted(properties)[: flags[1]]
        if flags[2]:
            schema["minProperties"] = min(flags[2], len(properties))
        return schema

    flags = st.tuples(st.booleans(), st.integers(0, 2), st.integers(0, 2))
    return st.builds(built, st.dictionaries(NAMES, inner, min_size=1, max_size=5), flags)


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        objects(inner),
        st.fixed_dictionaries({"type": st.just("array"), "items": inner, "maxItems": st.integers(1, 5)}),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"oneOf": st.builds(lambda one: [one, {"type": "null"}], inner)}),
        st.fixed_dictionaries({"allOf": st.lists(inner, min_size=1, max_size=1)}),
    )


SCHEMAS = objects(st.recursive(LEAVES, nested, max_leaves=6))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(SCHEMAS)
def test_what_is_given_is_valid_under_its_schema(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)
    try:
        given_data = data(schema)
    except FieldsMissing as missing:
        assert missing.detail
        return
    Draft202012Validator(schema).validate(given_data)


WORDS = """
type properties required items enum const pattern minimum maxLength anyOf oneOf allOf not if then else $ref $defs
format additionalProperties patternProperties minProperties uniqueItems prefixItems contains a b
"""
KEYWORDS = st.sampled_from(WORDS.split())
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5),
    st.sampled_from(["object", "string", "array", "#", "#/$defs/a", "date", "(", "^a$"]),
)  # fmt: skip
ANY_SCHEMA = st.fixed_dictionaries(
    {
        "type": st.just("object"),
        "properties": st.dictionaries(
            NAMES,
            st.recursive(
                SCALARS,
                lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYWORDS, inner, max_size=4)),
                max_leaves=8,
            ),
            max_size=3,
        ),
    }
)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(ANY_SCHEMA)
def test_nonsense_is_refused_or_answered_and_never_crashes(schema: dict[str, Any]) -> None:
    try:
        given_data = data(schema)
    except (InvalidSchema, FieldsMissing):
        return
    Draft202012Validator(prepared(schema)).validate(given_data)


def test_a_pattern_that_references_repeat_is_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    monkeypatch.setattr(schemas, "check_patterns", checked.extend)
    code = {"type": "string", "pattern": "^[A-Z]{3}$"}
    references = {f"f{number}": {"$ref": "#/$defs/code"} for number in range(400)}
    schemas.prepared({"type": "object", "$defs": {"code": code}, "properties": references})
    assert checked == [code["pattern"]]


def test_the_ranges_of_one_script_are_taken() -> None:
    properties = {
        f"f{number}": {"type": "string", "pattern": f"^[\u4e00-\u9fff]{{{number},20}}$"} for number in range(15)
    }
    schemas.prepared({"type": "object", "properties": properties})


def test_a_checkbox_says_whether_what_stands_beside_it_is_so() -> None:
    page = """
Application for membership
☑ Married         ☐ Smoker
☐ Newsletter
☑ Vegetarian meal
"""
    wanted = {"married": True, "smoker": False, "newsletter": False, "vegetarian_meal": True}
    answers = extract([page_of(page)], prepared(dict.fromkeys(wanted, "boolean"))).fields
    assert {name: answers[name].value for name in wanted} == wanted
