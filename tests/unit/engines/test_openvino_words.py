from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from worker.engines.ppocr import word_frequency
from worker.engines.ppocr.glyphs import STEP_PIXELS, Glyph, decode
from worker.engines.ppocr.word_frequency import commonness, switches
from worker.engines.ppocr.words import MOST_STEPS, Steps, with_known_words

ALPHABET = ["", *"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:-/$", " "]
LIKELIEST = 5
Seen = Mapping[str, float]
"""What the network sees at a step: characters, "" for the blank, and their probabilities."""


def steps_of(seen: Sequence[Seen]) -> Steps:
    probabilities = np.zeros((len(seen), LIKELIEST), np.float32)
    classes = np.zeros((len(seen), LIKELIEST), np.int32)
    for row, step in enumerate(seen):
        likeliest = sorted(step.items(), key=lambda item: -item[1])
        others = [(character, 0.0) for character in ALPHABET if character not in step]
        for column, (character, probability) in enumerate([*likeliest, *others][:LIKELIEST]):
            probabilities[row, column] = probability
            classes[row, column] = ALPHABET.index(character)
    return probabilities, classes


def spelled(text: str, unsure: Mapping[int, Seen] | None = None) -> list[Seen]:
    """A step for each character, sure unless another one is given for its place, and a blank behind it."""
    shown = [(unsure or {}).get(place, {character: 1.0}) for place, character in enumerate(text)]
    return list(itertools.chain.from_iterable((step, {"": 1.0}) for step in shown))


def read(seen: Sequence[Seen]) -> list[Glyph]:
    steps = steps_of(seen)
    return with_known_words(decode(steps[0][:, 0], steps[1][:, 0], ALPHABET), steps, ALPHABET)


def scribbled(count: int, drawn: np.random.Generator) -> list[Seen]:
    """Steps at each of which four characters may stand."""
    shares = (0.4, 0.3, 0.2, 0.1)
    return [dict(zip(drawn.choice(ALPHABET, len(shares), replace=False), shares, strict=True)) for _ in range(count)]


def text_of(glyphs: Sequence[Glyph]) -> str:
    return "".join(glyph.text for glyph in glyphs)


@pytest.mark.parametrize(
    ("text", "place", "seen", "word"),
    [
        ("lnvoice", 0, {"l": 0.6, "I": 0.4}, "Invoice"),
        ("tota1", 4, {"1": 0.6, "l": 0.4}, "total"),
        ("Rechmung", 4, {"m": 0.6, "n": 0.4}, "Rechnung"),
        ("racture", 0, {"r": 0.5, "t": 0.2, "f": 0.3}, "facture"),
    ],
)
def test_an_unsure_letter_gives_way_to_the_one_that_makes_a_common_word(
    text: str, place: int, seen: Seen, word: str
) -> None:
    assert text_of(read(spelled(text, {place: seen}))) == word


@pytest.mark.parametrize(
    ("text", "place", "seen", "figure"),
    [
        ("RMO.50", 2, {"O": 0.7, "0": 0.3}, "RM0.50"),
        ("lO.50", 0, {"l": 0.5, "1": 0.5}, "lO.50"),  # the other letter is sure
        ("2,4l5.00", 3, {"l": 0.6, "1": 0.4}, "2,415.00"),
        ("Total:l2.30", 6, {"l": 0.7, "1": 0.3}, "Total:12.30"),
        ("l2/05/2017", 0, {"l": 0.6, "1": 0.4}, "12/05/2017"),
        ("1O:45", 1, {"O": 0.6, "0": 0.4}, "10:45"),
    ],
)
def test_an_unsure_letter_gives_way_to_the_digit_that_makes_a_figure(
    text: str, place: int, seen: Seen, figure: str
) -> None:
    assert text_of(read(spelled(text, {place: seen}))) == figure


@pytest.mark.parametrize(
    ("text", "place", "seen", "code"),
    [
        ("456O0", 3, {"O": 0.7, "0": 0.3}, "45600"),
        ("P0S022881", 1, {"0": 0.9, "O": 0.09}, "POS022881"),
        ("7/l18B", 2, {"l": 0.6, "1": 0.4}, "7/118B"),
        ("2O-A1", 1, {"O": 0.7, "0": 0.3}, "20-A1"),
        ("7OCM", 1, {"O": 0.7, "0": 0.3}, "70CM"),
    ],
)
def test_an_unsure_character_of_a_code_is_of_its_neighbours_kind(text: str, place: int, seen: Seen, code: str) -> None:
    assert text_of(read(spelled(text, {place: seen}))) == code


@pytest.mark.parametrize(
    ("text", "place", "seen"),
    [
        ("A1", 1, {"1": 0.6, "": 0.4}),  # the letter alone would not switch, but lacks a character
        ("AB7", 2, {"7": 0.6, " ": 0.35}),
        ("RM0.00", 2, {"0": 0.9, "O": 0.1}),
        ("5p-7p", 0, {"5": 0.7, "S": 0.3}),
        ("B2B", 1, {"2": 0.94, "Z": 0.004}),
    ],
)
def test_a_code_is_not_made_plainer_at_any_price(text: str, place: int, seen: Seen) -> None:
    assert text_of(read(spelled(text, {place: seen}))) == text


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("POS022881", 1),
        ("P0S022881", 3),
        ("456OO", 1),
        ("A-1", 0),
        ("No 8", 0),
        ("RM12.50", 0),
        ("5p-6p", 0),
        ("70CM", 0),
    ],
)
def test_switches_count_letters_straight_beside_digits(text: str, count: int) -> None:
    assert switches(text) == count


@pytest.mark.parametrize(
    ("text", "place", "seen", "expected"),
    [
        ("$180 00", 4, {" ": 0.6, ".": 0.35}, "$180.00"),
        ("10 48", 2, {" ": 0.92, ".": 0.06}, "10 48"),
        ("03-3271 9481", 7, {" ": 0.6, ".": 0.35}, "03-3271 9481"),
        ("180 00", 3, {" ": 0.96, ".": 0.04}, "180 00"),
    ],
)
def test_an_unsure_space_in_an_amount_may_be_its_point(text: str, place: int, seen: Seen, expected: str) -> None:
    assert text_of(read(spelled(text, {place: seen}))) == expected


@pytest.mark.parametrize("text", ["2,4l5.00", "1.0.2", "192.168.10.22", "12-05.2017", "1:2", "X1:45Y"])
def test_what_only_looks_like_a_figure_counts_as_nothing(text: str) -> None:
    assert commonness(text) == 0


def test_a_confident_word_stays_even_if_it_is_in_no_dictionary() -> None:
    assert text_of(read(spelled("Qxzvbk tolal"))) == "Qxzvbk tolal"


def test_a_common_word_does_not_win_against_what_is_plainly_seen() -> None:
    assert text_of(read(spelled("tolal", {2: {"l": 0.94, "t": 0.002}}))) == "tolal"


@pytest.mark.parametrize(
    ("text", "place", "seen"),
    [
        ("1,234.50", 4, {"4": 0.6, "9": 0.4}),
        ("$12.50", 2, {"2": 0.5, "": 0.45}),
        ("2024-0815", 6, {"8": 0.6, "B": 0.4}),
        ("10/12/2023", 4, {"2": 0.6, "7": 0.4}),
        ("7", 0, {"7": 0.6, "I": 0.4}),
    ],
)
def test_amounts_dates_and_numbers_stay_as_they_are_read(text: str, place: int, seen: Seen) -> None:
    assert text_of(read(spelled(text, {place: seen}))) == text


@pytest.mark.parametrize(
    ("text", "place", "seen"),
    [("AX4T0P", 1, {"X": 0.6, "K": 0.4}), ("12TEL34", 4, {"L": 0.6, "N": 0.4}), ("the5", 2, {"e": 0.6, "c": 0.4})],
)
def test_a_code_keeps_the_likeliest_letter_at_every_place(text: str, place: int, seen: Seen) -> None:
    assert text_of(read(spelled(text, {place: seen}))) == text


def test_letters_beside_digits_are_no_words() -> None:
    assert commonness("total1") == pytest.approx(commonness("qxzvb1"))
    assert commonness("total 1") > commonness("qxzvb 1")
    assert commonness("total") > commonness("qxzvb")


def test_a_word_is_as_common_in_capitals_as_in_small_letters() -> None:
    assert commonness("TOTAL") == commonness("Total") == commonness("total")


def test_nothing_appears_that_is_among_no_steps_classes() -> None:
    rows = [
        {"t": 0.6, "f": 0.3},
        {"o": 0.5, "0": 0.4},
        {"": 1.0},
        {"f": 0.5, "l": 0.4},
        {"a": 0.9},
        {"i": 0.7, "1": 0.2},
    ]
    seen = set(itertools.chain.from_iterable(rows))
    assert set(text_of(read(rows))) <= seen
    assert text_of(read(spelled("tofal", {2: {"f": 0.6, "k": 0.4}}))) in {"tofal", "tokal"}  # "total" was not seen


def test_a_lost_space_comes_back_where_the_network_saw_one() -> None:
    between = [*spelled("of")[:-1], {"": 0.6, " ": 0.4}, *spelled("the")]
    unsure = [{"o": 0.9, "c": 0.1}, *between[1:]]
    assert text_of(read(unsure)) == "of the"
    without = [*unsure[:3], {"": 1.0}, *unsure[4:]]
    assert text_of(read(without)) == "ofthe"


def test_a_space_inside_a_word_is_removed_where_the_network_is_uncertain() -> None:
    assert text_of(read([*spelled("to")[:-1], {" ": 0.55, "": 0.45}, *spelled("tal")])) == "total"


def test_a_doubled_letter_survives_and_a_single_one_is_not_doubled() -> None:
    assert text_of(read(spelled("balance coffee", {8: {"c": 0.6, "e": 0.4}}))) == "balance coffee"
    held = [{"b": 0.6, "h": 0.4}, {"a": 1.0}, {"l": 1.0}, {"l": 1.0}, {"l": 1.0}, {"a": 1.0}, {"n": 1.0}]
    assert text_of(read([*held, *spelled("ce")])) == "balance"


def test_a_word_that_ends_in_a_letter_held_for_some_steps_is_read() -> None:
    assert text_of(read([*spelled("tota", {0: {"t": 0.6, "f": 0.4}}), {"l": 1.0}, {"l": 1.0}])) == "total"


def test_only_the_unsure_word_of_a_line_is_looked_at_again() -> None:
    line = "Qxzvbk tota1 12.50"
    glyphs = read(spelled(line, {11: {"1": 0.6, "l": 0.4}}))
    assert text_of(glyphs) == "Qxzvbk total 12.50"
    assert [glyph.probability for glyph in glyphs[:11]] == [1.0] * 11


def test_a_changed_letter_is_as_sure_as_its_word_among_the_candidates_and_the_others_as_they_were() -> None:
    glyphs = read(spelled("tota1", {4: {"1": 0.6, "l": 0.4}}))
    assert [glyph.probability for glyph in glyphs[:4]] == [1.0] * 4
    assert 0.4 < glyphs[4].probability < 1.0
    (less,) = read(spelled("tota1", {4: {"1": 0.9, "l": 0.1}}))[4:]
    assert less.probability < glyphs[4].probability


def test_the_same_steps_give_the_same_glyphs_twice() -> None:
    seen = scribbled(60, np.random.default_rng(5))
    assert read(seen) == read(seen)


def test_stretches_too_long_for_words_are_left_alone() -> None:
    rows = spelled("tota1", {4: {"1": 0.6, "l": 0.4}})
    filled = [*rows, *[{"": 1.0}] * (MOST_STEPS - len(rows))]
    assert text_of(read(filled)) == "total"
    assert text_of(read([*filled, {"": 1.0}])) == "tota1"


@pytest.mark.parametrize("seed", range(20))
def test_glyphs_stand_in_the_order_of_their_steps_with_probabilities_of_0_to_1(seed: int) -> None:
    drawn = np.random.default_rng(seed)
    count = int(drawn.integers(2, MOST_STEPS))
    glyphs = read(scribbled(count, drawn))
    edges = [edge for glyph in glyphs for edge in (glyph.left, glyph.right)]
    assert edges == sorted(edges)
    assert all(0 <= edge <= count * STEP_PIXELS for edge in edges)
    assert all(0 < glyph.probability <= 1 for glyph in glyphs)


def test_a_line_without_text_stays_without() -> None:
    assert read([{"": 1.0}] * 10) == []


@pytest.mark.parametrize(("text", "place"), [("RM12.50", 5), ("Xqzvb", 2), ("AB-1029", 4)])
def test_an_unsure_character_of_what_is_no_word_is_not_left_out(text: str, place: int) -> None:
    assert text_of(read(spelled(text, {place: {text[place]: 0.6, "": 0.4}}))) == text


def test_a_step_at_which_every_class_is_unlikely_is_no_end() -> None:
    seen = spelled("invoice")
    steps = steps_of([*seen[:4], {"o": 0.0004, "": 0.0003}, *seen[4:]])
    glyphs = decode(steps[0][:, 0], steps[1][:, 0], ALPHABET)
    assert text_of(with_known_words(glyphs, steps, ALPHABET)).startswith("in")


def test_the_words_kept_on_disk_are_those_of_the_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def loaded() -> Mapping[str, float]:
        monkeypatch.setattr(word_frequency, "_lexicon", {})
        word_frequency.prepare(tmp_path)
        return word_frequency.lexicon()

    first = loaded()
    (file,) = tmp_path.glob("words-*.txt")
    with monkeypatch.context() as patch:
        patch.setattr(word_frequency, "_most_common", dict)  # not asked again
        assert loaded() == first and first["the"] > first["invoice"]
    file.write_bytes(b"damaged")
    assert loaded() == first
