"""Pages with losses: what is damaged, and which words are known to be lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from training.losses.damage import cut, tile
from training.losses.make import are_read, part_of
from training.losses.simulated import simulated
from training.losses.trees import fit_trees
from training.pages.chromium import DrawnPage, Token
from training.pages.make import saved
from training.random_source import RandomSource
from worker.page import LineReading
from worker.reading.loss_model import BoostedTrees

BOXES = np.array([[60, 40, 100, 60], [110, 40, 170, 60], [60, 80, 120, 100]], np.float64)
PAGE = np.full((200, 300, 3), 255, np.uint8)


def test_a_tile_covers_words_and_a_cut_moves_them() -> None:
    page = PAGE.copy()
    for left, top, right, bottom in BOXES.astype(int):
        page[top:bottom, left:right] = 0
    covered = [tile(page, BOXES, RandomSource(seed), False).pixels for seed in range(8)]
    assert all(one.shape == page.shape for one in covered)
    assert sum((one != page).any() for one in covered) >= 6
    for seed in range(8):
        part = cut(page, BOXES, RandomSource(seed), False)
        assert part.pixels.size < page.size
        x, y = (-round(move) for move in part.moved)
        height, width = part.pixels.shape[:2]
        assert (part.pixels == page[y : y + height, x : x + width]).all()


def test_a_word_is_read_where_it_stands_and_nowhere_else() -> None:
    quad = np.array([[60, 40], [170, 40], [170, 60], [60, 60]], np.float32)
    spans = tuple((n / 11, (n + 1) / 11) for n in range(11))
    line = LineReading("some tables", (0.9,) * 11, spans)
    assert are_read(["Some", "tables", "some"], BOXES, [quad], [line]).tolist() == [True, True, False]
    assert are_read(["tables", "same", "some"], BOXES, [quad], [line]).tolist() == [False, False, False]


def test_a_large_page_is_cut_where_a_row_ends() -> None:
    boxes = np.array([[10, 10 * row, 20, 10 * row + 8] for row in range(300)], np.float64)
    part = part_of(np.zeros((3000, 40, 3), np.uint8), ["a"] * 300, boxes)
    assert part is not None
    pixels, words, kept = part
    assert len(words) == len(kept) == 240
    assert pixels.shape[0] < 2410


def test_trees_learn_what_needs_two_measures_and_keep_a_direction() -> None:
    rng = np.random.default_rng(0)
    rows = rng.random((600, 3))
    right = ((rows[:, 0] > 0.5) & (rows[:, 1] > 0.5)).astype(np.float64)
    trees = BoostedTrees(**fit_trees(rows, right, {0: 1}, trees=30))
    found = np.array([trees(row) for row in rows.tolist()])
    assert ((found > 0.5) == (right > 0.5)).mean() > 0.97
    line = np.stack([np.linspace(0, 1, 50), np.full(50, 0.8), np.full(50, 0.3)], axis=1)
    assert (np.diff([trees(row) for row in line.tolist()]) >= 0).all()


def test_words_under_a_patch_are_not_in_the_simulated_reading(tmp_path: Path) -> None:
    boxes = [
        (40 + 60 * column, 40 + 40 * row, 90 + 60 * column, 60 + 40 * row) for row in range(6) for column in range(5)
    ]
    pixels = np.full((320, 400, 3), 255, np.uint8)
    for left, top, right, bottom in boxes:
        pixels[top + 4 : bottom - 4, left:right:3] = 0
    tokens = tuple(Token(f"word{index}", box, 0, 12.0, False) for index, box in enumerate(boxes))
    saved(tmp_path, 3, "plain", DrawnPage(pixels, tokens, (), ()))
    pages = [page for seed in range(6) for page in simulated(tmp_path, seed, damaged=1.0)]
    for page in pages:
        read = " ".join(reading.text for reading in page.reading.readings).split()
        assert bool(page.lost.any()) <= bool(page.name)
        assert len(read) >= 30 - page.lost.sum()
        assert len(set(read)) == len(read)
    assert min(sum(len(reading.text.split()) for reading in page.reading.readings) for page in pages) < 28
