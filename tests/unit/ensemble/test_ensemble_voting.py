from __future__ import annotations

import pytest

from worker.page import LineReading
from worker.reading.ensemble import Lattice


def reading(text: str, probability: float = 0.9) -> LineReading:
    count = max(1, len(text))
    spans = tuple((index / count, (index + 1) / count) for index in range(len(text)))
    return LineReading(text, (probability,) * len(text), spans)


def voted(*readings: LineReading) -> LineReading:
    lattice = Lattice(readings[0])
    for other in readings[1:]:
        lattice.add(other)
    return lattice.reading()


def test_what_most_readings_say_wins_at_every_place() -> None:
    assert voted(reading("Tota1 99.00"), reading("Total 9.00"), reading("TotaI 99.00")).text in {
        "Tota1 99.00",
        "Total 99.00",
        "TotaI 99.00",
    }
    assert voted(reading("T0tal 99.00"), reading("Total 9.00"), reading("Total 99.0O")).text == "Total 99.00"


def test_a_confident_reading_outvotes_an_uncertain_one() -> None:
    assert voted(reading("8", 0.5), reading("6", 0.9)).text == "6"
    assert voted(reading("8", 0.9), reading("6", 0.5)).text == "8"


def test_the_first_reading_wins_a_tie() -> None:
    assert voted(reading("8"), reading("6")).text == "8"


def test_a_character_that_one_of_three_invents_is_dropped() -> None:
    assert voted(reading("Total"), reading("iTotal"), reading("Total")).text == "Total"
    assert voted(reading("iTotal"), reading("Total"), reading("Total")).text == "Total"


def test_an_empty_reading_never_wins_over_two_that_agree() -> None:
    assert voted(reading(""), reading("Total"), reading("Total")).text == "Total"


def test_agreement_is_in_the_probability() -> None:
    agreed = voted(reading("abc", 0.9), reading("abc", 0.9))
    split = voted(reading("abc", 0.9), reading("abd", 0.8))
    assert agreed.probabilities == pytest.approx((0.9, 0.9, 0.9))
    assert split.probabilities == pytest.approx((0.85, 0.85, 0.45))


def test_every_character_keeps_a_place_on_the_line_in_order() -> None:
    result = voted(reading("Tot 99"), reading("Total 99"), reading("Total 99"))
    assert result.text == "Total 99"
    assert len(result.spans) == len(result.text)
    edges = [edge for span in result.spans for edge in span]
    assert edges == sorted(edges)


def test_readings_without_places_give_none() -> None:
    assert voted(LineReading("ab", (0.9, 0.9)), LineReading("ab", (0.8, 0.8))).spans == ()


def test_the_vote_is_settled_once_the_rest_cannot_change_it() -> None:
    lattice = Lattice(reading("Total"))
    assert lattice.settled(0)
    assert not lattice.settled(1)
    lattice.add(reading("Total"))
    assert lattice.settled(1)
    assert not lattice.settled(2)


def test_a_split_vote_is_not_settled_while_one_reading_is_left() -> None:
    lattice = Lattice(reading("8"))
    lattice.add(reading("6"))
    assert not lattice.settled(1)
