from __future__ import annotations

from collections.abc import Iterable

import pytest

from worker.engines.presets import Repetition
from worker.engines.repetition import LoopDetector

RULE = Repetition(span=40, times=4, longest=30)


def watched(tokens: Iterable[object], rule: Repetition = RULE) -> tuple[int | None, int]:
    """Where the loop begins, and after how many tokens it was seen."""
    watch = LoopDetector(rule)
    count = 0
    for count, token in enumerate(tokens, start=1):  # noqa: B007
        if watch.add(token):
            break
    return watch.begins, count


@pytest.mark.parametrize("length", [1, 2, 7, 10, 25, 30])
def test_a_repeated_piece_is_seen_soon_and_its_first_copy_kept(length: int) -> None:
    head = [f"h{i}" for i in range(50)]
    piece = list(range(length))
    begins, seen = watched([*head, *piece * 200])
    assert begins == 50 + length
    assert seen == 50 + max(RULE.span, RULE.times * length)


def test_text_that_goes_on_is_never_a_loop() -> None:
    assert watched(range(5000)) == (None, 5000)
    assert watched(i % 31 for i in range(5000))[0] is None, "longer than the longest piece looked for"


def test_rows_that_differ_in_a_number_are_no_loop() -> None:
    rows = [token for row in range(100) for token in ("Tea", "2.00", row)]
    assert watched(rows)[0] is None


def test_a_short_run_of_dots_is_no_loop_and_ends_as_one_never_seen() -> None:
    dots = ["."] * (RULE.span - 1)
    assert watched([*dots, "7", *dots, "8"])[0] is None


def test_a_loop_stays_one() -> None:
    watch = LoopDetector(RULE)
    assert [watch.add("a") for _ in range(RULE.span)][-1]
    assert watch.add("b")
    assert watch.begins == 1


def test_characters_can_be_watched_as_well() -> None:
    begins, _ = watched("Once. " + "and again " * 50)
    assert begins == len("Once. and again")
