"""The embedded default: PP-OCRv6's small detection and recognition networks from the rapidocr wheel, on OpenVINO.

Needs no download and no GPU. The wheel's own pipeline is not used: its line-angle classifier turns about one upright
line in a hundred over, and padding in its batches costs most of its time.
"""

from __future__ import annotations

import importlib.util
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrq.errors import ModelUnavailable
from tasks.runner import ReadContext
from tasks.settings import Settings
from worker.engines.openvino_detection import DetectionSettings, find_quads
from worker.engines.openvino_network import Network, read_model, split_classifier, taking_pixels, with_weights
from worker.engines.openvino_recognition import HEAD_ROWS, LIKELIEST, Recogniser
from worker.engines.openvino_words import lexicon
from worker.page import LineReading, Pixels, Quad

NAME = "rapidocr/PP-OCRv6-small"
DETECTION_FILE = "PP-OCRv6_det_small.onnx"
RECOGNITION_FILE = "PP-OCRv6_rec_small.onnx"

WORN_WEIGHTS = Path(__file__).parent / "weights" / "PP-OCRv6_rec_small.worn.npz"
"""The recogniser's backbone trained further on worn lines, by ``training/adapt_recogniser.py``; half precision."""

WORN, PLAIN = 1.0, 0.5
"""How far the two recognisers' weights go from the wheel's towards these. On pages that are not worn, the network half
way reads better than both: Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022."""


class RapidOcrLines:
    """A line reader; see the Protocol for what it promises.

    Args:
        recogniser: Crops to readings.
    """

    name = NAME

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser

    def read_lines(self, crops: Sequence[Pixels], context: ReadContext) -> list[LineReading]:
        """One reading per crop, in order.

        Raises:
            JobCancelled: The job was cancelled.
            TimeLimitExceeded: The deadline has passed.
        """
        readings = []
        for crop in crops:
            context.check()
            readings.append(self._recogniser.read(crop))
        return readings


class RapidOcrEngine(RapidOcrLines):
    """A detector and a line reader, with a second reader for worn lines.

    Args:
        detection: Pixels to the heat map of text.
        recogniser: Crops to readings.
        worn: Likewise, for worn lines.
        settings: What detection weighs.
    """

    def __init__(
        self, detection: Network, recogniser: Recogniser, worn: Recogniser, settings: DetectionSettings
    ) -> None:
        super().__init__(recogniser)
        self.for_worn_lines = RapidOcrLines(worn)
        self._detection, self._settings = detection, settings

    @classmethod
    def load(cls, settings: DetectionSettings | None = None) -> RapidOcrEngine:
        """Compile the networks for this machine's CPU: about a second and 200 MB.

        Raises:
            ModelUnavailable: The rapidocr package or its model files are missing.
        """
        cv2.setNumThreads(1)  # as the networks: processes are the parallelism
        lexicon()  # half a second, which no page should wait for
        folder = models_folder()
        alphabet = alphabet_of(read_model(folder / RECOGNITION_FILE))
        with np.load(WORN_WEIGHTS, allow_pickle=False) as file:
            weights = dict(file)
        (plain, head), (worn, _) = (_halves(folder, weights, share) for share in (PLAIN, WORN))
        classes = Network(head)  # of both: training left the classifier as it was

        def reading(features: Any) -> Recogniser:
            return Recogniser(Network(taking_pixels(features)), classes, alphabet)

        detection = Network(taking_pixels(read_model(folder / DETECTION_FILE)))
        return cls(detection, reading(plain), reading(worn), settings or DetectionSettings())

    def find_lines(self, pixels: Pixels) -> list[Quad]:
        """Quads of the text lines, each from its top left corner on the picture as it stands."""
        return find_quads(self._detection, pixels, self._settings)


def load(model: str, settings: Settings) -> RapidOcrEngine:
    """The engine for the registry; there is one model, so its listed name and the settings change nothing.

    Raises:
        ModelUnavailable: OpenVINO, or the rapidocr package with its models, is missing.
    """
    if importlib.util.find_spec("openvino") is None:
        raise ModelUnavailable("rapidocr needs openvino; install ocrq[cpu]")
    return RapidOcrEngine.load()


def models_folder() -> Path:
    """Where the rapidocr wheel keeps its networks; the package itself is not imported.

    Raises:
        ModelUnavailable: It is not installed, or another release without these files is.
    """
    spec = importlib.util.find_spec("rapidocr")
    folder = Path(spec.origin).parent / "models" if spec and spec.origin else Path()
    if not all((folder / name).is_file() for name in (DETECTION_FILE, RECOGNITION_FILE)):
        raise ModelUnavailable("the rapidocr models are missing; install ocrq[cpu] with rapidocr 3.10")
    return folder


def _halves(folder: Path, weights: Mapping[str, NDArray[Any]], share: float) -> tuple[Any, Any]:
    """The recogniser with a share of other weights, in two parts: features and classifier."""
    return split_classifier(with_weights(read_model(folder / RECOGNITION_FILE), weights, share), HEAD_ROWS, LIKELIEST)


def alphabet_of(model: Any) -> list[str]:
    """The classes' characters, composed (NFC), from the model's own metadata: blank, the listed ones, space."""
    listed = str(model.get_rt_info()["framework"]["character"].value).rstrip("\n").split("\n")
    return ["", *(unicodedata.normalize("NFC", character) for character in listed), " "]
