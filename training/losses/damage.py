"""What makes a page lose text: tiles, stamps, tears, folds, glare, blur, text in scripts that are not read.

Every function takes pixels, the boxes of the page's words and chance, and returns other pixels; where the page itself
becomes smaller, the boxes' offset comes with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from training.fonts import OFFICE_FAMILIES, installed
from training.random_source import RandomSource
from training.scripts.script_samples import LANGUAGES, fonts_with, words_of
from worker.page import Pixels

Boxes = NDArray[np.float64]
"""Left, top, right, bottom of each word."""

STAMP_WORDS = ("RECEIVED", "APPROVED", "DRAFT", "ENTWURF", "COPIE", "VOID", "ORIGINAL", "CERTIFIED", "BEZAHLT", "FILED")
HELD_OUT_STAMP_WORDS = ("PAID", "URGENT", "COPY", "CANCELLED", "POSTED", "KOPIE")
SCRIPTS = ("Taml", "Beng", "Geor", "Telu", "Knda", "Ethi", "Khmr", "Gujr")
HELD_OUT_SCRIPTS = ("Armn", "Mlym", "Sinh", "Laoo", "Mymr", "Guru")
INKS = ((190, 60, 40), (40, 40, 190), (30, 30, 30), (90, 140, 30), (150, 40, 130), (60, 60, 60))
"""BGR."""


@dataclass(frozen=True)
class Damaged:
    """A page with a loss.

    Attributes:
        pixels: BGR.
        moved: By how much the page's old pixels moved, x and y.
        gone: Indices of words that another text replaced.
        foreign: Words of that text, and where they stand.
    """

    pixels: Pixels
    moved: tuple[float, float] = (0.0, 0.0)
    gone: frozenset[int] = frozenset()
    foreign: tuple[tuple[str, tuple[float, float, float, float]], ...] = ()


Damage = Callable[[Pixels, Boxes, RandomSource, bool], Damaged]


def _area(pixels: Pixels, boxes: Boxes, rng: RandomSource) -> tuple[int, int, int, int]:
    """A rectangle about some words: a few of a line up to half of the page."""
    height, width = pixels.shape[:2]
    left, top, right, bottom = rng.choice(boxes.tolist())
    line = max(10.0, bottom - top)
    wide = min(0.95 * width, line * 2 ** rng.uniform(1, 5.5))
    high = min(0.6 * height, line * 2 ** rng.uniform(-0.3, 4))
    x, y = rng.uniform(left - 0.7 * wide, right - 0.3 * wide), rng.uniform(top - 0.7 * high, bottom - 0.3 * high)
    x, y = min(max(0.0, x), width - wide), min(max(0.0, y), height - high)
    return round(x), round(y), round(x + wide), round(y + high)


def _paper(pixels: Pixels) -> tuple[int, int, int]:
    b, g, r = (int(value) for value in np.median(pixels.reshape(-1, 3)[::53], axis=0))
    return b, g, r


def tile(pixels: Pixels, boxes: Boxes, rng: RandomSource, _held_out: bool) -> Damaged:
    """A patch of one colour, as a redaction, a sticker or a broken decoder leaves it."""
    left, top, right, bottom = _area(pixels, boxes, rng)
    paper = _paper(pixels)
    grey = rng.randint(0, 235)
    colour = rng.choice(
        (paper, paper, (255, 255, 255), (0, 0, 0), (128, 128, 128), (grey, grey, grey))
        + (tuple(rng.randint(0, 255) for _ in range(3)),)
    )
    result = pixels.copy()
    quad = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
    if rng.happens(0.3):
        turn = cv2.getRotationMatrix2D(((left + right) / 2, (top + bottom) / 2), rng.uniform(-6, 6), 1)
        quad = np.asarray(quad @ turn[:, :2].T + turn[:, 2], np.float32)
    cv2.fillPoly(result, [np.round(quad).astype(np.int32)], colour)
    if rng.happens(0.15):
        cv2.polylines(result, [np.round(quad).astype(np.int32)], True, (90, 90, 90), rng.randint(1, 3))
    return Damaged(result)


def tiles(pixels: Pixels, boxes: Boxes, rng: RandomSource, held_out: bool) -> Damaged:
    """Several patches."""
    for _ in range(rng.randint(2, 5)):
        pixels = tile(pixels, boxes, rng, held_out).pixels
    return Damaged(pixels)


def pixelated(pixels: Pixels, boxes: Boxes, rng: RandomSource, _held_out: bool) -> Damaged:
    """A tile of too few pixels."""
    left, top, right, bottom = _area(pixels, boxes, rng)
    result, part = pixels.copy(), pixels[top:bottom, left:right]
    step = rng.randint(8, 26)
    size = max(1, part.shape[1] // step), max(1, part.shape[0] // step)
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    way = rng.choice((cv2.INTER_NEAREST, cv2.INTER_NEAREST, cv2.INTER_LINEAR))
    result[top:bottom, left:right] = cv2.resize(small, part.shape[1::-1], interpolation=way)
    return Damaged(result)


def _soft(shape: tuple[int, ...], area: tuple[int, int, int, int], rng: RandomSource) -> NDArray[np.float32]:
    """1 in an area, 0 outside, with a soft edge."""
    left, top, right, bottom = area
    mask = np.zeros(shape[:2], np.float32)
    if rng.happens(0.5):
        cv2.ellipse(
            mask,
            ((left + right) // 2, (top + bottom) // 2),
            ((right - left) // 2, (bottom - top) // 2),
            0,
            0,
            360,
            1,
            -1,
        )
    else:
        mask[top:bottom, left:right] = 1
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), rng.uniform(2, 0.12 * min(mask.shape))), np.float32)[..., None]


def blurred(pixels: Pixels, boxes: Boxes, rng: RandomSource, _held_out: bool) -> Damaged:
    """A region out of focus, or smeared."""
    sigma = rng.uniform(3, 12)
    away = cv2.blur(pixels, (round(4 * sigma), 3)) if rng.happens(0.4) else cv2.GaussianBlur(pixels, (0, 0), sigma)
    mask = _soft(pixels.shape, _area(pixels, boxes, rng), rng)
    return Damaged(np.asarray(pixels * (1 - mask) + away * mask, np.uint8))


def glare(pixels: Pixels, boxes: Boxes, rng: RandomSource, _held_out: bool) -> Damaged:
    """Light that leaves nothing of the print, or a shadow."""
    mask = np.clip(_soft(pixels.shape, _area(pixels, boxes, rng), rng) * rng.uniform(0.9, 2), 0, 1)
    tone = rng.choice((255, 255, 255, rng.randint(0, 60)))
    return Damaged(np.asarray(pixels * (1 - mask) + tone * mask, np.uint8))


def faded(pixels: Pixels, boxes: Boxes, rng: RandomSource, _held_out: bool) -> Damaged:
    """Print that is all but gone."""
    mask = _soft(pixels.shape, _area(pixels, boxes, rng), rng) * rng.uniform(0.85, 1)
    return Damaged(np.asarray(pixels * (1 - mask) + np.array(_paper(pixels), np.float32) * mask, np.uint8))


def creased(pixels: Pixels, boxes: Boxes, rng: RandomSource, _held_out: bool) -> Damaged:
    """A fold, or a strip of tape, hides a band of the page."""
    left, top, right, bottom = rng.choice(boxes.tolist())
    line = bottom - top
    band = line * rng.uniform(0.3, 3)
    result, tone = pixels.astype(np.float32), rng.choice((_paper(pixels), (90, 90, 90), (250, 250, 250)))
    across = rng.happens(0.5)
    length, middle = (pixels.shape[0], (top + bottom) / 2) if across else (pixels.shape[1], rng.uniform(left, right))
    places = np.arange(length, dtype=np.float32)
    mask = 1 / (1 + np.exp(np.clip((np.abs(places - middle) - band / 2) / rng.uniform(0.3, 4), -30, 30)))
    mask = mask[:, None, None] if across else mask[None, :, None]
    return Damaged(np.asarray(result * (1 - mask) + np.array(tone, np.float32) * mask, np.uint8))


def torn(pixels: Pixels, boxes: Boxes, rng: RandomSource, _held_out: bool) -> Damaged:
    """A corner or an edge is torn off."""
    height, width = pixels.shape[:2]
    colour = rng.choice(((255, 255, 255), (20, 20, 20), (120, 140, 160), _paper(pixels)))
    wide, high = rng.uniform(0.1, 0.7) * width, rng.uniform(0.05, 0.6) * height
    along = np.linspace(0, 1, 40)
    jagged = np.cumsum(rng.arrays.normal(0, 1, 40)) * rng.uniform(0.5, 5)
    points = np.stack([wide * (1 - along) + jagged, high * along + jagged], axis=1)
    outline = np.concatenate([[[-50.0, -50.0], [wide, -50.0]], points, [[-50.0, high]]])
    if rng.happens(0.6):
        outline[:, 0] = width - outline[:, 0]
    if rng.happens(0.6):
        outline[:, 1] = height - outline[:, 1]
    result = pixels.copy()
    cv2.fillPoly(result, [np.round(outline).astype(np.int32)], colour)
    return Damaged(result)


def cut(pixels: Pixels, boxes: Boxes, rng: RandomSource, _held_out: bool) -> Damaged:
    """A side of the page is not in the picture."""
    height, width = pixels.shape[:2]
    share = rng.uniform(0.05, 0.45)
    left, top, right, bottom = boxes[:, 0].min(), boxes[:, 1].min(), boxes[:, 2].max(), boxes[:, 3].max()
    way = rng.choice(("right", "right", "left", "bottom", "top"))
    x, y = round(share * (right - left)), round(share * (bottom - top))
    if way == "right":
        return Damaged(np.ascontiguousarray(pixels[:, : round(right) - x]))
    if way == "left":
        return Damaged(np.ascontiguousarray(pixels[:, round(left) + x :]), (-(round(left) + x), 0))
    if way == "bottom":
        return Damaged(np.ascontiguousarray(pixels[: round(bottom) - y]))
    return Damaged(np.ascontiguousarray(pixels[round(top) + y :]), (0, -(round(top) + y)))


def stamped(pixels: Pixels, boxes: Boxes, rng: RandomSource, held_out: bool) -> Damaged:
    """A stamp on the text, opaque or not."""
    left, top, right, bottom = _area(pixels, boxes, rng)
    wide, high = max(120, right - left), max(50, min(bottom - top, right - left))
    pad = 40
    canvas = Image.new("L", (wide + 2 * pad, high + 2 * pad), 0)
    pen, edge = ImageDraw.Draw(canvas), max(3, high // rng.randint(12, 24))
    frame = (pad, pad, pad + wide, pad + high)
    shape, solid = rng.choice(("box", "round", "oval", "none")), rng.happens(0.2)
    fill = 255 if solid else None
    if shape == "box":
        pen.rectangle(frame, fill, 255, edge)
    elif shape == "round":
        pen.rounded_rectangle(frame, high // 4, fill, 255, edge)
    elif shape == "oval":
        pen.ellipse(frame, fill, 255, edge)
    words = HELD_OUT_STAMP_WORDS if held_out else STAMP_WORDS
    fonts = [path for path in installed() if path.name.startswith(OFFICE_FAMILIES) and "Bold" in path.name]
    word, size = rng.choice(words), high
    path = str(rng.choice(fonts))
    font = ImageFont.truetype(path, size)
    while font.getlength(word) > 0.85 * wide or size > 0.7 * high:
        size = round(size * 0.9)
        font = ImageFont.truetype(path, size)
    pen.text((pad + wide / 2, pad + high / 2), word, 0 if solid and shape != "none" else 255, font, anchor="mm")
    turned = canvas.rotate(rng.uniform(-30, 30), Image.Resampling.BILINEAR, expand=True)
    ink = np.asarray(turned, np.float32)[..., None] / 255 * rng.choice((1, 1, 1, rng.uniform(0.5, 0.95)))
    result = pixels.astype(np.float32)
    y, x = max(0, top - pad), max(0, left - pad)
    part = result[y : y + ink.shape[0], x : x + ink.shape[1]]
    ink = ink[: part.shape[0], : part.shape[1]]
    colour = np.array(rng.choice(INKS), np.float32)
    over = colour if rng.happens(0.6) else part * colour / 255
    part[:] = part * (1 - ink) + over * ink
    return Damaged(np.asarray(result, np.uint8))


def struck(pixels: Pixels, boxes: Boxes, rng: RandomSource, _held_out: bool) -> Damaged:
    """Lines struck out by hand, or painted over with correction fluid."""
    result = pixels.copy()
    painted = rng.happens(0.4)
    colour = rng.choice((_paper(pixels), (250, 250, 250))) if painted else rng.choice(INKS)
    for _ in range(rng.randint(1, 10)):
        left, top, right, bottom = rng.choice(boxes.tolist())
        line = bottom - top
        length = line * 2 ** rng.uniform(1, 4)
        if painted:
            steps = np.linspace(left - line / 2, left + length, 12)
            path = np.stack([steps, (top + bottom) / 2 + rng.arrays.normal(0, 0.08 * line, 12)], axis=1)
            thick = round(line * rng.uniform(0.7, 1.3))
        else:
            steps = np.linspace(left, left + length, round(length / line * rng.uniform(2, 5)) + 2)
            path = np.stack([steps, (top + bottom) / 2 + line * rng.arrays.uniform(-0.5, 0.5, len(steps))], axis=1)
            thick = max(2, round(line * rng.uniform(0.08, 0.3)))
        cv2.polylines(result, [np.round(path).astype(np.int32)], False, colour, thick, cv2.LINE_AA)
    return Damaged(result)


def spilled(pixels: Pixels, boxes: Boxes, rng: RandomSource, _held_out: bool) -> Damaged:
    """A blot with an irregular outline."""
    left, top, right, bottom = _area(pixels, boxes, rng)
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    radius = 1 + 0.25 * np.cumsum(rng.arrays.normal(0, 0.3, 60)) / 3
    points = np.stack(
        [
            (left + right) / 2 + radius * np.cos(angles) * (right - left) / 2,
            (top + bottom) / 2 + radius * np.sin(angles) * (bottom - top) / 2,
        ],
        axis=1,
    )
    mask = np.zeros(pixels.shape[:2], np.float32)
    cv2.fillPoly(mask, [np.round(points).astype(np.int32)], 1.0)
    mask = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.5, 4))[..., None] * rng.choice((1, 1, 0.8))
    colour = np.array(rng.choice((*INKS, (235, 235, 235), (30, 60, 100))), np.float32)
    return Damaged(np.asarray(pixels * (1 - mask) + colour * mask, np.uint8))


def foreign(pixels: Pixels, boxes: Boxes, rng: RandomSource, held_out: bool) -> Damaged:
    """Some lines are in a script that is not read."""
    left, top, right, bottom = _area(pixels, boxes, rng)
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    inside = np.flatnonzero(
        (middles[:, 0] > left) & (middles[:, 0] < right) & (middles[:, 1] > top) & (middles[:, 1] < bottom)
    )
    if not len(inside):
        return Damaged(pixels)
    script = rng.choice(HELD_OUT_SCRIPTS if held_out else SCRIPTS)
    vocabulary = [word for language in LANGUAGES[script] for word in words_of(language)]
    path = str(rng.choice(fonts_with(max("".join(vocabulary[:200])))))
    paper = _paper(pixels)
    image = Image.fromarray(np.ascontiguousarray(pixels[..., ::-1]))
    pen, placed = ImageDraw.Draw(image), []
    for x, y, right_, low in boxes[inside].tolist():
        pen.rectangle((x - 1, y, right_ + 1, low), paper[::-1])
    for index in inside:
        x, y, right_, low = boxes[index].tolist()
        font = ImageFont.truetype(path, max(8, round(0.68 * (low - y))))
        word = rng.choice(vocabulary)
        while len(word) > 1 and font.getlength(word) > right_ - x:
            word = word[:-1]
        pen.text((x, low - 0.25 * (low - y)), word, (25, 25, 30), font, anchor="ls")
        placed.append((word, (x, y, right_, low)))
    drawn = np.ascontiguousarray(np.asarray(image)[..., ::-1])
    return Damaged(drawn, (0.0, 0.0), frozenset(int(index) for index in inside), tuple(placed))


DAMAGES: Mapping[Damage, int] = {
    tile: 30,
    tiles: 4,
    pixelated: 6,
    blurred: 6,
    glare: 6,
    faded: 5,
    creased: 5,
    torn: 7,
    cut: 8,
    stamped: 18,
    struck: 6,
    spilled: 5,
    foreign: 14,
}
"""With their shares."""
