"""What stands on pages and is not text, and hides none: pictures, codes, signatures, patches in one colour."""

from __future__ import annotations

import cv2
import numpy as np

from training.losses.damage import INKS, Boxes
from training.random_source import RandomSource
from worker.page import Pixels


def decorated(pixels: Pixels, boxes: Boxes, rng: RandomSource) -> Pixels:
    """The page with things in its empty places."""
    result = _with_ground(pixels.copy(), boxes, rng) if rng.happens(0.15) else pixels.copy()
    taken = boxes.copy()
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 3))):
        place = _empty(result, taken, rng)
        if place is None:
            continue
        left, top, right, bottom = _grown(place, taken, rng) if rng.happens(0.5) else place
        draw = rng.choice((_photo, _code, _bars, _signature, _patch, _logo))
        result[top:bottom, left:right] = draw(np.ascontiguousarray(result[top:bottom, left:right]), rng)
        taken = np.concatenate([taken, [[left, top, right, bottom]]])
    return result


def _with_ground(pixels: Pixels, boxes: Boxes, rng: RandomSource) -> Pixels:
    """The page with the table that it lies on along a side, as photographs and scans have it."""
    height, width = pixels.shape[:2]
    room = {"left": boxes[:, 0].min(), "right": width - boxes[:, 2].max(), "top": boxes[:, 1].min()}
    side = rng.choice(tuple(room))
    first, second = (rng.uniform(0.1, 0.95) * max(0.0, room[side]) for _ in range(2))
    corners = {
        "left": [[0, 0], [first, 0], [second, height], [0, height]],
        "right": [[width, 0], [width - first, 0], [width - second, height], [width, height]],
        "top": [[0, 0], [width, 0], [width, first], [0, second]],
    }
    tone = rng.choice(((15, 15, 15), (60, 70, 90), (120, 120, 120), (200, 200, 200)))
    cv2.fillPoly(pixels, [np.round(corners[side]).astype(np.int32)], tone, cv2.LINE_AA)
    return pixels


def _grown(place: tuple[int, int, int, int], taken: Boxes, rng: RandomSource) -> tuple[int, int, int, int]:
    """A place grown towards the words around it: a shaded cell, a logo beside an address."""
    left, top, right, bottom = place
    gap = rng.uniform(1, 8)
    beside = taken[(taken[:, 1] < bottom) & (taken[:, 3] > top)]
    start = max((x for x in beside[:, 2] if x <= left), default=left - gap)
    end = min((x for x in beside[:, 0] if x >= right), default=right + gap)
    left, right = (int(start + gap), int(end - gap)) if rng.happens(0.7) else (left, right)
    across = taken[(taken[:, 0] < right) & (taken[:, 2] > left)]
    first = max((y for y in across[:, 3] if y <= top), default=top - gap)
    last = min((y for y in across[:, 1] if y >= bottom), default=bottom + gap)
    return min(left, place[0]), min(int(first + gap), top), max(right, place[2]), max(int(last - gap), bottom)


def _empty(pixels: Pixels, taken: Boxes, rng: RandomSource) -> tuple[int, int, int, int] | None:
    height, width = pixels.shape[:2]
    for _ in range(40):
        wide, high = round(width * rng.uniform(0.05, 0.5)), round(height * rng.uniform(0.02, 0.25))
        x, y = rng.randint(0, width - wide), rng.randint(0, height - high)
        gap = rng.uniform(4, 20)
        apart = (taken[:, 0] > x + wide + gap) | (taken[:, 2] < x - gap)
        apart |= (taken[:, 1] > y + high + gap) | (taken[:, 3] < y - gap)
        part = pixels[y : y + high, x : x + wide]
        if apart.all() and min(part.shape[:2]) > 12 and np.ptp(part) < 20:
            return x, y, x + wide, y + high
    return None


def _photo(part: Pixels, rng: RandomSource) -> Pixels:
    coarse = rng.arrays.integers(0, 255, (rng.randint(3, 9), rng.randint(3, 9), 3)).astype(np.uint8)
    picture = cv2.resize(coarse, part.shape[1::-1], interpolation=cv2.INTER_CUBIC).astype(np.float32)
    fine = cv2.GaussianBlur(rng.arrays.normal(0, 60, part.shape).astype(np.float32), (0, 0), rng.uniform(0.7, 4))
    return np.clip(picture + fine * rng.uniform(0.5, 3), 0, 255).astype(np.uint8)


def _code(part: Pixels, rng: RandomSource) -> Pixels:
    side, count = min(part.shape[:2]), rng.randint(21, 45)
    cells = (rng.arrays.random((count, count)) < 0.5).astype(np.uint8) * 255
    for y, x in ((0, 0), (0, count - 7), (count - 7, 0)):
        cells[y : y + 7, x : x + 7] = 0
        cells[y + 1 : y + 6, x + 1 : x + 6] = 255
        cells[y + 2 : y + 5, x + 2 : x + 5] = 0
    code = cv2.resize(cells, (side, side), interpolation=cv2.INTER_NEAREST)
    part[:side, :side] = code[..., None]
    return part


def _bars(part: Pixels, rng: RandomSource) -> Pixels:
    widths = np.asarray(rng.arrays.integers(1, 5, part.shape[1]))
    tones = np.repeat(np.arange(part.shape[1]) % 2, widths)[: part.shape[1]] * 255
    part[:] = tones.astype(np.uint8)[None, :, None]
    return part


def _signature(part: Pixels, rng: RandomSource) -> Pixels:
    height, width = part.shape[:2]
    x = np.linspace(0.05, 0.95, 40) * width + rng.arrays.normal(0, 0.02 * width, 40)
    y = height / 2 + np.cumsum(rng.arrays.normal(0, 0.12 * height, 40)) * 0.5
    path = np.stack([x, np.clip(y, 2, height - 3)], axis=1)
    cv2.polylines(part, [np.round(path).astype(np.int32)], False, rng.choice(INKS), rng.randint(1, 4), cv2.LINE_AA)
    return part


def _patch(part: Pixels, rng: RandomSource) -> Pixels:
    colour = tuple(rng.randint(0, 255) for _ in range(3)) if rng.happens(0.6) else (rng.randint(0, 250),) * 3
    part[:] = colour
    if rng.happens(0.3):
        cv2.rectangle(part, (0, 0), (part.shape[1] - 1, part.shape[0] - 1), (40, 40, 40), rng.randint(1, 4))
    return part


def _logo(part: Pixels, rng: RandomSource) -> Pixels:
    height, width = part.shape[:2]
    for _ in range(rng.randint(1, 5)):
        colour = tuple(rng.randint(0, 220) for _ in range(3))
        centre = (rng.randint(0, width), rng.randint(0, height))
        if rng.happens(0.5):
            cv2.circle(
                part,
                centre,
                rng.randint(3, max(4, min(part.shape[:2]) // 2)),
                colour,
                rng.choice((-1, 2, 5)),
                cv2.LINE_AA,
            )
        else:
            points = np.array([(rng.randint(0, width), rng.randint(0, height)) for _ in range(rng.randint(3, 6))])
            cv2.fillPoly(part, [points.astype(np.int32)], colour, cv2.LINE_AA)
    return part
