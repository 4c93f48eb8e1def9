"""Readers are compared document by document, and a difference says how sure it is."""

import json

import pytest

from evaluation.cache import predictions
from evaluation.comparison import difference, side_by_side
from evaluation.documents import Entry
from evaluation.plots import binned, by_degradation, reliability
from evaluation.readers import Prediction, Reading
from evaluation.scoring import lines_right, order
from evaluation.tesseract import word_scores


def test_a_gain_on_every_document_has_an_interval_above_zero():
    gain, low, high = difference([0.9, 0.8, 0.95, 0.7], [0.85, 0.7, 0.9, 0.69])
    assert low > 0
    assert low <= gain <= high
    assert gain == pytest.approx(0.0525)


def test_a_gain_from_one_document_is_not_significant():
    gain, low, _ = difference([0.5, 0.5, 0.5, 1.0], [0.5, 0.5, 0.5, 0.5])
    assert gain > 0
    assert low == 0


def test_the_interval_is_the_same_twice():
    ours, theirs = [0.1, 0.4, 0.35, 0.8], [0.2, 0.3, 0.3, 0.5]
    assert difference(ours, theirs) == difference(ours, theirs)


def test_order_counts_the_words_that_need_not_be_moved():
    assert order("one two three four", "one two three four") == 1
    assert order("three four one two", "one two three four") == 0.5
    assert order("one tw0 three", "one two three") == 1, "a wrong character is no matter of order"
    assert order("", "one two") == 1


def test_a_line_is_judged_by_the_boxes_level_with_it():
    boxes = [[0, 0, 50, 10, "TOTAL"], [60, 0, 90, 10, "9.99"], [0, 20, 50, 30, "CASH"]]
    level = [[0, 0], [90, 0], [90, 10], [0, 10]]
    below = [[0, 20], [50, 20], [50, 30], [0, 30]]
    lines = (
        {"text": "Total 9.99", "confidence": 0.9, "box": level},
        {"text": "Total 9.90", "confidence": 0.4, "box": level},
        {"text": "Total", "confidence": 0.3, "box": below},
    )
    read = Prediction("a", "", 0.0, 1, 0.0, 0.0, lines)
    assert lines_right(read, boxes) == [(0.9, True), (0.4, False), (0.3, False)]
    assert lines_right(read, []) == []


def test_tesseract_words_count_and_its_blocks_do_not():
    table = 'level\tconf\ttext\n1\t-1\t\n5\t96\tTotal\n5\t50\t"9.99\n5\t95\t \n'
    assert word_scores(table) == [0.96, 0.5]


def test_times_are_given_as_a_ratio_to_the_base():
    figures = {"olm": {"word_f1": 0.9, "cpu_page": 2.0}, "rolm": {"word_f1": 0.91, "cpu_page": 3.0}}
    last = side_by_side(figures, "olm").splitlines()[-1]
    assert last.startswith("| rolm | 0.9100 |")
    assert last.endswith("| 3.00 | 1.50 |")


def test_bins_hold_confidences_and_shares_of_correct():
    assert binned([0.05, 0.95, 1.0], [0.0, 1.0, 0.5]) == ([0.05, 0.975], [0.0, 0.75])


def test_plots_are_written(tmp_path):
    reliability(tmp_path / "r.png", {"olm": ([0.5, 0.9], [0.4, 0.95])}, "clean")
    by_degradation(tmp_path / "w.png", {"olm": {"blur": 0.8, "shadow": 0.9}, "tesseract": {"shadow": 0.5}})
    assert all((tmp_path / name).read_bytes().startswith(b"\x89PNG") for name in ("r.png", "w.png"))


def test_documents_are_read_once_for_each_version(tmp_path, a_page_file):
    reads = []

    def start():
        def read(pages):
            reads.append(len(pages))
            return Reading("Total 9.99", 0.9, ({"text": "Total 9.99", "confidence": 0.9, "box": None},))

        return read

    entries, file = [Entry(a_page_file, "page.png")], tmp_path / "out" / "olm.jsonl"
    first = list(predictions(entries, file, "1", start))
    assert list(predictions(entries, file, "1", start)) == first
    assert len(reads) == 2, "the warm-up and the document"
    assert list(predictions(entries, file, "2", start, any_version=True)) == first
    list(predictions(entries, file, "2", start))
    assert len(reads) == 4
    assert [json.loads(line)["version"] for line in file.read_text().splitlines()] == ["1", "2"]


@pytest.fixture
def a_page_file(tmp_path):
    from PIL import Image

    path = tmp_path / "page.png"
    Image.new("RGB", (60, 40), "white").save(path)
    return path
