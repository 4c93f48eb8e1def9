"""The text that a PDF page carries comes with its places, and with what speaks against it."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest

from tests.documents import text_pdf
from tests.flag import LIMITS
from tests.unit.imaging.layered import FIELD, INVISIBLE, WHOLE_PICTURE, layered_pdf
from worker.imaging.decode import open_document
from worker.imaging.layer_lines import LayerCharacter, lines_of
from worker.imaging.text_layer import TextLayer

LINES = ["Invoice 2041 of 12 March", "Total due 418.50"]


def layer_of(data: bytes) -> TextLayer:
    with open_document(data, LIMITS) as document:
        layer = document.read_layer(1)
    assert layer is not None
    return layer


def texts(layer: TextLayer) -> list[str]:
    return [line.text for line in layer.lines]


def test_lines_come_as_they_are_printed() -> None:
    layer = layer_of(layered_pdf(LINES))
    assert texts(layer) == LINES
    assert (layer.characters, layer.invisible, layer.unmapped) == (34, 0, 0)
    assert all(len(line.spans) == len(line.text) for line in layer.lines)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_places_are_pixels_of_the_page_as_it_is_rendered(rotate: int) -> None:
    data = text_pdf([["Harbour light"]], rotate=rotate)
    with open_document(data, LIMITS) as document:
        (line,), page = document.read_layer(1).lines, document.read_page(1)
    ys, xs = np.nonzero(page.pixels.min(axis=2) < 128)
    corners = np.array(line.corners)
    low, high = corners.min(0), corners.max(0)
    assert low[0] <= xs.min() and xs.max() <= high[0] and low[1] <= ys.min() and ys.max() <= high[1]
    along = corners[1] - corners[0]
    assert round(float(np.degrees(np.arctan2(along[1], along[0])))) % 360 == rotate
    assert line.text == "Harbour light"


def test_a_form_fields_value_is_text_of_its_page() -> None:
    assert "Membership 40711" in texts(layer_of(layered_pdf(LINES, extra=FIELD)))


def test_invisible_text_is_counted_and_marked() -> None:
    layer = layer_of(layered_pdf(LINES, mode=INVISIBLE))
    assert (layer.characters, layer.invisible) == (0, 34)
    assert not any(line.visible for line in layer.lines)


def test_text_under_a_picture_is_invisible() -> None:
    layer = layer_of(layered_pdf(LINES, over=WHOLE_PICTURE))
    assert (layer.characters, layer.invisible, len(layer.pictures)) == (0, 34, 1)


def test_characters_without_unicode_are_counted_and_left_out() -> None:
    layer = layer_of(layered_pdf(LINES, unmapped=True))
    assert layer.unmapped == layer.characters > 0
    assert not texts(layer)


def test_what_stands_off_the_page_is_no_text_of_it() -> None:
    assert not layer_of(layered_pdf(LINES, left=900)).lines


def test_pictures_carry_no_layer() -> None:
    import io

    from PIL import Image

    stream = io.BytesIO()
    Image.new("RGB", (20, 20)).save(stream, "PNG")
    with open_document(stream.getvalue(), LIMITS) as document:
        assert document.read_layer(1) is None


BOX = "0.9 g 72 600 200 100 re f 0 G 1 w 72 500 m 300 500 l 72 400 m 72 500 l S 0 g 72 399.5 228 1 re f"
"""A grey area, two level lines, one of which is a thin area, and an upright one."""


def test_lines_and_areas_are_placed_as_they_are_drawn() -> None:
    drawing = layer_of(layered_pdf(LINES, over=f"q 1 0 0 1 0 0 cm {BOX} Q")).drawing
    assert drawing is not None and not drawing.has_more
    scale = LIMITS.pdf_dpi / 72

    def at(left: float, top: float, right: float, bottom: float) -> object:
        return pytest.approx([left * scale, (842 - top) * scale, right * scale, (842 - bottom) * scale], abs=1)

    assert [list(box) for box in drawing.level] == [at(72, 500.5, 300, 499.5), at(72, 400.5, 300, 399.5)]
    assert [list(box) for box in drawing.upright] == [at(71.5, 500, 72.5, 400)]
    assert [list(box) for box in drawing.fills] == [at(72, 700, 272, 600)]


def test_what_is_drawn_by_curves_or_by_pictures_is_known_to_be_there() -> None:
    curve = layer_of(layered_pdf(LINES, over="72 500 m 90 520 110 520 130 500 c S")).drawing
    assert curve is not None and curve.has_more
    assert layer_of(layered_pdf(LINES, over=WHOLE_PICTURE)).drawing is None


@pytest.mark.parametrize("over", [WHOLE_PICTURE, BOX])
def test_a_layer_survives_the_way_from_the_decoder(over: str) -> None:
    layer = layer_of(layered_pdf(LINES, over=over))
    assert TextLayer.from_bytes(layer.to_bytes()) == layer


def test_what_is_no_layer_is_refused() -> None:
    whole = layer_of(layered_pdf(LINES)).to_bytes()
    infinite = whole[:-8] + struct.pack("d", math.inf)
    for broken in (b"", b"\0\0\0\2{}", whole[:-16], whole + bytes(16), infinite, whole[:-3]):
        with pytest.raises((IndexError, KeyError, TypeError, ValueError, struct.error)):
            TextLayer.from_bytes(broken)


def test_columns_are_lines_of_their_own_and_gaps_are_spaces() -> None:
    def at(text: str, left: float) -> LayerCharacter:
        return LayerCharacter(text, (left, 0, left + 10, 20), 0.0, "f", 16)

    lines = list(lines_of([at("a", 0), at("b", 10), at("c", 27), at("d", 80)]))
    assert [line.text for line in lines] == ["ab c", "d"]
    (chinese,) = lines_of([at("\u81ea", 0), at("\u5df1", 18), at("\u4eba", 36)])
    assert chinese.text == "\u81ea\u5df1\u4eba"


def test_letters_that_are_spaced_out_are_words_and_those_of_a_ligature_share_its_place() -> None:
    def at(text: str, left: float, right: float, made: bool = True) -> LayerCharacter:
        return LayerCharacter(text, (left, 0, right, 20), 0.0, "f", 16, space_made=made)

    spaced = [at(letter, 15 * index, 15 * index + 10) for index, letter in enumerate("TOTAL DUE") if letter != " "]
    assert [line.text for line in lines_of(spaced)] == ["TOTAL DUE"]
    (office,) = lines_of(
        [at("o", 0, 10, False), *(at(letter, 10, 28, False) for letter in "ff"), at("e", 28, 38, False)]
    )
    assert office.text == "offe"
    assert [round(left * 38) for left, _ in office.spans] == [0, 10, 19, 28]
    (cut,) = lines_of([at("e", 0, 10), at("\u0301", 4, 6), at("\u00ad", 10, 10, False)])
    assert cut.text == "\u00e9-"


def test_words_whose_letters_are_of_several_fonts_stay_whole() -> None:
    def at(text: str, left: float, font: str, made: bool = False) -> LayerCharacter:
        return LayerCharacter(text, (left, 0, left + 10, 20), 0.0, font, 16, space_made=made)

    # One font has the first and last letters of the words alone: its gaps are all between words.
    words = [at("abc"[step % 3], 20 * (step // 3) + 10 * step, "fgf"[step % 3], step % 3 == 0) for step in range(15)]
    assert [line.text for line in lines_of(words)] == ["abc abc abc abc abc"]
    spaced = [at(letter, 14 * index, "fg"[index % 2], True) for index, letter in enumerate("total")]
    assert [line.text for line in lines_of(spaced)] == ["total"]
    assert [line.text for line in lines_of(spaced[:3])] == ["tot"]


def test_an_accent_that_is_a_part_of_its_letters_glyph_has_a_part_of_its_place() -> None:
    def at(text: str, left: float, right: float, guessed: bool = False) -> LayerCharacter:
        return LayerCharacter(text, (left, 0, right, 20), 0.0, "f", 16, is_guessed=guessed)

    (word,) = lines_of([at("c", 0, 10), at("a", 10, 15), at("\u0301", 15, 20), at("t", 20, 30)])
    assert word.text == "c\u00e1t"
    assert [round(30 * right) for _, right in word.spans] == [10, 20, 30]
    # Of a ligature that PDFium has elsewhere only the beginning is known: it ends where the next letter begins.
    (ligature,) = lines_of([*(at(letter, 0, 10, True) for letter in "ffi"), at("c", 16, 26)])
    assert ligature.text == "ffic"
