"""Lines of text drawn, degraded and cut out again as the pipelines cut them from a page."""

from __future__ import annotations

from collections.abc import Iterator

from training.batches import Line
from training.degradation import degraded
from training.fonts import Fonts
from training.random_source import RandomSource
from training.texts import Texts
from training.typesetting import printed, set_line, turned
from worker.imaging.crop import cut_line

LONGEST = 42
"""Characters: about what fits on the widest strip of a batch; longer lines hold nothing else to learn."""

SMALLEST_NEIGHBOUR = 4  # characters
SMALLEST_TEXT, LARGEST_TEXT = 13, 60
"""Pixels of font size, as on the page: fine print to headings."""

SMALL_POWER = 1.3
"""Sizes are drawn as a uniform number to this power, on a logarithmic scale: small ones more often."""

NARROWEST = 0.5
"""Width over height: narrower crops are of a single stroke, and detectors find none."""


def degraded_lines(characters: frozenset[str], seed: int) -> Iterator[Line]:
    """Lines without end, each a crop and what stands on it.

    Args:
        characters: Those the reader knows.
        seed: Equal seeds draw equal lines.
    """
    rng, texts = RandomSource(seed), Texts(seed, characters)
    fonts = Fonts(rng)
    while True:
        text = texts.line(LONGEST)
        size = round(SMALLEST_TEXT * (LARGEST_TEXT / SMALLEST_TEXT) ** (rng.random() ** SMALL_POWER))
        font = fonts.drawn(text, size)
        if font is None:  # it lacks a character
            continue
        neighbours = [texts.line(max(SMALLEST_NEIGHBOUR, len(text))) for _ in range(2)]
        line = turned(printed(set_line(text, neighbours, font, rng), size, rng), rng)
        crop = cut_line(degraded(line.ink, size, rng), line.quad)
        if crop.shape[1] >= NARROWEST * crop.shape[0]:
            yield crop, text
