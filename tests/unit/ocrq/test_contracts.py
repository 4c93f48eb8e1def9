from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocrq.contracts import clipping_warning, parse_operation, parse_pages, parse_request, selected_pages
from ocrq.errors import InvalidRequest, NotFound


def test_what_existing_clients_send_is_taken() -> None:
    request = parse_request(
        {
            "image": "aGk=",
            "model_name": "allenai/OLMo-7B-0724-hf",
            "prompt": "Read it.",
            "use_preprocessing": True,
            "ensemble_size": 5,
            "robust_processing": True,
            "decoding_options": {"num_beams": 4, "temperature": 0, "do_sample": False},
            "options": {"their": "own"},
            "schema": {"invoice_number": "string"},
            "extraction_type": "structured",
        }
    )
    assert request.schema_ == {"invoice_number": "string"}
    assert request.decoding_options.num_beams == 4


@pytest.mark.parametrize(
    ("data", "field", "expected"),
    [
        ({"imge": "x"}, "imge", "did you mean image?"),
        ({"zzz": 1}, "zzz", "use one of"),
        ({"image": 3}, "image", "valid string"),
        ({"ensemble_size": 0}, "ensemble_size", "greater than or equal to 1 (you sent 0)"),
        ({"ensemble_size": 50}, "ensemble_size", "less than or equal to 10 (you sent 50)"),
        ({"ensemble_size": "3"}, "ensemble_size", "valid integer"),
        ({"ensemble_size": True}, "ensemble_size", "valid integer"),
        ({"use_preprocessing": "yes"}, "use_preprocessing", "valid boolean"),
        ({"decoding_options": {"num_beams": 17}}, "decoding_options.num_beams", "less than or equal to 16"),
        ({"decoding_options": {"beams": 4}}, "decoding_options.beams", "did you mean num_beams?"),
        ({"decoding_options": {"temperature": float("nan")}}, "decoding_options.temperature", "finite"),
        ({"options": []}, "options", "valid dictionary"),
        ({"schema": "no"}, "schema", "valid dictionary"),
        ({"pages": "3-1"}, "pages", "goes upwards"),
        ({"pages": ""}, "pages", "like '1-3,7'"),
        ({"output": ["docx"]}, "output.0", "'hocr'"),
        ({"priority": "now"}, "priority", "'interactive' or 'bulk'"),
        ([], "request", "JSON object"),
        (None, "request", "JSON object"),
    ],
)
def test_what_is_wrong_is_reported_by_field_and_remedy(data: Any, field: str, expected: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_request(data)
    assert caught.value.field == field
    assert expected in caught.value.detail


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=20), inner, max_size=3),
    )
)
def test_no_json_escapes_the_error_tree(data: Any) -> None:
    try:
        parse_request(data)
    except InvalidRequest as error:
        assert error.field and len(error.detail) < 2000


def test_an_operation_is_named_with_or_without_its_slash() -> None:
    assert parse_operation("/extract_text") == parse_operation("extract_text") == "extract_text"
    with pytest.raises(NotFound, match="/extract_structured"):
        parse_operation("/extract")
    with pytest.raises(InvalidRequest):
        parse_operation(None)


def test_pages_are_picked_once_and_ascending() -> None:
    assert parse_pages("1-3, 7") == [(1, 3), (7, 7)]
    assert selected_pages("7,1-3,2", 9) == [1, 2, 3, 7]
    assert selected_pages(None, 2) == [1, 2]


def test_a_range_without_an_end_goes_to_the_last_page() -> None:
    assert selected_pages("1, 3 -", 5) == [1, 3, 4, 5]
    assert clipping_warning("2-", 5) is None
    assert "page 9," in (clipping_warning("1,9-", 5) or "")
    with pytest.raises(ValueError, match="from 7 on"):
        selected_pages("7-", 6)


def test_pages_past_the_end_are_clipped_with_a_warning() -> None:
    assert selected_pages("2-999999,7", 3) == [2, 3]
    assert "page 999999" in (clipping_warning("2-999999,7", 3) or "")
    assert clipping_warning("1-3", 3) is None
    assert clipping_warning(None, 3) is None
    with pytest.raises(ValueError, match="from 7 on, and the document has 6; ask for pages 1 to 6"):
        selected_pages("9,7-8", 6)


def test_what_stands_beside_the_document_is_bounded() -> None:
    parse_request({"options": {"key": "x" * 60_000}})
    with pytest.raises(InvalidRequest, match="at most"):
        parse_request({"options": {"key": "x" * 70_000}})
    assert parse_request({"output": ["pdf", "text", "pdf"]}).output == ["pdf", "text"]
    with pytest.raises(InvalidRequest, match="at most 100"):
        parse_request({"output": ["pdf"] * 3_000})


@pytest.mark.parametrize("selection", ["0", "a", "1,,2", "-3", "0-", "1--", "9" * 19, "1" * 2000])
def test_a_selection_that_is_none_says_how_to_write_one(selection: str) -> None:
    with pytest.raises(ValueError, match="1-3,7"):
        parse_pages(selection)
