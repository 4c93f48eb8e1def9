"""Lines of text as the detector cuts them out, for training the tiny TrOCR of the tests.

Fonts come with Python packages, so that the checkpoint can be made anywhere: Pillow's own, and those of matplotlib,
font-roboto, font-source-sans-pro and font-source-serif-pro where they are installed.
"""

from __future__ import annotations

import random
import string
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

HEIGHT, WIDTH = 24, 432  # pixels the model sees: short lines padded, long ones shrunk
SIZES = (13, 46)  # pixels of the font on the page
MARGINS = (-0.06, 0.32)  # between ink and the crop's edge, of the font's size, as measured on the detector's crops
MOST_WORDS = 8
MOST_CHARACTERS = 52
INVENTED = 0.12  # share of words that are in no list, so that the model reads letters and does not guess words
FONTS = (
    "matplotlib/mpl-data/fonts/ttf/DejaVuSans.ttf",
    "matplotlib/mpl-data/fonts/ttf/DejaVuSans.ttf",
    "matplotlib/mpl-data/fonts/ttf/DejaVuSans-Bold.ttf",
    "matplotlib/mpl-data/fonts/ttf/DejaVuSans-Oblique.ttf",
    "matplotlib/mpl-data/fonts/ttf/DejaVuSansMono.ttf",
    "matplotlib/mpl-data/fonts/ttf/DejaVuSansMono-Bold.ttf",
    "matplotlib/mpl-data/fonts/ttf/DejaVuSerif.ttf",
    "matplotlib/mpl-data/fonts/ttf/DejaVuSerif-Bold.ttf",
    "matplotlib/mpl-data/fonts/ttf/STIXGeneral.ttf",
    "matplotlib/mpl-data/fonts/ttf/STIXGeneralBol.ttf",
    "font_roboto/files/Roboto-Regular.ttf",
    "font_roboto/files/Roboto-Medium.ttf",
    "font_roboto/files/Roboto-Bold.ttf",
    "font_source_sans_pro/files/SourceSansPro-Regular.otf",
    "font_source_sans_pro/files/SourceSansPro-Bold.otf",
    "font_source_serif_pro/files/SourceSerifPro-Bold.otf",
)
HERSHEY = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX)
HERSHEY_SHARE = 0.06  # of the lines: OpenCV's stroke fonts

Grey = NDArray[np.uint8]


class Lines:
    """An endless supply of lines.

    Args:
        words: What the lines are made of.
        seed: Equal seeds give equal lines where the same fonts are installed.
    """

    def __init__(self, words: Sequence[str], seed: int) -> None:
        self._words = list(words)
        self._random = random.Random(seed)
        self._noise = np.random.default_rng(seed)
        self._fonts = [None, None, *installed_fonts()]  # None: Pillow's own, a sans-serif

    def take(self, count: int) -> tuple[list[str], Grey]:
        """So many texts, and their pictures: count x HEIGHT x WIDTH, as the model's image processor leaves them."""
        texts = [self._text() for _ in range(count)]
        return texts, np.stack([fitted(self._degraded(self._crop(text))) for text in texts])

    def _text(self) -> str:
        count = self._random.choice((1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 7, MOST_WORDS))
        words = [self._word() for _ in range(count)]
        while len(" ".join(words)) > MOST_CHARACTERS:
            words.pop()
        return " ".join(words)

    def _word(self) -> str:
        if self._random.random() >= INVENTED:
            return self._random.choice(self._words)
        if self._random.random() < 0.4:
            return f"{self._random.randrange(1000)}.{self._random.randrange(100):02d}"
        return "".join(self._random.choices(string.ascii_lowercase, k=self._random.randint(2, 7)))

    def _crop(self, text: str) -> Image.Image:
        """Dark ink on white, cut a little wider or tighter than the ink, as a detector does."""
        size = self._random.randint(*SIZES)
        page = self._hershey(text, size) if self._random.random() < HERSHEY_SHARE else self._drawn(text, size)
        left, top, right, bottom = page.point(lambda value: 255 - value).getbbox() or (0, 0, *page.size)
        cut = [round(size * self._random.uniform(*MARGINS)) for _ in range(4)]
        box = (left - cut[0], top - cut[1], right + cut[2], bottom + cut[3])
        crop = Image.new("L", (max(4, box[2] - box[0]), max(6, box[3] - box[1])), 255)
        crop.paste(page, (-box[0], -box[1]))
        return crop

    def _drawn(self, text: str, size: int) -> Image.Image:
        font = _font(self._random.choice(self._fonts), size)
        left, top, right, bottom = font.getbbox(text)
        page = Image.new("L", (int(right - left) + 8, int(bottom - top) + 8), 255)
        ImageDraw.Draw(page).text((4 - left, 4 - top), text, font=font, fill=0)
        return page

    def _hershey(self, text: str, size: int) -> Image.Image:
        face, thickness = self._random.choice(HERSHEY), max(1, round(size / 18))
        scale = size / 30
        (width, height), base = cv2.getTextSize(text, face, scale, thickness)
        page = np.full((height + base + 12, width + 12), 255, np.uint8)
        cv2.putText(page, text, (6, 6 + height), face, scale, 0, thickness, cv2.LINE_AA)
        return Image.fromarray(page)

    def _degraded(self, crop: Image.Image) -> Image.Image:
        """Leaning, squeezed, blurred, noisy, faint: each in some of the lines."""
        rng = self._random.random
        if rng() < 0.3:
            ratio = self._random.uniform(0.85, 1.15)
            crop = crop.resize((max(4, round(crop.width * ratio)), crop.height), Image.Resampling.BILINEAR)
        if rng() < 0.25:
            crop = crop.rotate(self._random.uniform(-0.8, 0.8), Image.Resampling.BILINEAR, fillcolor=255)
        if rng() < 0.3:
            crop = crop.filter(ImageFilter.GaussianBlur(self._random.uniform(0.2, 0.035 * crop.height)))
        pixels = np.asarray(crop, np.float32)
        if rng() < 0.5:
            ink, ground = self._random.uniform(0, 110), self._random.uniform(190, 255)
            pixels = ink + pixels * ((ground - ink) / 255)
        if rng() < 0.35:
            pixels = pixels + self._noise.normal(0, self._random.uniform(2, 22), pixels.shape)
        return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def installed_fonts() -> list[Path]:
    """Those of :data:`FONTS` that stand in a folder of ``sys.path``."""
    found = (next((Path(base) / name for base in sys.path if (Path(base) / name).is_file()), None) for name in FONTS)
    return [path for path in found if path]


@lru_cache(maxsize=1024)
def _font(path: Path | None, size: int) -> ImageFont.FreeTypeFont:
    if path is None:
        return ImageFont.load_default(size)  # type: ignore[return-value]
    return ImageFont.truetype(str(path), size)


def fitted(crop: Image.Image) -> Grey:
    """A crop as DonutImageProcessor fits it: the shorter side scaled, the whole within the size, black around it."""
    scale = HEIGHT / min(crop.size)
    crop = crop.resize((int(crop.width * scale), int(crop.height * scale)), Image.Resampling.BILINEAR)
    if crop.width > WIDTH or crop.height > HEIGHT:
        height, width = min(HEIGHT, crop.height), min(WIDTH, crop.width)
        if crop.height > crop.width:
            width = max(1, int(crop.width * height / crop.height))
        elif crop.width > crop.height:
            height = max(1, int(crop.height * width / crop.width))
        crop = crop.resize((width, height), Image.Resampling.BILINEAR)
    picture = np.zeros((HEIGHT, WIDTH), np.uint8)
    top, left = (HEIGHT - crop.height) // 2, (WIDTH - crop.width) // 2
    picture[top : top + crop.height, left : left + crop.width] = np.asarray(crop)
    return picture
