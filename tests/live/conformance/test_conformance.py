"""The same request through every transport comes to the same result, or the same error."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from tests.contract.conformance.cases import BAD, CASES, GOOD, Case
from tests.live.conformance.transports import Outcome, Transports

pytestmark = pytest.mark.live


def through_all(transports: Transports, case: Case) -> dict[str, Outcome]:
    asked = transports.all(case)
    with ThreadPoolExecutor(len(asked)) as pool:
        return dict(zip(asked, pool.map(lambda transport: transport(case), asked.values()), strict=True))


@pytest.mark.parametrize("name", GOOD)
def test_a_good_request_has_one_result(transports: Transports, name: str) -> None:
    case = GOOD[name]
    outcomes = through_all(transports, case)
    first = outcomes["HTTP, synchronous"]
    assert first.result is not None, first.error
    assert case.holds(first.result), first.result
    assert all(outcome == first for outcome in outcomes.values()), outcomes


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_has_one_error(transports: Transports, name: str) -> None:
    case = BAD[name]
    outcomes = through_all(transports, case)
    first = outcomes["HTTP, synchronous"]
    assert first.error is not None, first.result
    assert (first.error["code"], first.error["field"]) == (case.code, case.field), first.error
    assert len(first.error["detail"]) > 20
    assert all(outcome == first for outcome in outcomes.values()), outcomes


def test_what_is_no_request_is_reported_the_same_way(transports: Transports) -> None:
    listed: Any = []
    case = Case(document=None)
    asked = (
        transports.by_jobs,
        transports.by_celery,
        transports.by_runsync,
        partial(transports.by_jobs, at=transports.standalone),
    )
    answers = [transport(case, request=listed) for transport in asked]
    assert answers[0].error is not None and answers[0].error["code"] == "invalid_request"
    assert all(one == answers[0] for one in answers)


def test_an_endpoint_that_is_not_there_is_reported_the_same_way(transports: Transports) -> None:
    case = Case(operation="translate")  # type: ignore[arg-type]
    answers = [
        transports.by_jobs(case),
        transports.by_runsync(case),
        transports.by_jobs(case, at=transports.standalone),
    ]
    assert answers[0].error is not None
    assert (answers[0].error["code"], answers[0].error["field"]) == ("not_found", "endpoint")
    assert all(one == answers[0] for one in answers)


def test_the_table_has_every_operation_in_good_and_bad() -> None:
    for table in (GOOD, BAD):
        assert len({case.operation for case in table.values()}) == 4
    assert len(CASES) == len(GOOD) + len(BAD)
