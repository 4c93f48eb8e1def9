"""Whether a page's text layer can be trusted: it is seen, has a meaning, stands on ink, and says what is printed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, floor

import cv2
import numpy as np
from rapidfuzz.distance import Levenshtein

from worker.imaging.crop import cut_line, span_quad
from worker.imaging.same_picture import grey_of
from worker.imaging.text_layer import LayerLine, TextLayer
from worker.page import PageImage, Pixels, Quad

MOST_INVISIBLE = 0.2
"""Share of a page's characters that may be invisible; more is another program's reading of a scan."""

MOST_UNMAPPED = 0.05
"""Share of the characters that may have no meaning; signs of icon fonts are fewer, a garbled font has more."""

INK_CONTRAST = 24
"""Grey values by which the darkest and the lightest pixel of a line's box differ where something is printed."""

MOST_WITHOUT_INK = 0.1
"""Share of the characters that may stand on nothing; such lines are left out, and more make a layer a lie."""

FIRST_LENGTH, FIRST_AGREEMENT = 12, 0.85
"""Letters and digits of each sample that are read first, on a smaller copy of the page, and their similarity to their
reading from which nothing else is read."""

AGREEMENT = 0.7
"""Similarity of longer samples from which a layer is believed: readings of clean print reach .95, and of another
text .3."""

SAMPLE_LINES = 3
SAMPLE_CHARACTERS = 8
SAMPLE_LENGTH = 40
"""Lines read for comparison, one a font; the fewest letters and digits of one, and how many characters are read."""

LAST_KNOWN = "\u052f"
"""The last letter of the scripts that readers know: Latin, Greek, Cyrillic."""

FONT_SHARE = 0.1
"""Share of a page's characters from which a font is sampled."""

MARGIN = 0.1
"""Heights of white around a sample, as a detector leaves."""

WHITE = (255, 255, 255)

StripReader = Callable[[Sequence[Pixels]], str]
"""Reads pictures of lines."""


def is_plausible(layer: TextLayer) -> bool:
    """Whether a layer has text that is seen and has a meaning."""
    every = layer.characters + layer.invisible
    if not layer.characters or layer.invisible > MOST_INVISIBLE * every:
        return False
    return layer.unmapped <= MOST_UNMAPPED * layer.characters


def with_ink(page: PageImage, layer: TextLayer) -> list[LayerLine] | None:
    """The visible lines that stand on ink; None where too many don't."""
    grey = grey_of(page.pixels)
    visible = [line for line in layer.lines if line.visible]
    printed = [line for line in visible if _contrast(grey, line_quad(line) * page.scale) >= INK_CONTRAST]
    missing = sum(len(line.text) for line in visible) - sum(len(line.text) for line in printed)
    return None if missing > MOST_WITHOUT_INK * layer.characters else printed


def _contrast(grey: Pixels, quad: Quad) -> int:
    (left, top), (right, bottom) = quad.min(axis=0).tolist(), quad.max(axis=0).tolist()
    part = grey[max(floor(top), 0) : ceil(bottom), max(floor(left), 0) : ceil(right)]
    return int(part.max()) - int(part.min()) if part.size else 0


def line_quad(line: LayerLine) -> Quad:
    """Where a line stands, in pixels of the page."""
    return np.array(line.corners, np.float32)


class FontTest:
    """Compares a line of each font with what is read where it stands; fonts that agreed are not looked at again."""

    def __init__(self) -> None:
        self._proven: set[str] = set()

    def agrees(self, page: PageImage, lines: Sequence[LayerLine], read: StripReader) -> bool:
        """Whether a page's lines say what is printed, as far as that can be read."""
        samples = [line for line in _samples(lines) if line.font not in self._proven]
        if samples:
            if _similarity(page, [(line, _first_length(line)) for line in samples], read) < FIRST_AGREEMENT:
                whole = page.whole() if page.whole else page
                if _similarity(whole, [(line, SAMPLE_LENGTH) for line in samples], read) < AGREEMENT:
                    return False
            self._proven |= {line.font for line in samples}
        return True


def _similarity(page: PageImage, samples: Sequence[tuple[LayerLine, int]], read: StripReader) -> float:
    """Of the first characters of some lines to their reading, 0 to 1."""
    strips = [_strip(page, line, length) for line, length in samples]
    if sum(length for _, length in samples) <= SAMPLE_LENGTH:
        strips = [_beside_each_other(strips)]  # a reader pays for each picture
    expected = "".join(line.text[:length] for line, length in samples)
    return float(Levenshtein.normalized_similarity(_bare(expected), _bare(read(strips))))


def _beside_each_other(strips: Sequence[Pixels]) -> Pixels:
    height = max(strip.shape[0] for strip in strips)
    alike = [cv2.resize(strip, (max(1, round(strip.shape[1] * height / strip.shape[0])), height)) for strip in strips]
    return np.asarray(np.concatenate(alike, axis=1), np.uint8)


def _samples(lines: Sequence[LayerLine]) -> list[LayerLine]:
    """The longest line of each font that the page has much of, of those in letters that readers know."""
    total = sum(len(line.text) for line in lines)
    by_font: dict[str, list[LayerLine]] = {}
    for line in lines:
        by_font.setdefault(line.font, []).append(line)
    longest = []
    for members in by_font.values():
        if sum(len(line.text) for line in members) < FONT_SHARE * total:
            continue
        known = [line for line in members if _is_comparable(line.text)]
        longest += sorted(known, key=lambda line: -len(line.text))[:1]
    return sorted(longest, key=lambda line: -len(line.text))[:SAMPLE_LINES]


def _is_comparable(text: str) -> bool:
    """Whether readers know most of its letters: Latin, Cyrillic, Greek."""
    bare = _bare(text)
    return len(bare) >= SAMPLE_CHARACTERS and sum(char <= LAST_KNOWN for char in bare) >= 0.8 * len(bare)


def _bare(text: str) -> str:
    """Letters and digits alone: spaces, dashes and quotes are drawn in more ways than one."""
    return "".join(char for char in text.casefold() if char.isalnum())


def _first_length(line: LayerLine) -> int:
    """How many characters of a line have :data:`FIRST_LENGTH` letters and digits."""
    found = [index for index, char in enumerate(line.text) if char.isalnum()]
    return found[FIRST_LENGTH - 1] + 1 if len(found) >= FIRST_LENGTH else len(line.text)


def _strip(page: PageImage, line: LayerLine, length: int) -> Pixels:
    """The picture of a line's first characters, upright on white."""
    quad = span_quad(line_quad(line) * page.scale, 0.0, line.spans[min(length, len(line.text)) - 1][1])
    margin = max(1, int(MARGIN * np.linalg.norm(quad[3] - quad[0])))
    crop = cut_line(page.pixels, np.asarray(quad, np.float32))
    white = cv2.copyMakeBorder(crop, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=WHITE)
    return np.asarray(white, np.uint8)
