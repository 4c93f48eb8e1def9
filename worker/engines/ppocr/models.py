"""The networks in float32, before they are compiled: as released, and trained further on degraded pages.

The small ones come with the rapidocr package; the tiny ones are kept beside this module.
"""

from __future__ import annotations

import importlib.util
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocrq.errors import ModelUnavailable
from worker.engines.ppocr.network import folded, read_model, with_weights
from worker.engines.ppocr.upsampling import without_upsampling

DETECTION_FILE = "PP-OCRv6_det_small.onnx"
RECOGNITION_FILE = "PP-OCRv6_rec_small.onnx"

WEIGHTS = Path(__file__).parent / "weights"
DEGRADED_DETECTION = WEIGHTS / "PP-OCRv6_det_small.degraded.npz"
"""The detector trained further on degraded pages, by ``training/adapt_detector.py``; half precision."""

DEGRADED_RECOGNITION = WEIGHTS / "PP-OCRv6_rec_small.degraded.npz"
"""The recogniser's backbone trained further on degraded lines, by ``training/adapt_recogniser.py``; half precision."""

TINY_DETECTION = WEIGHTS / "PP-OCRv6_det_tiny.onnx"
TINY_RECOGNITION = WEIGHTS / "PP-OCRv6_rec_tiny.onnx"
TINY_CHARACTERS = WEIGHTS / "PP-OCRv6_rec_tiny.txt"
"""As released; training/README.md says where they are from."""

QUANTISATION = WEIGHTS / "quantisation.npz"
"""Ranges and means of what goes into the convolutions, by ``training/quantise.py``."""

PLAIN, DEGRADED, RELEASED = 0.5, 0.7, 0.0
"""Interpolation from the released weights (0) to those trained further (1): Wortsman et al., "Robust fine-tuning of
zero-shot models", CVPR 2022. On pages that are not degraded, 0.5 reads better than 0 and 1; on degraded ones .6 to .75
read better than 1. For a second opinion on pages that are not degraded, the released weights help most."""


SHARES = {"recognition": PLAIN, "degraded_recognition": DEGRADED, "released_recognition": RELEASED}
"""Of the recognisers' names: for lines that are not degraded, for degraded ones, and for a second opinion."""

WEIGHTS_OF_DETECTORS = {"degraded_detection": DEGRADED_DETECTION}
"""Detectors with other weights than the released ones."""


def models_folder() -> Path:
    """The directory of the rapidocr package's networks; the package itself is not imported.

    Raises:
        ModelUnavailable: It is not installed, or another release without these files is.
    """
    spec = importlib.util.find_spec("rapidocr")
    folder = Path(spec.origin).parent / "models" if spec and spec.origin else Path()
    if not all((folder / name).is_file() for name in (DETECTION_FILE, RECOGNITION_FILE)):
        raise ModelUnavailable(
            "the rapidocr models are missing; in the checkout: pip install -e '.[cpu]', with rapidocr 3.10"
        )
    return folder


def detection_model(name: str) -> Any:
    """A detector: ``detection``, or ``degraded_detection`` for degraded pages.

    Raises:
        ModelUnavailable: The rapidocr package or its model files are missing.
    """
    model = read_model(models_folder() / DETECTION_FILE)
    return without_upsampling(
        with_weights(model, _stored(WEIGHTS_OF_DETECTORS[name])) if name in WEIGHTS_OF_DETECTORS else model
    )


def recognition_model(name: str) -> Any:
    """A recogniser, by its name in ``SHARES``.

    Raises:
        ModelUnavailable: The rapidocr package or its model files are missing.
    """
    model, share = read_model(models_folder() / RECOGNITION_FILE), SHARES[name]
    return with_weights(model, _stored(DEGRADED_RECOGNITION), share) if share else model


def tiny_models() -> dict[str, Any]:
    """The tiny detector and recogniser."""
    return {
        "tiny_detection": without_upsampling(folded(read_model(TINY_DETECTION))),
        "tiny_recognition": folded(read_model(TINY_RECOGNITION)),
    }


def alphabet_of(model: Any) -> list[str]:
    """The classes' characters of a small recogniser, from the model's own metadata."""
    listed = str(model.get_rt_info()["framework"]["character"].value)
    return _classes(listed.rstrip("\n").split("\n"))


def tiny_alphabet() -> list[str]:
    """The classes' characters of the tiny recogniser."""
    return _classes(TINY_CHARACTERS.read_text(encoding="utf-8").rstrip("\n").split("\n"))


def _classes(listed: Sequence[str]) -> list[str]:
    """Blank, the listed characters, composed (NFC), and the space."""
    return ["", *(unicodedata.normalize("NFC", character) for character in listed), " "]


def _stored(path: Path) -> dict[str, NDArray[Any]]:
    """Weights by their names."""
    with np.load(path, allow_pickle=False) as file:
        return dict(file)
