from __future__ import annotations

from pathlib import Path

import pytest

from worker.page import LineReading
from worker.reading import language
from worker.reading.characters import is_rule, tidied, without_strays
from worker.reading.confidence import (
    BLANK_PAGE,
    document_confidence,
    line_confidence,
    page_confidence,
    word_confidences,
    word_ranges,
)
from worker.reading.language import detect_language
from worker.reading.spacing import spaced


def reading(text: str, *probabilities: float) -> LineReading:
    """With a span of equal width for each character, and the probabilities given, the last one repeated."""
    given = [*probabilities] or [0.99]
    return LineReading(
        text,
        tuple(given[min(index, len(given) - 1)] for index in range(len(text))),
        tuple((index / len(text), (index + 1) / len(text)) for index in range(len(text))),
    )


def set_in_type(text: str, gaps: dict[int, float], width: float = 8.0, gap: float = 2.0) -> LineReading:
    """Characters of one width; ``gaps`` are those behind the characters at these places, in the same unit."""
    left, spans = 0.0, []
    for index in range(len(text)):
        spans.append((left, left + width))
        left += width + gaps.get(index, gap)
    return LineReading(text, (0.9,) * len(text), tuple((a / left, b / left) for a, b in spans))


class TestTidied:
    def test_latin_lines_get_ascii_for_full_width_forms(self) -> None:
        assert tidied(reading("Total：（RM）　１２，５")).text == "Total:(RM) 12,5"

    def test_chinese_lines_keep_their_spaces(self) -> None:
        assert tidied(reading("总计：（元）")).text == "总计：（元）"

    def test_letters_and_their_accents_become_one_character_with_the_lower_probability(self) -> None:
        tidy = tidied(reading("12 u\u0308", 0.9, 0.9, 0.9, 0.8, 0.6))
        assert tidy.text == "12 \u00fc"
        assert tidy.probabilities == (0.9, 0.9, 0.9, 0.6)
        assert tidy.spans[-1] == (0.6, 1.0)

    def test_control_characters_and_runs_of_spaces_become_one_space(self) -> None:
        assert tidied(reading(" a\x00\t \u200bb\u2028")).text == "a b"

    def test_readings_without_probabilities_or_spans_stay_without(self) -> None:
        assert tidied(LineReading("ａ ")) == LineReading("a")


class TestWithoutStrays:
    page = (reading("GOODS SOLD ARE NOT RETURNABLE"), reading("THANK YOU PLEASE COME AGAIN"))

    def test_uncertain_ideographs_on_a_latin_page_go(self) -> None:
        kept = without_strays([*self.page, reading("家家 GST 家", 0.5)])
        assert [line.text for line in kept[2:]] == ["GST"]
        assert len(kept[2].probabilities) == len(kept[2].spans) == 3

    def test_certain_ones_stay(self) -> None:
        assert without_strays([*self.page, reading("杜鵑", 0.95)])[2].text == "杜鵑"

    def test_the_chinese_one_alone_on_a_latin_page_is_a_dash(self) -> None:
        assert without_strays([*self.page, reading("56.6 一 9.0", 0.6)])[2].text == "56.6 — 9.0"
        page = [reading("合計金額", 0.9), reading("一", 0.9)]
        assert without_strays(page) == page

    def test_a_row_of_asterisks_is_not_chinese_at_any_confidence(self) -> None:
        kept = without_strays([*self.page, reading("冰家家**家家家家寒家*家 GST 家家", 0.97)])
        assert kept[2].text == "*** GST"

    def test_what_else_a_row_of_asterisks_is_taken_for_goes_with_it(self) -> None:
        assert without_strays([*self.page, reading("☆会会会会会会会专会会会会", 0.7)])[2].text == ""
        assert without_strays([*self.page, reading("☆ ☆", 0.7)])[2].text == "☆ ☆"

    def test_a_multiplication_sign_among_ascii_is_an_x(self) -> None:
        assert without_strays([*self.page, reading("1 × 17.41", 0.9)])[2].text == "1 x 17.41"
        typeset = [reading("Größe 3 × 4", 0.9)]
        assert without_strays(typeset) == typeset

    def test_a_page_in_chinese_keeps_all_of_its_characters(self) -> None:
        page = [reading("合計金額", 0.6), reading("TOTAL", 0.9)]
        assert without_strays(page) == page


class TestIsRule:
    @pytest.mark.parametrize("text", ["*" * 40, "- " * 20, "=" * 20, "\u2014" * 25])
    def test_one_sign_over_and_over_is(self, text: str) -> None:
        assert is_rule(text)

    @pytest.mark.parametrize("text", ["*" * 12, "-" * 20 + "=", "0" * 30, "?" * 30, "*** THANK YOU ***" + "*" * 20, ""])
    def test_masked_digits_and_text_among_signs_are_not(self, text: str) -> None:
        assert not is_rule(text)


class TestSpaced:
    def test_a_gap_much_wider_than_the_lines_own_is_a_space(self) -> None:
        put = spaced(set_in_type("GOODSSOLD", {4: 7.0}))
        assert put.text == "GOODS SOLD"
        assert put.spans[5] == (put.spans[4][1], put.spans[6][0])
        assert put.probabilities == (0.9,) * 10

    @pytest.mark.parametrize("gap", [2.0, 3.5])
    def test_usual_gaps_are_not(self, gap: float) -> None:
        line = set_in_type("GOODSSOLD", {4: gap})
        assert spaced(line) == line

    def test_a_gap_narrower_than_the_spaces_that_were_seen_is_not(self) -> None:
        line = set_in_type("GOODS SOLDNOW", {4: 4.0, 5: 4.0, 9: 7.0})
        assert spaced(line) == line

    def test_beside_narrow_glyphs_more_is_asked(self) -> None:
        assert spaced(set_in_type("GOODSSOLD", {4: 5.5})).text == "GOODS SOLD"
        assert spaced(set_in_type("GOOD::OLD", {4: 5.5})).text == "GOOD::OLD"

    def test_numbers_are_not_split_at_their_point_and_no_letter_is_left_alone(self) -> None:
        assert spaced(set_in_type("RM1234.50", {6: 12.0})).text == "RM1234.50"
        assert spaced(set_in_type("Credits", {5: 9.0})).text == "Credits"

    def test_readings_without_spans_and_short_ones_stay_as_they_are(self) -> None:
        for line in (LineReading("GOODSSOLD", (0.9,) * 9), reading("AB"), LineReading("")):
            assert spaced(line) == line


class TestConfidence:
    def test_a_line_is_right_when_all_its_characters_are(self) -> None:
        assert line_confidence(reading("ab", 0.9, 0.5)) == pytest.approx(0.45)
        assert line_confidence(LineReading("")) == 0.0
        assert line_confidence(LineReading("read by a model that does not say")) == 0.0

    def test_words_are_what_spaces_part(self) -> None:
        assert word_ranges(" ab  c ") == [(1, 3), (5, 6)]
        assert word_confidences(reading("ab c", 0.9, 0.5, 1.0, 0.8)) == pytest.approx([0.45, 0.8])

    def test_a_pages_confidence_is_the_expected_share_of_right_words(self) -> None:
        assert page_confidence([reading("ab c", 0.9, 0.5, 1.0, 0.8), reading("d", 1.0)]) == pytest.approx(0.75)
        assert page_confidence([]) == BLANK_PAGE

    def test_a_documents_weighs_its_pages_by_their_words(self) -> None:
        assert document_confidence([("one two three", 1.0), ("", 0.0), ("four", 0.6)]) == pytest.approx(0.9)
        assert document_confidence([("", 0.0)]) == BLANK_PAGE


class TestLanguage:
    @pytest.mark.parametrize(
        ("text", "language"),
        [
            ("TAX INVOICE\nGOODS SOLD ARE NOT RETURNABLE\nTHANK YOU 12/03/2018 RM 12.50", "en"),
            ("RECHNUNG NR. 4711\nBITTE ÜBERWEISEN WIR DANKEN FÜR IHREN EINKAUF", "de"),
            ("Le montant total de la facture est à régler avant la fin du mois", "fr"),
            ("El importe total de la factura se pagará antes de fin de mes", "es"),
            ("请在月底之前支付发票总额", "zh"),
        ],
    )
    def test_the_language_is_detected_from_the_words(self, text: str, language: str) -> None:
        assert detect_language(text) == language

    def test_the_identifier_kept_on_disk_finds_the_same_and_is_made_again_where_damaged(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(3):
            monkeypatch.setattr(language, "_loaded", [])
            language.prepare(tmp_path)
            assert language.detect_language("Rechnungsnummer und Datum der Lieferung bitte angeben") == "de"
            (table,) = tmp_path.glob("languages-*-pc.npy")
            table.write_bytes(table.read_bytes()[:90])

    @pytest.mark.parametrize("text", ["", "12.50", "A1 B2 C3 99-X", "OK", "\n\f"])
    def test_too_little_text_has_none(self, text: str) -> None:
        assert detect_language(text) is None
