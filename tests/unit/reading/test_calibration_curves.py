from __future__ import annotations

import random
from pathlib import Path

import pytest

from evaluation.curve_fitting import calibration_error, fit_logistic, fit_platt, out_of_fold, ranking
from evaluation.truth import characters_right, line_right, words_right
from worker.page import LineReading
from worker.reading.calibration import Calibration, Logistic, Platt, calibration_for, files, is_calibrated
from worker.reading.confidence import UNCALIBRATED, line_confidences, page_confidence, word_confidences


def test_an_engine_without_a_file_is_left_as_it_says_and_called_uncalibrated() -> None:
    assert not is_calibrated("unheard/of", "olm")
    curves = calibration_for("unheard/of", "rolm")
    assert curves.word(0.7) == pytest.approx(0.7)
    assert curves.page is None


def test_a_file_brings_back_what_was_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    curves = Calibration(
        Platt(0.5, -1.0), Platt(0.6, 0.1), Logistic({"lowest": 0.7}, 0.2), Logistic({"words": 0.9}, -0.3), True
    )
    path = files.save(curves, "some/engine 1", "olm", {})
    assert path.name == "some-engine-1.olm.json"
    assert calibration_for("some/engine 1", "olm") == curves


def test_curves_never_turn_the_order_around() -> None:
    curve = Platt(0.4, -2.0)
    values = [curve(step / 50) for step in range(51)]
    assert values == sorted(values)
    assert 0 <= values[0] < values[-1] <= 1


def test_a_fit_finds_how_overconfident_a_reader_is() -> None:
    rng = random.Random(3)
    confidences = [rng.uniform(0.5, 0.999) for _ in range(4000)]
    truth = Platt(0.5, -0.4)
    curve = fit_platt(confidences, [rng.random() < truth(p) for p in confidences])
    assert curve(0.95) == pytest.approx(truth(0.95), abs=0.04)


def test_a_measure_that_misleads_gets_no_weight() -> None:
    pages = [{"words": step / 10, "sharp": -step / 10} for step in range(20)]
    shares = [Platt(1.0, -1.0)(0.5 + step / 50) for step in range(20)]
    model = fit_logistic(pages, shares, ("words", "sharp"))
    assert model.weights["words"] > 0
    assert model.weights["sharp"] == 0


def test_no_document_is_judged_by_a_fit_that_saw_it() -> None:
    groups = ["a", "a", "b", "c"]
    asked = out_of_fold([0, 1, 2, 3], groups, 2, lambda known, held: [float(held[0] in known)] * len(held))
    assert asked == [0.0, 0.0, 0.0, 0.0]


def test_error_and_ranking_of_confidence() -> None:
    assert calibration_error([0.85, 0.85], [1.0, 0.7]) == pytest.approx(0.0)
    assert calibration_error([0.95, 0.15], [0.0, 0.0]) == pytest.approx(0.55)
    assert ranking([0.9, 0.8, 0.1], [True, True, False]) == 1.0
    assert ranking([0.9, 0.8], [True, True]) is None


def test_correct_characters_are_marked_by_the_true_text() -> None:
    truth = "Total amount 99.00\nThank you"
    assert words_right(["Total", "99.00", "99.00", "yuo"], truth) == [True, True, False, False]
    assert line_right("TOTAL AMOUNT", truth)
    assert not line_right("Total 99.00", truth)
    assert [right for _, right in characters_right("Thank yuo", truth.split("\n"))].count(False) == 1
    assert characters_right("#### ~~", truth.split("\n")) == []


def test_confidence_goes_through_the_curves() -> None:
    reading = LineReading("ab cd", (0.9, 0.9, 1.0, 0.8, 0.9))
    doubting = Calibration(Platt(1.0, -0.5), Platt(1.0, -0.5), fitted=True)
    assert line_confidences([reading], doubting, {}) < line_confidences([reading], UNCALIBRATED, {})
    assert all(a < b for a, b in zip(word_confidences(reading, doubting), word_confidences(reading), strict=True))
    assert page_confidence([reading], doubting) < page_confidence([reading])


def test_a_line_is_trusted_less_among_lines_that_read_badly() -> None:
    reading, good, bad = LineReading("ab", (0.9, 0.9)), LineReading("cd", (0.99, 0.99)), LineReading("cd", (0.5, 0.4))
    curves = Calibration(line=Logistic({"product": 1.0, "words": 1.0}), fitted=True)
    among_good, among_bad = (line_confidences([reading, other], curves, {})[0] for other in (good, bad))
    assert among_bad < among_good
    by_itself = [line_confidences([reading, other], UNCALIBRATED, {})[0] for other in (good, bad)]
    assert by_itself[0] == by_itself[1] == pytest.approx(0.81)


def test_a_line_that_its_reader_says_nothing_of_gets_no_confidence() -> None:
    curves = Calibration(line=Logistic({"product": 0.1}, 3.0), fitted=True)
    assert line_confidences([LineReading("ab"), LineReading("")], curves, {}) == [0.0, 0.0]
    assert line_confidences([LineReading("ab", (0.5, 0.5))], curves, {})[0] > 0.9


def test_a_degraded_page_is_trusted_less_than_a_clean_one_with_the_same_words() -> None:
    reading = LineReading("ab", (0.99, 0.99))
    curves = Calibration(page=Logistic({"words": 1.0, "sharp": 1.0}, 0.0), fitted=True)
    degraded, clean = (page_confidence([reading], curves, {"sharp": -blur}) for blur in (2.0, 0.8))
    assert degraded < clean
