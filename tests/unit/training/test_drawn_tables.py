"""Drawn tables: what is measured on shares nothing with what is learned from, and labels say what is true."""

from __future__ import annotations

import numpy as np
import pytest

from training.random_source import RandomSource
from training.tables.pages import draw_page
from training.tables.samples import gutter_labels, lines_of, row_labels, truth_of
from training.tables.words import LANGUAGES, vocabulary
from worker.layout.tables.gutters import find_gutters
from worker.layout.tables.tokens import table_text

LETTER, HEIGHT = 8, 16


def drawn_block() -> dict:
    """A table block of two columns and three rows, as the browser tells it; the last row's cell has two lines."""
    texts = [("Name", "Sum"), ("Alpha", "12"), ("Beta", "7")]
    cells, words = [], []
    for row, pair in enumerate(texts):
        for column, text in enumerate(pair):
            left, top = 10 + 100 * column, 10 + 30 * row
            cells.append(
                {"row": row, "column": column, "row_span": 1, "column_span": 1, "header": row == 0}
                | {"text": text, "box": [left - 5, top - 5, left + 95, top + 25]}
            )
            words.append({"text": text, "cell": len(cells) - 1, "box": _box(left, top, text)})
    cells[4]["box"][3] = cells[5]["box"][3] = 110
    words.append({"text": "more", "cell": 4, "box": _box(10, 88, "more")})
    return {"type": "table", "box": [5, 5, 205, 110], "cells": cells, "words": words}


def _box(left: int, top: int, text: str) -> list[int]:
    return [left, top, left + LETTER * len(text), top + HEIGHT]


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_to_measure_on_are_none_to_learn_from(language: str) -> None:
    assert not set(vocabulary(language, True)) & set(vocabulary(language, False))


def test_equal_seeds_draw_equal_pages_and_the_halves_differ() -> None:
    assert draw_page(5, False) == draw_page(5, False)
    assert draw_page(5, False).html != draw_page(5, True).html
    assert draw_page(5, False).html != draw_page(6, False).html


def test_labels_say_where_columns_and_rows_part() -> None:
    block = drawn_block()
    lines = lines_of(block["words"], RandomSource(1))
    text = table_text(lines, range(len(lines)), 0.0)
    truth = truth_of(block)

    gutters = find_gutters(text.rows, text.height)

    assert truth.xs == (105,)
    assert gutter_labels(gutters, truth, text.height) == [True]
    assert row_labels(text.rows, truth, text.height) == [True, True, False]


def test_lines_hold_all_words_in_order() -> None:
    block = drawn_block()
    for seed in range(20):
        lines = lines_of(block["words"], RandomSource(seed))
        words = [word.text for line in lines for word in line.words]
        assert sorted(words) == sorted(word["text"] for word in block["words"])
        assert all(np.all(line.quad[1] >= line.quad[0]) for line in lines)
