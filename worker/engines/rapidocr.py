"""The embedded default: PP-OCRv6's small detection and recognition networks from the rapidocr wheel, on OpenVINO.

Needs no download and no GPU. The wheel's own pipeline is not used: its line-angle classifier turns about one upright
line in a hundred over, and padding in its batches costs most of its time.
"""

from __future__ import annotations

import importlib.util
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2

from ocrq.errors import ModelUnavailable
from tasks.runner import ReadContext
from tasks.settings import Settings
from worker.engines.openvino_detection import DetectionSettings, find_quads
from worker.engines.openvino_network import Network, read_model, split_classifier, taking_pixels
from worker.engines.openvino_recognition import HEAD_ROWS, Recogniser
from worker.page import LineReading, Pixels, Quad

NAME = "rapidocr/PP-OCRv6-small"
DETECTION_FILE = "PP-OCRv6_det_small.onnx"
RECOGNITION_FILE = "PP-OCRv6_rec_small.onnx"


class RapidOcrEngine:
    """A detector and a line reader; see the Protocols for what each method promises.

    Args:
        detection: Pixels to the heat map of text.
        recogniser: Crops to readings.
        settings: What detection weighs.
    """

    name = NAME

    def __init__(self, detection: Network, recogniser: Recogniser, settings: DetectionSettings) -> None:
        self._detection, self._recogniser, self._settings = detection, recogniser, settings

    @classmethod
    def load(cls, settings: DetectionSettings | None = None) -> RapidOcrEngine:
        """Compile both networks for this machine's CPU: about a second and 200 MB.

        Raises:
            ModelUnavailable: The rapidocr package or its model files are missing.
        """
        cv2.setNumThreads(1)  # as the networks: processes are the parallelism
        folder = models_folder()
        recognition = read_model(folder / RECOGNITION_FILE)
        alphabet = alphabet_of(recognition)
        features, classes = split_classifier(recognition, HEAD_ROWS)
        recogniser = Recogniser(Network(taking_pixels(features)), Network(classes), alphabet)
        detection = Network(taking_pixels(read_model(folder / DETECTION_FILE)))
        return cls(detection, recogniser, settings or DetectionSettings())

    def find_lines(self, pixels: Pixels) -> list[Quad]:
        """Quads of the text lines, each from its top left corner on the picture as it stands."""
        return find_quads(self._detection, pixels, self._settings)

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


def alphabet_of(model: Any) -> list[str]:
    """The classes' characters, composed (NFC), from the model's own metadata: blank, the listed ones, space."""
    listed = str(model.get_rt_info()["framework"]["character"].value).rstrip("\n").split("\n")
    return ["", *(unicodedata.normalize("NFC", character) for character in listed), " "]
