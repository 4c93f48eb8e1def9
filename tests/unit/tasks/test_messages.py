"""What comes as a Celery message, beside what should."""

from __future__ import annotations

from typing import Any

import pytest

from ocrq.errors import InvalidRequest
from tasks.ocr import request_of


@pytest.mark.parametrize(
    ("args", "kwargs", "request_"),
    [
        ((), {"request": {"image": "x"}}, {"image": "x"}),
        (({"image": "x"},), {}, {"image": "x"}),
        (({"text": "of the call before in a chain"},), {"request": {"image": "x"}}, {"image": "x"}),
        ((), {}, None),
        ((), {"request": None}, None),
    ],
)
def test_a_request_comes_by_its_keyword_or_alone(
    args: tuple[Any, ...], kwargs: dict[str, Any], request_: object
) -> None:
    assert request_of(args, kwargs) == request_


@pytest.mark.parametrize(
    ("args", "kwargs", "field"),
    [
        ((), {"image": "x"}, "image"),
        ((), {"request": {"image": "x"}, "priority": "bulk"}, "priority"),
        (({"image": "x"}, 1), {}, "request"),
    ],
)
def test_anything_else_is_refused_by_name(args: tuple[Any, ...], kwargs: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        request_of(args, kwargs)
    assert refused.value.field == field
