"""The machine's fonts, those that look like most documents' apart from the others."""

from __future__ import annotations

import functools
import subprocess
from pathlib import Path

from fontTools.ttLib import TTFont
from PIL import ImageFont

from training.chinese import is_chinese
from training.random_source import RandomSource

OFFICE_SHARE = 0.55
"""Of the lines that are set in a font of an office's."""

OFFICE_FAMILIES = (
    "Arimo",
    "Caladea",
    "Carlito",
    "Courier",
    "DejaVu",
    "Free",
    "Lato",
    "Liberation",
    "Nimbus",
    "NotoMono",
    "NotoSans-",
    "NotoSansMono",
    "NotoSerif-",
    "OpenSans",
    "Roboto",
    "TeXGyre",
    "texgyre",
)

ODD_FAMILIES = (
    "D050000L",
    "Dingbats",
    "Emoji",
    "Hairline",
    "Math",
    "Noto",
    "StandardSymbols",
    "Symbol",
    "Thin",
    "UltraLight",
)
"""Left out: without letters, or too thin for any document; most of Noto's are for scripts that are not drawn."""

KEPT_NOTO = ("NotoSans-", "NotoSerif-", "NotoSansMono-", "NotoMono-")
CHINESE_FAMILIES = ("wqy",)


class Fonts:
    """Draws the font for a text.

    Args:
        rng: Of the line's maker.
    """

    def __init__(self, rng: RandomSource) -> None:
        self._chance, fonts = rng, installed()
        self._chinese = [font for font in fonts if _of(font, CHINESE_FAMILIES)]
        self._office = [font for font in fonts if _of(font, OFFICE_FAMILIES)]
        self._others = sorted(set(fonts) - set(self._chinese) - set(self._office))

    def drawn(self, text: str, size: int) -> ImageFont.FreeTypeFont | None:
        """A font at a size in pixels; None where the one drawn lacks a character."""
        if any(map(is_chinese, text)):
            pool = self._chinese
        else:
            pool = self._office if self._chance.happens(OFFICE_SHARE) else self._others
        path = self._chance.choice(pool)
        return opened(path, size) if set(text) - {" "} <= covered(path) else None


@functools.cache
def installed() -> tuple[Path, ...]:
    """The machine's Latin fonts, and those for Chinese, by fontconfig; one file a face, in a steady order."""
    listed = subprocess.run(["fc-list", "--format", "%{file}\n"], check=True, capture_output=True, text=True).stdout
    paths = [Path(line) for line in sorted(listed.split("\n"))]
    faces = {path.stem: path for path in paths if path.suffix in {".ttf", ".otf", ".ttc"}}
    return tuple(path for path in faces.values() if path.name.startswith(KEPT_NOTO) or not _of(path, ODD_FAMILIES))


@functools.lru_cache(4096)
def opened(path: Path, size: int) -> ImageFont.FreeTypeFont:
    """The font at a size in pixels."""
    return ImageFont.truetype(str(path), size)


@functools.cache
def covered(path: Path) -> frozenset[str]:
    """The characters a font has glyphs for."""
    with TTFont(path, fontNumber=0, lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap() or {}))


def _of(path: Path, families: tuple[str, ...]) -> bool:
    return any(name in path.name for name in families)
