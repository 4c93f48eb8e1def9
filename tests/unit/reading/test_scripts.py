"""Lines in other scripts than the recogniser's: read where something reads them, named as lost where nothing does."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from rapidfuzz.distance import Levenshtein

from tasks.runner import ReadContext
from worker.engines.ppocr import tesseract
from worker.engines.ppocr.engine import RapidOcrEngine
from worker.engines.ppocr.tesseract import TesseractLines
from worker.page import LineReading, PageImage, Pixels
from worker.reading.plain import PlainPipeline
from worker.reading.protocols import PageRead

FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
CYRILLIC = ["Квитанция об оплате № 318", "Получатель: Зайцева Юлия", "Сумма: 7 940,50 руб.", "Щедрый объём, съезд 12"]
UKRAINIAN = ["Їжак з'їв ґрунтовно щось", "Київська область, 04070", "Єдиний рахунок сплачено"]
GREEK = ["Απόδειξη είσπραξης αρ. 77", "Θεσσαλονίκη, 3 Μαΐου 2025", "Πληρωμή με κάρτα: 59,90 €", "Ευχαριστούμε πολύ"]
VIETNAMESE = ["Tiếng Việt: Đường phố, một nghìn", "Nguyễn Thị Hồng, Quận Bình Thạnh", "Tổng cộng: 45.000 ₫"]
RARE = ["İstanbul, Þórður, ¡Mañana!", "Příliš ďábelské ódy, šťastný", "₺450 ₩1200 ₴300 ₽75", "„Größe“ Țară, știință"]
LATIN = ["Receipt of payment No. 318", "Your order was sent today", "Please keep this slip"]
GEORGIAN = ["საქართველოს რესპუბლიკა", "გადახდის დადასტურება", "თბილისი რუსთაველის"]


def drawn(lines: Sequence[str], size: int = 30) -> Pixels:
    font = ImageFont.truetype(str(FONT), size)
    page = Image.new("RGB", (900, 120 + 2 * size * len(lines)), "white")
    for number, line in enumerate(lines):
        ImageDraw.Draw(page).text((60, 60 + 2 * size * number), line, "black", font)
    return np.asarray(page, np.uint8)


def read(engine: RapidOcrEngine, lines: Sequence[str], context: ReadContext | None = None) -> PageRead:
    return PlainPipeline(engine, engine).read_pages([PageImage(1, drawn(lines))], context or ReadContext())[0]


def errors(read: PageRead, lines: Sequence[str]) -> float:
    text, expected = ("".join(part.split()) for part in (read.page.text, " ".join(lines)))
    return Levenshtein.distance(text, expected) / len(expected)


@pytest.mark.parametrize(
    "lines", [CYRILLIC, UKRAINIAN, GREEK, [*VIETNAMESE, *RARE]], ids=["Cyrillic", "Ukrainian", "Greek", "added letters"]
)
def test_print_in_cyrillic_greek_and_all_of_latin_is_read(engine: RapidOcrEngine, lines: list[str]) -> None:
    page = read(engine, lines)
    assert errors(page, lines) <= 0.05, page.page.text
    assert not page.warnings


def test_a_foreign_paragraph_leaves_the_rest_as_it_is(engine: RapidOcrEngine) -> None:
    page = read(engine, [*LATIN, *GREEK])
    assert [line.text for line in page.page.lines[:3]] == LATIN
    assert errors(page, [*LATIN, *GREEK]) <= 0.04, page.page.text


def test_languages_narrow_the_scripts(engine: RapidOcrEngine) -> None:
    page = read(engine, CYRILLIC, ReadContext(languages=("en", "de")))
    assert not any("\u0400" <= character <= "\u04ff" for character in page.page.text)


def test_a_script_that_nothing_reads_lowers_the_confidence_and_is_named(
    engine: RapidOcrEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tesseract, "installed", lambda: TesseractLines({}))
    whole = read(engine, LATIN)
    assert not whole.warnings
    part = read(engine, [*LATIN, *GEORGIAN])
    assert part.page.confidence < 0.7 < whole.page.confidence
    assert any("in Georgian script could not be read" in warning for warning in part.warnings), part.warnings
    alone = read(engine, GEORGIAN)
    assert alone.page.confidence < 0.3
    assert alone.warnings


def test_a_program_that_fails_or_hangs_leaves_the_lines_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    program = tmp_path / tesseract.PROGRAM
    for body in ("exit 3", "exec sleep 60"):
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)
        monkeypatch.setattr(tesseract, "START_SECONDS", 0.2)
        monkeypatch.setattr(tesseract, "LINE_SECONDS", 0.0)
        crop = drawn(["abc"])
        readings = TesseractLines({"Thai": "Thai"}).read([crop, crop], "Thai", ReadContext())
        assert readings == [LineReading("", script="Thai", is_lost=True)] * 2


def test_words_are_joined_where_a_script_has_no_spaces() -> None:
    table = "\n".join(
        "\t".join(row)
        for row in (
            ("level", "page_num", "left", "width", "conf", "text"),
            ("1", "1", "0", "424", "-1", ""),
            ("5", "1", "12", "40", "90", "กา"),
            ("5", "1", "54", "40", "80", "แฟ"),
            ("5", "1", "120", "40", "70", "ดี"),
        )
    )
    words = [word for _, word in tesseract._words(table)]
    assert tesseract._reading(words, "Thai").text == "กาแฟ ดี"
    assert tesseract._reading(words, "Deva").text == "กา แฟ ดี"
    reading = tesseract._reading(words, "Deva")
    assert len(reading.spans) == len(reading.probabilities) == len(reading.text)
    assert tesseract._reading(words, "Hebr").spans == ()
