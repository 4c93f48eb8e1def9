from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.unit.reading.drawing import LEFT, STEP, TEXTS, TOP, drawn
from worker.imaging.ink import LetterInk, share_in_lines
from worker.page import Quad


def line(number: int) -> Quad:
    top = TOP + number * STEP
    return np.array([[LEFT, top], [800, top], [800, top + 45], [LEFT, top + 45]], np.float32)


def test_ink_in_the_lines_counts_as_found_and_the_rest_as_missed() -> None:
    page = drawn((TEXTS[1],) * 4)
    for count in range(5):
        assert share_in_lines(LetterInk.of(page), [line(number) for number in range(count)]) == pytest.approx(
            count / 4, abs=0.03
        )


def test_a_large_page_is_judged_like_a_small_one() -> None:
    page = cv2.resize(drawn((TEXTS[1],) * 4), None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    assert share_in_lines(LetterInk.of(page), [3 * line(0), 3 * line(2)]) == pytest.approx(0.5, abs=0.03)


def test_a_blank_page_has_nothing_to_miss() -> None:
    assert share_in_lines(LetterInk.of(np.full((300, 200, 3), 255, np.uint8)), []) == 1.0


def test_rules_frames_shadows_and_grain_are_no_letters() -> None:
    page = drawn((TEXTS[0],))
    found = [line(0)]
    cv2.rectangle(page, (20, 200), (880, 440), (0, 0, 0), 2)
    cv2.line(page, (20, 320), (880, 320), (0, 0, 0), 2)
    page[:, 600:] = page[:, 600:] // 2
    page[np.random.default_rng(0).random(page.shape[:2]) < 0.01] = 0
    assert share_in_lines(LetterInk.of(page), found) > 0.9


def test_faint_print_that_was_missed_lowers_the_confidence() -> None:
    page = drawn((TEXTS[1],) * 2)
    page[TOP + STEP :] = 255 - (255 - page[TOP + STEP :]) // 6
    assert share_in_lines(LetterInk.of(page), [line(0)]) < 0.7
