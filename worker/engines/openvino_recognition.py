"""Line recognition with a CTC network: from a crop to characters with their probabilities and places."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.engines.openvino_network import Network
from worker.page import LineReading, Pixels

STRIP_HEIGHT = 48
"""Pixels: the height the network was trained on."""

STEP_PIXELS = 8
"""Pixels of strip width for one output step."""

WIDTH_BUCKET = 32
"""Pixels: strips are padded to a multiple, for OpenVINO compiles each new width once (20 to 100 ms, some MB)."""

MAX_WIDTH = 2560
"""Pixels: longer strips are cut in parts at their emptiest columns, which bounds memory and compiled widths."""

CUT_ZONE = 0.25
"""Share of a part's width, at its end, in which the cut may fall."""

GAP_CONTRAST = 0.3
"""Share of the strip's highest contrast below which a column holds no ink."""

PADDING_BGR = (127, 127, 127)
"""Mid grey is the zero of the network's input, as in training."""

HEAD_ROWS = 40
"""Steps classified at once: a strip of 320 pixels, so short lines are not padded far."""

BLANK = 0


@dataclass(frozen=True)
class Character:
    """One decoded character: its probability and its first and last step."""

    text: str
    probability: float
    first: int
    last: int


class Recogniser:
    """Reads crops one at a time, so that what stands beside a crop cannot change its reading.

    Args:
        features: Strip of pixels to features per step.
        classes: Features of ``HEAD_ROWS`` steps to the best class's probability and index.
        alphabet: The class's characters; class 0 is CTC's blank.
    """

    def __init__(self, features: Network, classes: Network, alphabet: Sequence[str]) -> None:
        self._features, self._classes, self._alphabet = features, classes, alphabet

    def read(self, crop: Pixels) -> LineReading:
        """The reading of one line; empty text for a crop without any."""
        characters: list[tuple[Character, float, float]] = []  # with left and right in pixels of the strip
        strip = to_strip(crop)
        for left, right in cut_points(strip):
            if characters:  # the cut fell between words
                characters.append((Character(" ", characters[-1][0].probability, 0, 0), left, left))
            for character, start, end in self._read_strip(strip[:, left:right]):
                characters.append((character, left + start, left + end))
        return composed(
            [c.text for c, _, _ in characters],
            [c.probability for c, _, _ in characters],
            [(start / strip.shape[1], end / strip.shape[1]) for _, start, end in characters],
        )

    def _read_strip(self, strip: Pixels) -> Iterator[tuple[Character, float, float]]:
        """Characters with their left and right in pixels of the strip."""
        width = strip.shape[1]
        features = self._features(padded(strip)[np.newaxis])[0][0]
        characters = decode(*self._classify(features), self._alphabet)
        for character, (start, end) in zip(characters, spans(characters, width), strict=True):
            yield character, start, end

    def _classify(self, features: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        probabilities, indices = [], []
        for start in range(0, len(features), HEAD_ROWS):
            rows = np.zeros((HEAD_ROWS, features.shape[1]), np.float32)
            part = features[start : start + HEAD_ROWS]
            rows[: len(part)] = part
            best, index = self._classes(rows)
            probabilities.append(best[: len(part), 0])
            indices.append(index[: len(part), 0])
        return np.concatenate(probabilities), np.concatenate(indices)


def to_strip(crop: Pixels) -> Pixels:
    """The crop at the network's height, its shape kept."""
    height, width = crop.shape[:2]
    columns = max(1, int(np.ceil(STRIP_HEIGHT * width / height)))
    return np.asarray(cv2.resize(crop, (columns, STRIP_HEIGHT), interpolation=cv2.INTER_LINEAR), np.uint8)


def padded(strip: Pixels) -> Pixels:
    """The strip widened to the next bucket, on its right."""
    missing = -strip.shape[1] % WIDTH_BUCKET
    return np.asarray(cv2.copyMakeBorder(strip, 0, 0, 0, missing, cv2.BORDER_CONSTANT, value=PADDING_BGR), np.uint8)


def cut_points(strip: Pixels) -> list[tuple[int, int]]:
    """Where to cut a strip so that no part is wider than ``MAX_WIDTH``: in the middle of wide gaps, mostly words'."""
    parts, left, width = [], 0, strip.shape[1]
    contrast = np.ptp(strip.max(2), axis=0) if width > MAX_WIDTH else np.zeros(0)
    while width - left > MAX_WIDTH:
        first = left + int(MAX_WIDTH * (1 - CUT_ZONE))
        cut = first + _widest_gap(contrast[first : left + MAX_WIDTH])
        parts.append((left, cut))
        left = cut
    return [*parts, (left, width)]


def _widest_gap(contrast: NDArray[np.generic]) -> int:
    """The middle of the longest run of columns with little contrast, or the column with the least."""
    empty = contrast < GAP_CONTRAST * contrast.max()
    edges = np.flatnonzero(np.diff(np.concatenate([[False], empty, [False]])))
    if len(edges) == 0:
        return int(np.argmin(contrast))
    starts, ends = edges[::2], edges[1::2]
    widest = int(np.argmax(ends - starts))
    return int(starts[widest] + ends[widest]) // 2


def decode(probabilities: NDArray[np.float32], indices: NDArray[np.int32], alphabet: Sequence[str]) -> list[Character]:
    """Greedy CTC: the best class of each step, repeats merged, blanks dropped.

    After Graves et al., "Connectionist Temporal Classification", ICML 2006. A character's probability is that of its
    best step.
    """
    found: list[Character] = []
    starts = np.flatnonzero(np.diff(indices, prepend=-1))
    for first, after in zip(starts, [*starts[1:], len(indices)], strict=True):
        if indices[first] != BLANK:
            best = float(probabilities[first:after].max())
            found.append(Character(alphabet[indices[first]], min(best, 1.0), int(first), int(after) - 1))
    return found


def spans(characters: Sequence[Character], width: int) -> list[tuple[float, float]]:
    """Left and right of each character, in pixels of the strip, never overlapping.

    CTC fires somewhere on the glyph, so a character reaches half way to its neighbours, and no further from its
    middle than half the line's usual distance from character to character, with a margin for wide letters.
    """
    middles = np.array([(c.first + c.last + 1) / 2 * STEP_PIXELS for c in characters])
    if len(middles) == 0:
        return []
    gaps = np.diff(middles)
    reach = 0.75 * (float(np.median(gaps)) if len(gaps) else STRIP_HEIGHT / 2)
    borders = (middles[:-1] + middles[1:]) / 2
    lefts = np.maximum(np.concatenate([[0.0], borders]), middles - reach)
    rights = np.minimum(np.concatenate([borders, [width]]), middles + reach)
    lefts = np.clip(lefts, 0, width)
    return [(float(a), float(b)) for a, b in zip(lefts, np.clip(np.maximum(rights, lefts), 0, width), strict=True)]


def composed(
    texts: Sequence[str], probabilities: Sequence[float], places: Sequence[tuple[float, float]]
) -> LineReading:
    """A reading in Unicode's composed form (NFC), probabilities and places kept one per character of the text."""
    out: list[tuple[str, float, tuple[float, float]]] = []
    for text, probability, place in zip(texts, probabilities, places, strict=True):
        joined = unicodedata.normalize("NFC", (out[-1][0] if out else "") + text)
        if out and len(joined) == 1:
            _, before, (left, _) = out[-1]
            out[-1] = (joined, min(before, probability), (left, place[1]))
        else:
            out.extend((character, probability, place) for character in unicodedata.normalize("NFC", text))
    return LineReading("".join(t for t, _, _ in out), tuple(p for _, p, _ in out), tuple(s for _, _, s in out))
