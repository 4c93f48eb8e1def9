from __future__ import annotations

import json
import pickle

import pytest

from ocrq import errors
from ocrq.errors import BY_CODE, JobConflict, OcrqError, QueueFull, from_json


@pytest.mark.parametrize("cls", sorted(BY_CODE.values(), key=lambda cls: cls.code))
def test_each_error_survives_json_and_pickle(cls: type[OcrqError]) -> None:
    error = cls("what to do", field="image", retry_after=3, extra={"models": ["a"]})
    code, detail, facts = json.loads(json.dumps(error.args))
    assert (code, detail) == (cls.code, "what to do")
    assert facts == {"field": "image", "retryable": cls.retryable, "models": ["a"], "retry_after": 3}
    for again in (cls(*error.args), pickle.loads(pickle.dumps(error)), from_json(error.to_json())):
        assert type(again) is cls
        assert again.args == error.args
        assert (again.field, again.retry_after, again.extra) == ("image", 3, {"models": ["a"]})


def test_codes_are_distinguished_and_drawn_in_the_tree() -> None:
    classes = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, OcrqError)]
    assert len({cls.code for cls in classes}) == len(classes)
    for cls in classes:
        assert cls.__name__ in (errors.__doc__ or "")


def test_an_error_of_a_later_version_is_still_an_error() -> None:
    error = from_json({"code": "from_the_future", "detail": "hm", "field": None, "retryable": True})
    assert type(error) is OcrqError
    assert error.detail == "hm"


def test_an_error_reads_as_its_detail() -> None:
    assert str(QueueFull("wait a little")) == "wait a little"
    assert str(JobConflict()) == JobConflict.title
