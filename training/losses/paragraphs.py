"""Plain pages of paragraphs, drawn without a browser."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from wordfreq import top_n_list

from training.fonts import OFFICE_FAMILIES, installed
from training.losses.damage import Boxes
from training.random_source import RandomSource
from worker.page import Pixels

WIDTH, HEIGHT, MARGIN = 1240, 1754, 120
LANGUAGES = ("en", "de", "fr", "es", "it", "pl")
HELD_OUT_FONTS = ("Carlito", "LiberationSerif", "NotoSans-", "Roboto", "texgyre")
VOCABULARY = 4000


def draw_paragraphs(rng: RandomSource, held_out: bool) -> tuple[Pixels, list[str], Boxes]:
    """A page, its words, and where they stand.

    Args:
        rng: Draws.
        held_out: Fonts for measuring only.
    """
    fonts = [path for path in installed() if path.name.startswith(OFFICE_FAMILIES) and "Mono" not in path.name]
    fonts = [path for path in fonts if path.name.startswith(HELD_OUT_FONTS) == held_out]
    size = rng.randint(20, 34)
    font = ImageFont.truetype(str(rng.choice(fonts)), size)
    image = Image.new("RGB", (WIDTH, HEIGHT), (rng.randint(244, 255),) * 3)
    pen, vocabulary = ImageDraw.Draw(image), top_n_list(rng.choice(LANGUAGES), VOCABULARY)
    words, boxes, y = list[str](), list[tuple[float, float, float, float]](), rng.randint(60, 200)
    for _ in range(rng.randint(2, 7)):
        lines = rng.randint(2, 9)
        for line in range(lines):
            if y > HEIGHT - MARGIN:
                break
            right = WIDTH - MARGIN if line < lines - 1 else rng.randint(MARGIN + 150, WIDTH - MARGIN)
            x = float(MARGIN)
            while True:
                word = vocabulary[int(len(vocabulary) * rng.random() ** 2)]
                word = word.capitalize() if rng.happens(0.15) else word
                if x + font.getlength(word) > right and x > MARGIN:
                    break
                pen.text((x, y), word, (20, 20, 30), font)
                words.append(word)
                boxes.append((x, y, x + font.getlength(word), y + 1.25 * size))
                x += font.getlength(word + " ")
            y += round(size * 1.45)
        y += size
    return np.asarray(cv2.cvtColor(np.asarray(image), cv2.COLOR_RGB2BGR), np.uint8), words, np.array(boxes)
