from __future__ import annotations

from typing import Any

from tasks.jobs.cache_key import cache_key, reading_key


def keys(operation: Any = "extract_text", **request: Any) -> tuple[str | None, str | None]:
    asked = (operation, request, "blob", "rapidocr", None)
    return cache_key(*asked), reading_key(*asked)


def test_output_formats_and_how_they_are_rendered_share_a_reading_and_no_result() -> None:
    variants = [keys(), keys(output=["pdf"]), keys(output=["markdown"], options={"furniture": True})]
    assert len({result for result, _ in variants}) == 3
    assert len({reading for _, reading in variants}) == 1


def test_what_changes_the_reading_shares_none() -> None:
    readings = [keys()[1], keys(pages="1")[1], keys(use_preprocessing=True)[1], keys(options={"other": 1})[1]]
    assert len(set(readings)) == 4
    assert keys("extract_structured")[1] is None
    assert keys(cache=False) == (None, None)
