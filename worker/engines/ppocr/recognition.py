"""Line recognition with a CTC network: from a crop to characters with their probabilities and places."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.engines.ppocr.glyphs import STEP_PIXELS, STRIP_HEIGHT, Glyph, decode, empty_runs, ink_columns, placed
from worker.engines.ppocr.homoglyphs import in_script, is_letter_of
from worker.engines.ppocr.network import Network
from worker.engines.ppocr.scripts import Scripts
from worker.engines.ppocr.words import with_known_words
from worker.page import LineReading, Pixels

MIN_HEIGHT = 4
"""Pixels: lower crops hold no text that could be read, and would be blown up into strips without end."""

WIDTH_BUCKETS = ((640, 32), (1280, 64), (2560, 128))
"""Up to a width, in pixels, strips are padded to a multiple: OpenVINO compiles each new width once and keeps it.

That takes 20 to 100 ms and 5 MB or so each, so there are 40 widths, at most 5% above what is needed from 320 on."""

COMMON_WIDTHS = (*range(64, 640, 32), *range(640, 1024 + 1, 64))
"""Pixels; few strips are wider."""

MAX_WIDTH = 2560
"""Pixels: longer strips are cut in parts at their emptiest columns, which bounds memory and compiled widths."""

SURE_READING, LEAST_DENSITY = 0.93, 0.8
"""Mean probability, and characters in a square of a strip, from which a reading in the own alphabet stands whatever
script the line was taken for."""

LEAST_READING, LEAST_EXPECTED, EXPECTED_MARGIN = 0.75, 0.5, 0.1
"""Mean probability from which a reading in another script is taken where it has no less of the line than the one in
the own alphabet; and from which, and by how much less, where the page's other lines are in that script."""

CUT_ZONE = 0.25
"""Share of a part's width, at its end, in which the cut may fall."""

PADDING_BGR = (127, 127, 127)
"""Mid grey is the zero of the network's input, as in training."""


Classify = Callable[[Sequence[NDArray[Any]]], tuple[NDArray[np.float32], NDArray[np.int32]]]
"""Outputs for one strip to the likeliest classes, steps x number: probabilities, descending, and indices."""


class Recogniser:
    """Reads crops one at a time, so that what stands beside a crop cannot change its reading.

    Args:
        features: Strip of pixels to what the classifier takes.
        classifier: That to the likeliest classes of each step.
        alphabet: The class's characters; class 0 is CTC's blank.
        scripts: Tells lines in other scripts, and reads them; None takes every line for one of the alphabet's.
        width: Of the strip that the network sees, to one of the crop's shape; the time goes with it.
    """

    def __init__(
        self,
        features: Network,
        classifier: Classify,
        alphabet: Sequence[str],
        scripts: Scripts | None = None,
        width: float = 1.0,
    ) -> None:
        self.features, self._classifier, self._alphabet, self._scripts = features, classifier, alphabet, scripts
        self._width = width

    def read(self, crop: Pixels, allowed: frozenset[str] | None = None, likely: str | None = None) -> LineReading:
        """The reading of one line; empty text for a crop without any.

        Args:
            crop: Of the line.
            allowed: Codes of other scripts that it may be in; None for all that are known.
            likely: The one that other lines of its page are in.
        """
        if crop.shape[0] < MIN_HEIGHT:
            return LineReading("")
        strip = to_strip(crop, self._width)
        glyphs: list[Glyph] = []
        script: str | None = None
        is_lost = False
        for left, right in cut_points(strip):
            part, other, lost = self._read_strip(strip[:, left:right], allowed, likely)
            script, is_lost = script or other, is_lost or lost
            if glyphs and part:  # the cut fell between words
                glyphs.append(Glyph(" ", glyphs[-1].probability, glyphs[-1].right, left + part[0].left))
            glyphs += [replace(glyph, left=left + glyph.left, right=left + glyph.right) for glyph in part]
        return LineReading(
            "".join(glyph.text for glyph in glyphs),
            tuple(glyph.probability for glyph in glyphs),
            tuple((glyph.left / strip.shape[1], glyph.right / strip.shape[1]) for glyph in glyphs),
            script,
            is_lost,
        )

    def compile_ahead(self) -> Iterator[None]:
        """Compile a width a step."""
        for width in COMMON_WIDTHS:
            self.features(np.full((1, STRIP_HEIGHT, width, 3), 255, np.uint8))
            yield

    def glyphs(self, strip: Pixels) -> list[Glyph]:
        """The characters of a strip no wider than ``MAX_WIDTH``, in the recogniser's own alphabet."""
        return self._decoded(self.features(padded(strip)[np.newaxis]), strip)

    def _read_strip(
        self, strip: Pixels, allowed: frozenset[str] | None, likely: str | None
    ) -> tuple[list[Glyph], str | None, bool]:
        """The characters, the script where it is another than the alphabet's, and whether nothing here reads it."""
        outputs = self.features(padded(strip)[np.newaxis])
        glyphs = self._decoded(outputs, strip)
        if self._scripts is None:
            return glyphs, None, False
        steps = -(-strip.shape[1] // STEP_PIXELS)
        script, is_sure = self._scripts.script_of(outputs, steps, allowed, likely)
        if script is None:
            return glyphs, None, False
        reader = self._scripts.reader(script)
        if reader is None:
            is_lost = is_sure and not _is_read(glyphs, strip.shape[1])
            return glyphs, script if is_lost else None, is_lost
        other = in_script(reader.glyphs(strip), script)
        is_expected = likely is not None and is_sure
        least, margin = (LEAST_EXPECTED, EXPECTED_MARGIN) if is_expected else (LEAST_READING, 0.0)
        is_better = _mean(other) >= least and _evidence(other) >= (1 - margin) * _evidence(glyphs)
        is_other = is_better and any(is_letter_of(glyph.text, script) for glyph in other)
        return (other, script, False) if is_other else (glyphs, None, False)

    def _decoded(self, outputs: Sequence[NDArray[Any]], strip: Pixels) -> list[Glyph]:
        probabilities, indices = self._classifier(outputs)
        glyphs = decode(probabilities[:, 0], indices[:, 0], self._alphabet)
        return placed(with_known_words(glyphs, (probabilities, indices), self._alphabet), strip)


def _mean(glyphs: Sequence[Glyph]) -> float:
    """Mean probability of the characters; 0 where there are none."""
    shown = [glyph.probability for glyph in glyphs if glyph.text != " "]
    return sum(shown) / len(shown) if shown else 0.0


def _evidence(glyphs: Sequence[Glyph]) -> float:
    """How much of a line is read: the number of its characters, each by its probability."""
    return sum(glyph.probability for glyph in glyphs if glyph.text != " ")


def _is_read(glyphs: Sequence[Glyph], width: int) -> bool:
    """Whether a strip is read for certain, and not only its signs and digits."""
    shown = sum(glyph.text != " " for glyph in glyphs)
    return _mean(glyphs) >= SURE_READING and shown * STRIP_HEIGHT >= LEAST_DENSITY * width


def by_width(crops: Sequence[Pixels]) -> list[int]:
    """Indices of the crops, those of one width of strip one after another.

    For each strip of another width than the last OpenVINO looks up what it compiled for every layer.
    """
    return sorted(range(len(crops)), key=lambda index: crops[index].shape[1] / max(crops[index].shape[0], 1))


def to_strip(crop: Pixels, share: float = 1.0) -> Pixels:
    """The crop at the network's height; its width, where its shape is kept, times ``share``."""
    height, width = crop.shape[:2]
    columns = max(1, int(np.ceil(STRIP_HEIGHT * width / height * share)))
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
