"""Lines in Cyrillic and Greek, drawn, half of them degraded, and cut out as the pipelines cut them from a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ImageFont

from training.batches import Line
from training.degradation import degraded
from training.fonts import covered, installed, opened
from training.random_source import RandomSource
from training.scripts.texts import ScriptTexts
from training.typesetting import printed, set_line, turned
from worker.imaging.crop import cut_line
from worker.page import Pixels

LENGTHS = ((12, 30), (45, 40), (95, 30))
"""Characters at most, and the share of such lines."""

SMALLEST_TEXT, LARGEST_TEXT = 12, 60
"""Pixels of font size."""

SMALL_POWER = 1.3
CLEAN_SHARE, PRINTED_SHARE = 0.6, 0.3
"""Of lines that are not degraded, and of those that pass through a poor printer."""

NARROWEST = 0.5
HELD_OUT_FAMILIES = ("PT", "Carlito", "GFSNeohellenic", "NotoSerif-", "Ubuntu", "Exo", "Gentium", "Lato", "GFSOlga")
"""For measuring only."""

COMMON_FAMILIES, COMMON_SHARE = ("Liberation", "DejaVu", "Arimo", "Tinos", "Cousine", "NotoSans-", "Roboto"), 0.45
SLIGHT_BLUR, JPEG_SHARE, QUALITIES = 0.9, 0.35, (30, 50, 70, 90)


def script_lines(seed: int, held_out: bool = False, clean_share: float = CLEAN_SHARE) -> Iterator[Line]:
    """Lines in Cyrillic and Greek without end, each a crop and what stands on it.

    Args:
        seed: Equal seeds draw equal lines.
        held_out: With the fonts and words that are for measuring only.
        clean_share: Of lines that are not degraded.
    """
    rng, texts = RandomSource(seed), ScriptTexts(seed, held_out)
    pool = [path for path in installed() if _of(path, HELD_OUT_FAMILIES) == held_out and covered(path) & set("жλ")]
    common = [path for path in pool if _of(path, COMMON_FAMILIES)] or pool

    def font_of(text: str) -> Path:
        return rng.choice(common if rng.happens(COMMON_SHARE) else pool)

    return drawn_lines(lambda longest: texts.line(longest)[0], font_of, rng, clean_share)


def drawn_lines(
    text_of: Callable[[int], str], font_of: Callable[[str], Path], rng: RandomSource, clean_share: float
) -> Iterator[Line]:
    """Lines without end.

    Args:
        text_of: Draws a text of at most so many characters.
        font_of: Draws the font for a text; another text is drawn where it lacks a character.
        rng: Draws everything else.
        clean_share: Of lines that are not degraded.
    """
    while True:
        longest = rng.by_share(dict(LENGTHS))
        text = text_of(rng.randint(1, longest) if longest < 20 else longest)
        size = round(SMALLEST_TEXT * (LARGEST_TEXT / SMALLEST_TEXT) ** (rng.random() ** SMALL_POWER))
        font = _font(font_of(text), text, size)
        if font is None:
            continue
        neighbours = [text_of(max(4, len(text))) for _ in range(2)]
        line = set_line(text, neighbours, font, rng)
        is_clean = rng.happens(clean_share)
        if not is_clean or rng.happens(PRINTED_SHARE):
            line = printed(line, size, rng)
        if not is_clean or rng.happens(0.5):
            line = turned(line, rng)
        page = _clean(line.ink, rng) if is_clean else degraded(line.ink, size, rng)
        crop = cut_line(page, line.quad)
        if crop.shape[1] >= NARROWEST * crop.shape[0]:
            yield crop, text


def _font(path: Path, text: str, size: int) -> ImageFont.FreeTypeFont | None:
    return opened(path, size) if set(text) - {" "} <= covered(path) else None


def _clean(ink: NDArray[np.float32], rng: RandomSource) -> Pixels:
    """Ink on paper as a screen or a good scanner shows it; now and then light on dark, or coloured."""
    paper, black = rng.uniform(225, 255), rng.uniform(0, 70)
    if rng.happens(0.06):
        paper, black = black, paper
    page = paper - ink / 255 * (paper - black)
    if rng.happens(0.4):
        page = cv2.GaussianBlur(page, (0, 0), rng.uniform(0.2, SLIGHT_BLUR))
    pixels = np.asarray(cv2.cvtColor(np.clip(page, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2BGR), np.uint8)
    if rng.happens(JPEG_SHARE):
        _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, rng.choice(QUALITIES)])
        pixels = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return pixels


def _of(path: Path, families: tuple[str, ...]) -> bool:
    return path.name.startswith(families)
