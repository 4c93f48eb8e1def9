from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from worker.engines.vlm.options import MAX_BEAMS, decoding_for
from worker.engines.vlm.prompt import MAX_STRETCH, MIN_SIDE, picture_of

USUAL = 4096  # tokens


def test_nothing_asked_is_greedy() -> None:
    decoding = decoding_for({}, USUAL, None)
    assert decoding.arguments == {"num_beams": 1, "do_sample": False, "max_new_tokens": USUAL}
    assert decoding.warnings == ()


GREEDY: list[dict[str, Any]] = [
    {"temperature": 0},
    {"temperature": 0, "do_sample": True},
    {"temperature": 0.7, "do_sample": False},
    {"top_p": 0.5},
]


@pytest.mark.parametrize("options", GREEDY)
def test_greedy_stays_greedy(options: dict[str, Any]) -> None:
    arguments = decoding_for(options, USUAL, None).arguments
    assert arguments["do_sample"] is False
    assert "temperature" not in arguments


def test_a_temperature_samples_with_what_else_is_asked() -> None:
    decoding = decoding_for({"temperature": 0.7, "top_p": 0.9, "top_k": 5, "seed": 3}, USUAL, None)
    assert decoding.arguments["do_sample"] is True
    assert {name: decoding.arguments[name] for name in ("temperature", "top_p", "top_k")} == {
        "temperature": 0.7,
        "top_p": 0.9,
        "top_k": 5,
    }
    assert decoding.seed == 3


@pytest.mark.parametrize("name", ["max_new_tokens", "max_length"])
def test_more_tokens_than_there_is_room_for_are_capped_and_reported(name: str) -> None:
    decoding = decoding_for({name: 5000}, USUAL, 1000)
    assert decoding.arguments["max_new_tokens"] == 1000
    assert f"{name} 5000" in decoding.warnings[0]


def test_the_usual_tokens_are_capped_quietly_for_the_caller_asked_for_none() -> None:
    decoding = decoding_for({}, USUAL, 1000)
    assert (decoding.arguments["max_new_tokens"], decoding.warnings) == (1000, ())


def test_more_beams_than_there_is_memory_for_are_capped_and_reported() -> None:
    decoding = decoding_for({"num_beams": 16, "length_penalty": 0.5}, USUAL, None)
    assert decoding.arguments["num_beams"] == MAX_BEAMS
    assert decoding.arguments["length_penalty"] == 0.5
    assert "num_beams 16" in decoding.warnings[0]


def test_a_page_has_one_text_however_many_are_asked_for() -> None:
    decoding = decoding_for({"num_return_sequences": 3}, USUAL, None)
    assert "num_return_sequences" not in decoding.arguments
    assert "num_return_sequences" in decoding.warnings[0]


def test_penalties_and_a_least_length_are_handed_on() -> None:
    options = {"repetition_penalty": 1.2, "no_repeat_ngram_size": 4, "min_length": 9, "max_new_tokens": 5}
    arguments = decoding_for(options, USUAL, None).arguments
    assert (arguments["repetition_penalty"], arguments["no_repeat_ngram_size"]) == (1.2, 4)
    assert arguments["min_new_tokens"] == 5


SHAPES = [(1, 1), (1, 5000), (5000, 1), (300, 400), (4000, 3000), (25, 2000)]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_page_becomes_a_picture_the_models_take(shape: tuple[int, int]) -> None:
    picture = picture_of(np.zeros((*shape, 3), np.uint8), 1288)
    assert min(picture.size) >= MIN_SIDE
    assert max(picture.size) <= 1288
    assert max(picture.size) <= MAX_STRETCH * min(picture.size)


def test_a_small_page_is_not_blown_up_and_colours_are_those_of_the_page() -> None:
    page = np.zeros((100, 200, 3), np.uint8)
    page[:, :, 2] = 250  # red, in BGR
    picture = picture_of(page, 1288)
    assert picture.size == (200, 100)
    assert picture.getpixel((0, 0)) == (250, 0, 0)
