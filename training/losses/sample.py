"""A page with a loss, as it was read: what the network for losses learns from and is measured on."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from training.losses.damage import Boxes
from worker.page import Pixels
from worker.reading.orientation import OrientedReading

QUALITY = 92


@dataclass(frozen=True)
class Sample:
    """A page with a loss, as it was read.

    Attributes:
        name: Of the loss; empty for a page without.
        pixels: Upright, without stamps that were lifted; compressed in a file.
        reading: Without its pixels.
        measured: The page's measures for its confidence.
        boxes: Of the page's words.
        lost: Which of them are not in what was read.
    """

    name: str
    pixels: Pixels
    reading: OrientedReading
    measured: dict[str, float]
    boxes: Boxes
    lost: Any


def save(path: Path, samples: list[Sample]) -> None:
    """Write the samples of one page."""
    kept = [
        replace(one, pixels=cv2.imencode(".webp", one.pixels, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])[1])
        for one in samples
    ]
    path.write_bytes(pickle.dumps(kept))


def load(folder: Path) -> Iterator[Sample]:
    """The samples of a folder."""
    for path in sorted(folder.glob("*.pkl")):
        for sample in pickle.loads(path.read_bytes()):
            pixels = np.asarray(cv2.imdecode(sample.pixels, cv2.IMREAD_COLOR), np.uint8)
            yield Sample(sample.name, pixels, sample.reading, sample.measured, sample.boxes, sample.lost)
