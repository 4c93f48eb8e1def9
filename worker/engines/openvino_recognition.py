"""Line recognition with a CTC network: from a crop to characters with their probabilities and places."""

from __future__ import annotations

import itertools
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

MIN_HEIGHT = 4
"""Pixels: lower crops hold no text that could be read, and would be blown up into strips without end."""

STEP_PIXELS = 8
"""Pixels of strip width for one output step."""

WIDTH_BUCKETS = ((640, 32), (1280, 64), (2560, 128))
"""Up to a width, in pixels, strips are padded to a multiple: OpenVINO compiles each new width once and keeps it.

That takes 20 to 100 ms and 5 MB or so each, so there are 40 widths, at most 5% above what is needed from 320 on."""

MAX_WIDTH = 2560
"""Pixels: longer strips are cut in parts at their emptiest columns, which bounds memory and compiled widths."""

CUT_ZONE = 0.25
"""Share of a part's width, at its end, in which the cut may fall."""

RIM_PIXELS = 4
"""Pixels at a strip's top and bottom in which ink may be the neighbours'."""

INK_SHARE = 0.4
"""Share of the strip's contrast from which a pixel is ink."""

MIN_CONTRAST = 20
"""Grey values; less is noise on an empty strip."""

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
        if crop.shape[0] < MIN_HEIGHT:
            return LineReading("")
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
        features = self._features(padded(strip)[np.newaxis])[0][0]
        characters = decode(*self._classify(features), self._alphabet)
        for character, (start, end) in zip(characters, spans(characters, strip), strict=True):
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
    bucket = next(bucket for widest, bucket in WIDTH_BUCKETS if strip.shape[1] <= widest)
    missing = -strip.shape[1] % bucket
    return np.asarray(cv2.copyMakeBorder(strip, 0, 0, 0, missing, cv2.BORDER_CONSTANT, value=PADDING_BGR), np.uint8)


def cut_points(strip: Pixels) -> list[tuple[int, int]]:
    """Where to cut a strip so that no part is wider than ``MAX_WIDTH``: in the middle of wide gaps, mostly words'."""
    parts, left, width = [], 0, strip.shape[1]
    ink = ink_columns(strip) if width > MAX_WIDTH else np.zeros(0, np.bool_)
    while width - left > MAX_WIDTH:
        first = left + int(MAX_WIDTH * (1 - CUT_ZONE))
        start, end = max(empty_runs(ink[first : left + MAX_WIDTH]) or [(0, 0)], key=lambda run: run[1] - run[0])
        cut = first + (start + end) // 2
        parts.append((left, cut))
        left = cut
    return [*parts, (left, width)]


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


def spans(characters: Sequence[Character], strip: Pixels) -> list[tuple[float, float]]:
    """Left and right of each character, in pixels of the strip, ascending and not overlapping.

    CTC fires somewhere on the glyph, in steps of eight pixels. So between two neighbours the widest run of columns
    without ink is taken for the gap, which leaves each glyph its own ink; a space is the gap it stands in.
    """
    ink, width = ink_columns(strip), strip.shape[1]
    middles = [min((c.first + c.last + 1) / 2 * STEP_PIXELS, width) for c in characters]
    shown = [index for index, character in enumerate(characters) if character.text != " "]
    if not shown:
        return [(middle, middle) for middle in middles]
    gaps = [_gap(ink, middles[a], middles[b]) for a, b in itertools.pairwise(shown)]
    pitches = np.diff([middles[index] for index in shown])
    reach = float(np.median(pitches)) if len(pitches) else STRIP_HEIGHT / 2
    first, last = middles[shown[0]], middles[shown[-1]]
    lefts = [first - _extent(ink[: int(first)][::-1], reach), *(right for _, right in gaps)]
    rights = [*(left for left, _ in gaps), last + _extent(ink[int(last) :], reach)]
    places = dict(zip(shown, zip(lefts, rights, strict=True), strict=True))
    before = 0.0
    for index in range(len(characters)):
        if index not in places:  # a space: from the glyph before it to the one behind it
            behind = [places[other][0] for other in shown if other > index][:1]
            places[index] = (before, max(before, behind[0] if behind else before))
        before = places[index][1]
    return [places[index] for index in range(len(characters))]


def ink_columns(strip: Pixels) -> NDArray[np.bool_]:
    """Which columns of a strip hold ink; its rim is left out, for neighbouring lines reach into it."""
    grey = cv2.cvtColor(strip, cv2.COLOR_BGR2GRAY)[RIM_PIXELS:-RIM_PIXELS].astype(np.int16)
    ground = float(np.median(grey))
    dark, bright = np.percentile(grey, (2, 98))
    contrast = max(ground - dark, bright - ground, MIN_CONTRAST)
    return np.asarray((np.abs(grey - ground) > INK_SHARE * contrast).sum(axis=0) > 1)


def _gap(ink: NDArray[np.bool_], left: float, right: float) -> tuple[float, float]:
    """The longest run without ink between two middles; their own middle, without width, where glyphs touch."""
    runs = empty_runs(ink[int(left) : int(right) + 1])
    if not runs:
        return (left + right) / 2, (left + right) / 2
    start, end = max(runs, key=lambda run: run[1] - run[0])
    return float(int(left) + start), float(int(left) + end)


def _extent(ink: NDArray[np.bool_], reach: float) -> float:
    """How far a line's first or last glyph goes on from its middle: to the last ink within reach."""
    columns = np.flatnonzero(ink[: int(reach)])
    return float(columns[-1] + 1) if len(columns) else 0.0


def empty_runs(ink: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Start and end of each run without ink."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], ~ink, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


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
