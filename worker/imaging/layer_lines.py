"""Lines out of the characters of a PDF page: which of them follow one another, and where words part."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from worker.imaging.text_layer import LayerLine, Rectangle, turned

NEW_LINE_GAP = 1.0
"""Heights of white between two characters from which they stand on two lines: in two columns, or two cells."""

OFF_LINE = 0.5
"""Heights that a character's middle may stand off that of the one before it; superscripts stand about .35 off."""

SAME_ANGLE = 0.01
"""Radians by which the characters of a line may differ."""

WORD_GAP, SEEN_WORD_GAP, WIDE_WORD_GAP = 0.12, 0.08, 0.9
"""White beyond that between the letters of a word, in sizes of the font, that parts two words where letters are spaced
out, for the narrowest spaces have .18; where PDFium sees a space; and between two Chinese or Japanese characters, whose
ink may be much narrower than their place."""

OVER = 0.5
"""Sizes of the font by which a word where PDFium sees a space may stand over the one before."""

DOUBTFUL_WORD_GAP = 0.33
"""Likewise where the letters are not spaced out and PDFium sees no space: for some fonts it gives the place of the ink
instead of the letter's."""

LETTER_SHARE = 0.3
"""Place of the gap, among those of one font from the narrowest to the widest, that is one between letters of a word."""

SPACED_OUT = 0.05
"""That gap in sizes of the font, from which letters are spaced out."""

SPACED_SPACE = 0.5
"""Of that gap, by which two words must stand further apart where letters are spaced out: spaces are, too."""

FEWEST_SPACED, SPACED_DIGITS = 3, 0.22
"""Gaps between characters, all as wide, from which these are letters of one word that is spaced out; digits so far
apart, in sizes of the font, are numbers of their own."""

GUESSED_WIDTH, GUESSED_OFF = 0.3, 0.35
"""Sizes of the font: width of a ligature's letter, and how far off the ligature's end may be by that."""

SAME_PLACE, PART_HEIGHT = 0.5, 0.8
"""Pixels by which the places of a ligature's letters may differ; and the height, in sizes of the font, below which a
place may be a part of one."""

FIRST_WIDE = "\u1100"
"""Below it no character is as wide as a Chinese one."""

FIRST_ACCENT = "\u0300"
"""Below it no character is set onto the one before."""

EVEN = 0.06
"""Sizes of the font by which the two gaps of a word of three letters differ."""

SOFT_HYPHEN = "\u00ad"
UNSEEN = "\u00ad\u200b\u200e\u200f\u2060\ufeff"
"""Characters that are not seen: where a word may break, which shows a hyphen at a line's end; and directions."""


class LayerCharacter(NamedTuple):
    """A character.

    Attributes:
        text: One character, or the letters of a ligature.
        box: In a frame that is turned by ``-angle`` about the page's corner, so that its text runs level.
        angle: Radians clockwise on the rendered page in which its text runs.
        font: Tells fonts of the page apart.
        size: Of the font, in pixels.
        space_before: Whether the page carries a space before it.
        space_made: Whether PDFium sees one there; it also does between letters that are spaced out.
        visible: Whether it is seen: neither drawn invisibly nor covered by a picture.
        is_guessed: Whether only the left of its box is known.
    """

    text: str
    box: Rectangle
    angle: float
    font: str
    size: float
    space_before: bool = False
    space_made: bool = False
    visible: bool = True
    is_guessed: bool = False

    @property
    def height(self) -> float:
        """Pixels."""
        return self.box[3] - self.box[1]


def lines_of(characters: Iterable[LayerCharacter]) -> Iterator[LayerLine]:
    """Join characters that follow one another on a line.

    Args:
        characters: In the order they are drawn.
    """
    line: list[LayerCharacter] = []
    for character in _single(characters):
        if line and not _follows(line[-1], character):
            yield from _line(line)
            line = []
        line.append(character)
    yield from _line(line)


def _single(characters: Iterable[LayerCharacter]) -> Iterator[LayerCharacter]:
    """The characters, those of a ligature with a share of its box each, and accents joined to their letters."""
    same: list[LayerCharacter] = []
    for character in characters:
        if same and not character.space_before:
            if character.text >= FIRST_ACCENT and unicodedata.combining(character.text[0]):
                same[-1] = _accented(same[-1], character)
                continue
            if _of_ligature(same[-1], character):
                same.append(character)
                continue
        yield from _shared(same, character)
        same = [character]
    yield from _shared(same)


def _of_ligature(before: LayerCharacter, after: LayerCharacter) -> bool:
    """Whether two characters have one place, which PDFium gives each of them, or parts along the page's x."""
    (left, _, right, bottom), (next_left, top, next_right, next_bottom) = before.box, after.box
    if abs(left - next_left) > SAME_PLACE or abs(right - next_right) > SAME_PLACE or before.font != after.font:
        return False
    return abs(bottom - next_bottom) <= SAME_PLACE or (
        before.height < PART_HEIGHT * before.size and abs(bottom - top) <= SAME_PLACE
    )


def _accented(letter: LayerCharacter, accent: LayerCharacter) -> LayerCharacter:
    """A letter with its accent, which PDFium gives a part of the letter's place where both are one glyph."""
    left, top, right, bottom = letter.box
    if abs(accent.box[0] - right) <= SAME_PLACE and abs(accent.box[3] - bottom) <= SAME_PLACE:
        right = accent.box[2]
    text = unicodedata.normalize("NFC", letter.text + accent.text)
    return letter._replace(text=text, box=(left, top, right, bottom))


def _shared(same: Sequence[LayerCharacter], after: LayerCharacter | None = None) -> Iterator[LayerCharacter]:
    if len(same) < 2:
        yield from same
        return
    left, right = same[0].box[0], same[0].box[2]
    if same[0].is_guessed:
        right = left + GUESSED_WIDTH * len(same) * same[0].size
        if after is not None and not after.space_before and abs(after.box[0] - right) <= GUESSED_OFF * same[0].size:
            right = after.box[0]
    top, bottom = min(one.box[1] for one in same), max(one.box[3] for one in same)
    step = (right - left) / len(same)
    for index, character in enumerate(same):
        yield character._replace(box=(left + step * index, top, left + step * (index + 1), bottom))


def _follows(before: LayerCharacter, after: LayerCharacter) -> bool:
    if abs(before.angle - after.angle) > SAME_ANGLE or before.visible != after.visible:
        return False
    (_, top, right, bottom), (left, next_top, _, next_bottom) = before.box, after.box
    height = max(bottom - top, next_bottom - next_top, 1.0)
    off = abs(top + bottom - next_top - next_bottom) / 2
    return off <= OFF_LINE * height and -height <= left - right <= NEW_LINE_GAP * height


def _line(every: Sequence[LayerCharacter]) -> Iterator[LayerLine]:
    characters = [one for one in every if one.text not in UNSEEN]
    if not characters:
        return
    if every[-1].text == SOFT_HYPHEN:
        characters.append(every[-1]._replace(text="-"))
    lefts, tops, rights, bottoms = zip(*(one.box for one in characters), strict=True)
    left, top, right, bottom = min(lefts), min(tops), max(rights), max(bottoms)
    scale = 1 / max(right - left, 1e-6)
    text, spans = list[str](), list[tuple[float, float]]()
    for one, parted in zip(characters, [False, *_partings(characters)], strict=True):
        low, high = (one.box[0] - left) * scale, (one.box[2] - left) * scale
        if parted:
            text.append(" ")
            spans.append((min(spans[-1][1], low), max(spans[-1][1], low)))
        text.append(one.text)
        step = (high - low) / len(one.text)
        spans += (
            [(low, high)]
            if len(one.text) == 1
            else [(low + step * index, low + step * (index + 1)) for index in range(len(one.text))]
        )
    angle = characters[0].angle
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    a, b, c, d = (turned(corner, angle) for corner in corners)
    yield LayerLine("".join(text), (a, b, c, d), tuple(spans), characters[0].font, characters[0].visible)


def _partings(characters: Sequence[LayerCharacter]) -> list[bool]:
    """Whether each character of a line but the first begins a word."""
    pairs = list(pairwise(characters))
    gaps = [(after.box[0] - before.box[2]) / max(before.size, after.size) for before, after in pairs]
    usual = _letter_gaps(characters, gaps)
    parted = []
    for (before, after), gap in zip(pairs, gaps, strict=True):
        letter = usual[after.font]
        if letter > SPACED_OUT:
            least = WORD_GAP + SPACED_SPACE * letter
        else:
            least = SEEN_WORD_GAP if after.space_made else DOUBTFUL_WORD_GAP
        if after.text >= FIRST_WIDE and _is_wide(before.text[-1]) and _is_wide(after.text[0]):
            least = WIDE_WORD_GAP
        parted.append(after.space_before or gap > letter + least or (after.space_made and gap < -OVER))
    return parted


def _letter_gaps(characters: Sequence[LayerCharacter], gaps: Sequence[float]) -> dict[str, float]:
    """The gap between the letters of a word, in sizes of the font, for each font of a line."""
    members: dict[str, list[int]] = {}
    for index, (before, after) in enumerate(pairwise(characters)):
        if before.text[-1].isalnum() and after.text[0].isalnum():  # not the dots that lead to a page number
            members.setdefault(after.font if _is_run(characters, index) else "", []).append(index)
    whole = _letter_gap([gap for indices in members.values() for gap in _inside(characters, gaps, indices)])
    if (
        len(gaps) == FEWEST_SPACED - 1
        and max(gaps) - min(gaps) < EVEN
        and not any(one.space_before for one in characters[1:])
    ):
        whole = max(min(gaps), 0.0)  # a word of three letters
    usual = {}
    for font in {character.font for character in characters}:
        indices = members.get(font, [])
        inside = _inside(characters, gaps, indices)
        letter = _letter_gap(inside) if len(inside) >= FEWEST_SPACED else whole  # a face is often more than one font
        if letter > SPACED_DIGITS and indices and all(characters[index + 1].text.isdigit() for index in indices):
            letter = 0.0
        usual[font] = letter
    return usual


def _is_run(characters: Sequence[LayerCharacter], index: int) -> bool:
    """Whether a character, the next and one beside them are of one font: else words may begin where it changes."""
    fonts = [one.font for one in characters[max(index - 1, 0) : index + 3]]
    at = min(index, 1)
    return fonts[at] == fonts[at + 1] and (fonts[:at] == [fonts[at]] or fonts[at + 2 :] == [fonts[at]])


def _inside(characters: Sequence[LayerCharacter], gaps: Sequence[float], indices: Sequence[int]) -> list[float]:
    return [gaps[index] for index in indices if not characters[index + 1].space_before]


def _letter_gap(gaps: Sequence[float]) -> float:
    return max(sorted(gaps)[int(LETTER_SHARE * len(gaps))], 0.0) if len(gaps) >= FEWEST_SPACED else 0.0


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"
