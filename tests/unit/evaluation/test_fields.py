from __future__ import annotations

import pytest

from evaluation.fields.measure import Tally, calibration_error, f1, is_same, score, total, wrong_and_sure
from evaluation.fields.sources import Case
from ocrq.contracts import FieldEvidence
from tests.unit.fields.text_pages import read


@pytest.mark.parametrize(
    ("name", "value", "truth", "same"),
    [
        ("total", 12.5, 12.5, True),
        ("total", "12.5", 12.5, False),
        ("date", "2024-05-04", "04/05/2024", True),
        ("seller", "Müller GmbH & Co KG", "MÜLLER GMBH & CO. KG", True),
        ("seller", "Muller GmbH", "Müller GmbH", False),
        ("iban", "DE30507500940000048567", "DE30 5075 0094 0000 0485 67", True),
    ],
)
def test_a_value_is_right_by_what_it_means(name: str, value: object, truth: object, same: bool) -> None:
    assert is_same(name, value, truth) is same


def test_values_rows_and_boxes_are_counted() -> None:
    answers = read(
        "Total 12.50\nDate: 2024-05-04", {"total": "number", "date": "string", "items": [{"amount": "number"}]}
    )
    answers.fields["total"] = FieldEvidence(value=12.5, confidence=0.95, box=((60, 0), (110, 0), (110, 20), (60, 20)))
    answers.fields["date"] = FieldEvidence(value="2024-05-05", confidence=0.95)
    rows = [{"description": "Lamp", "amount": 10.0, "quantity": 2.0}, {"description": "Chair", "amount": 2.5}]
    case = Case(
        "one", "all", answers.layout.lines and [], {"total": "number", "date": "string", "items": []},
        {"total": 12.5, "date": "2024-05-04"}, rows, True, marks={"total": [[60, 0, 110, 20]]},
    )  # fmt: skip
    tally = Tally()
    score(case, answers, {"items": [{"description": "Lamp.", "amount": 10.0, "quantity": 2.0}]}, tally)
    assert total(tally) == [1, 2, 2]
    assert tally.items == [1, 1, 2]
    assert tally.priced == [1, 1]
    assert tally.grounded == [1, 1]
    assert wrong_and_sure(tally) == (1, 2)
    assert f1([1, 2, 2]) == 0.5
    assert calibration_error(tally.judged) == pytest.approx(0.45)
