"""Make receipt.jpg, a degraded photograph of an invented receipt, and receipt.txt, what it says.

Needs pillow and numpy only. The same seed gives the same picture:

    python examples/make_receipt.py examples --seed 7
"""

from __future__ import annotations

import argparse
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

ITEMS = (
    ("Whole Milk 1L", "2.49"),
    ("Rye Bread", "3.95"),
    ("Eggs Free Range x12", "4.80"),
    ("Cherry Tomatoes", "2.99"),
    ("Olive Oil 500ml", "6.45"),
    ("Bananas 0.8 kg", "1.24"),
)  # 21.92; with 8% tax 23.67
HEAD = ("GREENFIELD MARKET", "48 Harbour Lane, Millbrook", "Tel 555 0142")
FACTS = (("Invoice No", "GM-204817"), ("Date", "2026-03-14"), ("Time", "17:42"), ("Cashier", "Robin"))
SUMS = (("Subtotal", "21.92"), ("Tax 8%", "1.75"))
TOTAL = ("TOTAL", "23.67")
PAID = (("Card payment", "23.67"), ("Card", "**** 4821"))
FOOT = ("Thank you for your visit", "Returns within 14 days with receipt")

WIDTH, HEIGHT = 760, 1240  # pixels of the paper
MARGIN = 60
FONT, TITLE_FONT, TOTAL_FONT = 30, 46, 42  # pixels
TABLE = (104, 92, 82)  # the colour it lies on
QUALITY = 72  # of the JPEG

Pairs = tuple[tuple[str, str], ...]


def text() -> str:
    """What the receipt says, a line a row."""
    pairs = (*FACTS, *ITEMS, *SUMS, TOTAL, *PAID)
    return "\n".join((*HEAD, *(f"{name} {value}" for name, value in pairs), *FOOT)) + "\n"


def print_receipt() -> Image.Image:
    """The receipt as it left the till."""
    paper = Image.new("L", (WIDTH, HEIGHT), 246)
    draw = ImageDraw.Draw(paper)
    y = 56
    for index, line in enumerate(HEAD):
        font = ImageFont.load_default(TITLE_FONT if index == 0 else FONT)
        draw.text((WIDTH / 2, y), line, 30, font, anchor="ma")
        y += 66 if index == 0 else 44
    for pairs in (FACTS, ITEMS, SUMS, (TOTAL,), PAID):
        y = _rule(draw, y + 6)
        y = _rows(draw, y, pairs, TOTAL_FONT if pairs == (TOTAL,) else FONT)
    y = _rule(draw, y + 6)
    for line in FOOT:
        draw.text((WIDTH / 2, y), line, 30, ImageFont.load_default(FONT), anchor="ma")
        y += 44
    return paper


def degrade(paper: Image.Image, random: np.random.Generator) -> Image.Image:
    """The receipt after a day in a pocket, photographed by hand."""
    shaded = np.asarray(paper, np.float32) * _creases(random) * np.linspace(1.0, 0.86, WIDTH)
    paper = Image.fromarray(shaded.clip(0, 255).astype(np.uint8)).convert("RGB")
    tint = np.asarray(paper, np.float32) * (1.0, 0.985, 0.94)  # thermal paper yellows
    paper = Image.fromarray(tint.clip(0, 255).astype(np.uint8))
    photo = Image.new("RGB", (WIDTH + 140, HEIGHT + 140), TABLE)
    photo.paste(paper, (70, 70))
    photo = photo.rotate(float(random.uniform(1.4, 2.2)), Image.Resampling.BICUBIC, fillcolor=TABLE)
    photo = photo.filter(ImageFilter.GaussianBlur(0.9))
    noisy = np.asarray(photo, np.float32) + random.normal(0, 7, (photo.height, photo.width, 1))
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def _rule(draw: ImageDraw.ImageDraw, y: int) -> int:
    for x in range(MARGIN, WIDTH - MARGIN, 16):
        draw.line((x, y, x + 9, y), 90, 2)
    return y + 18


def _rows(draw: ImageDraw.ImageDraw, y: int, pairs: Pairs, size: int) -> int:
    font = ImageFont.load_default(size)
    for name, value in pairs:
        draw.text((MARGIN, y), name, 35, font)
        draw.text((WIDTH - MARGIN, y), value, 35, font, anchor="ra")
        y += round(size * 1.45)
    return y


def _creases(random: np.random.Generator) -> np.ndarray:
    """Brightness of crumpled paper: soft folds in random directions, 0.75 to 1.05."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    light = np.ones((HEIGHT, WIDTH), np.float32)
    for _ in range(9):
        angle, depth = random.uniform(0, np.pi), random.uniform(0.04, 0.11)
        across = (x - random.uniform(0, WIDTH)) * np.cos(angle) + (y - random.uniform(0, HEIGHT)) * np.sin(angle)
        light -= depth * np.sign(across) * np.exp(-np.abs(across) / random.uniform(25, 90)) * 0.5
        light -= depth * np.exp(-((across / 5) ** 2)) * 0.5
    return light.clip(0.75, 1.05)


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    jpeg = BytesIO()
    degrade(print_receipt(), np.random.default_rng(asked.seed)).save(jpeg, "JPEG", quality=QUALITY)
    (asked.folder / "receipt.jpg").write_bytes(jpeg.getvalue())
    (asked.folder / "receipt.txt").write_text(text())


if __name__ == "__main__":
    main()
