"""Letters that look alike in two scripts become those of their word's script."""

from __future__ import annotations

import pytest

from worker.engines.ppocr.glyphs import Glyph
from worker.engines.ppocr.homoglyphs import LOOKALIKES, in_script


def glyphs(text: str) -> list[Glyph]:
    return [Glyph(character, 0.9, float(place), place + 1.0) for place, character in enumerate(text)]


@pytest.mark.parametrize(
    ("script", "read", "meant"),
    [
        ("Cyrl", "Mocква", "Москва"),
        ("Cyrl", "звуκ", "звук"),
        ("Cyrl", "Windоws", "Windows"),
        ("Cyrl", "COOK", "COOK"),
        ("Cyrl", "ISO 9001", "ISO 9001"),
        ("Grek", "Aθήνα", "Αθήνα"),
        ("Grek", "ΤΙМΗ Σ", "ΤΙΜΗ Σ"),
    ],
)
def test_words_are_in_one_script(script: str, read: str, meant: str) -> None:
    assert "".join(glyph.text for glyph in in_script(glyphs(read), script)) == meant


def test_look_alikes_come_in_pairs() -> None:
    assert all(len(latin) == len(own) for latin, own in LOOKALIKES.values())
