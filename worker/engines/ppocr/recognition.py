"""Line recognition with a CTC network: from a crop to characters with their probabilities and places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from worker.engines.ppocr.classifier import Classifier
from worker.engines.ppocr.glyphs import STRIP_HEIGHT, Glyph, decode, empty_runs, ink_columns, placed
from worker.engines.ppocr.network import Network
from worker.engines.ppocr.words import with_known_words
from worker.page import LineReading, Pixels

MIN_HEIGHT = 4
"""Pixels: lower crops hold no text that could be read, and would be blown up into strips without end."""

WIDTH_BUCKETS = ((640, 32), (1280, 64), (2560, 128))
"""Up to a width, in pixels, strips are padded to a multiple: OpenVINO compiles each new width once and keeps it.

That takes 20 to 100 ms and 5 MB or so each, so there are 40 widths, at most 5% above what is needed from 320 on."""

MAX_WIDTH = 2560
"""Pixels: longer strips are cut in parts at their emptiest columns, which bounds memory and compiled widths."""

CUT_ZONE = 0.25
"""Share of a part's width, at its end, in which the cut may fall."""

PADDING_BGR = (127, 127, 127)
"""Mid grey is the zero of the network's input, as in training."""


class Recogniser:
    """Reads crops one at a time, so that what stands beside a crop cannot change its reading.

    Args:
        features: Strip of pixels to what the classifier takes.
        classifier: That to the likeliest classes of each step.
        alphabet: The class's characters; class 0 is CTC's blank.
    """

    def __init__(self, features: Network, classifier: Classifier, alphabet: Sequence[str]) -> None:
        self.features, self._classifier, self._alphabet = features, classifier, alphabet

    def read(self, crop: Pixels) -> LineReading:
        """The reading of one line; empty text for a crop without any."""
        if crop.shape[0] < MIN_HEIGHT:
            return LineReading("")
        strip = to_strip(crop)
        glyphs: list[Glyph] = []
        for left, right in cut_points(strip):
            part = self._read_strip(strip[:, left:right])
            if glyphs and part:  # the cut fell between words
                glyphs.append(Glyph(" ", glyphs[-1].probability, glyphs[-1].right, left + part[0].left))
            glyphs += [replace(glyph, left=left + glyph.left, right=left + glyph.right) for glyph in part]
        return LineReading(
            "".join(glyph.text for glyph in glyphs),
            tuple(glyph.probability for glyph in glyphs),
            tuple((glyph.left / strip.shape[1], glyph.right / strip.shape[1]) for glyph in glyphs),
        )

    def _read_strip(self, strip: Pixels) -> list[Glyph]:
        probabilities, indices = self._classifier(self.features(padded(strip)[np.newaxis]))
        glyphs = decode(probabilities[:, 0], indices[:, 0], self._alphabet)
        return placed(with_known_words(glyphs, (probabilities, indices), self._alphabet), strip)


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
