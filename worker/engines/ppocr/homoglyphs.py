"""Letters that look the same in two scripts, such as Latin A and Cyrillic А: each word is written in one script."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from worker.engines.ppocr.glyphs import Glyph

LOOKALIKES = {
    "Cyrl": ("ABEKMHOPCTXYaeopcyxSsIiJjÏïËë", "АВЕКМНОРСТХУаеорсухЅѕІіЈјЇїЁё"),
    "Grek": ("ABEZHIKMNOPTYXovu", "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧονυ"),
}
"""By ISO 15924 code: Latin letters, and the script's own that look like them."""

BOTH = ("АВЕКМНОРТХГЛПФкоπфЇЄ", "ΑΒΕΚΜΗΟΡΤΧΓΛΠΦκοπφΪε")
"""Cyrillic and Greek letters that look alike."""

RANGES = {"Cyrl": (0x0400, 0x052F), "Grek": (0x0370, 0x03FF)}
"""First and last code point of each script's letters."""

_FROM_THE_OTHER = {"Cyrl": str.maketrans(BOTH[1], BOTH[0]), "Grek": str.maketrans(*BOTH)}


def in_script(glyphs: Sequence[Glyph], script: str) -> list[Glyph]:
    """The glyphs with each word in one script.

    A word becomes the script's own where it has a letter that only that script has, and Latin where it has one that
    only Latin has; a word of nothing but look-alikes stays as it was read.

    Args:
        glyphs: Of one line.
        script: ISO 15924 code.
    """
    latin, own = LOOKALIKES[script]
    to_own, to_latin = str.maketrans(latin, own), str.maketrans(own, latin)
    result: list[Glyph] = []
    for is_word, group in itertools.groupby(glyphs, key=lambda glyph: glyph.text.isalpha()):
        word = [replace(glyph, text=glyph.text.translate(_FROM_THE_OTHER[script])) for glyph in group]
        if is_word:
            has_own = any(is_letter_of(glyph.text, script) and glyph.text not in own for glyph in word)
            has_latin = any(glyph.text < "\u0370" and glyph.text not in latin for glyph in word)
            if has_own != has_latin:
                table = to_own if has_own else to_latin
                word = [replace(glyph, text=glyph.text.translate(table)) for glyph in word]
        result += word
    return result


def is_letter_of(character: str, script: str) -> bool:
    """Whether a character is in a script's own range."""
    first, last = RANGES[script]
    return first <= ord(character[0]) <= last
