"""The embedded default: PP-OCRv6's small detection and recognition networks from the rapidocr wheel, on OpenVINO.

Needs no download and no GPU. The package's own pipeline is not used: its line-angle classifier flips about one upright
line in a hundred, and padding in its batches costs most of its time.
"""

from __future__ import annotations

import functools
import importlib.util
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2

from ocrq.errors import ModelUnavailable
from tasks.runner import ReadContext
from tasks.settings import Settings
from worker.engines.info import EngineInfo
from worker.engines.ppocr import INFO, model_cache, quantisation, script_network, tesseract
from worker.engines.ppocr.added_letters import latin_only, with_added_letters
from worker.engines.ppocr.classifier import Classifier, common_classes, last_layer, ranking_features
from worker.engines.ppocr.detection import DetectionSettings, find_quads
from worker.engines.ppocr.memory_bound import MemoryLimit, return_large_blocks
from worker.engines.ppocr.models import (
    QUANTISATION,
    SHARES,
    WEIGHTS,
    alphabet_of,
    detection_model,
    recognition_model,
    tiny_alphabet,
    tiny_models,
)
from worker.engines.ppocr.network import DeferredNetwork, Network, taking_pixels
from worker.engines.ppocr.quantisation import quantised
from worker.engines.ppocr.recognition import Recogniser, by_width
from worker.engines.ppocr.scripts import Scripts, load_classifier, scripts_of
from worker.engines.ppocr.tiles import find_lines
from worker.engines.ppocr.word_frequency import prepare as prepare_words
from worker.engines.protocols import Detector, LineReader
from worker.page import LineReading, Pixels, Quad

TINY_SETTINGS, TINY_WIDTH = DetectionSettings(long_side=1280), 0.85
"""With four fifths of the small detector's size the tiny one finds as many lines, in two thirds of the time; and from
strips of .85 of the crops' own width the tiny recogniser reads better, and sooner."""

SCRIPT_CLASSIFIER = WEIGHTS / "scripts.npz"
"""Tells lines in scripts that the recogniser has no letters for, by ``training/scripts/script_classifier.py``."""

SURE_BESIDE = 0.9
"""Mean probability from which a line among others that the recogniser has no letters for is in its own alphabet."""

MAIN_SHARE = 0.3
"""Share of the lines in another script from which the others are looked at again whether they are in it, too."""

LEAST_LOST_SHARE = 0.06
"""Share of the lines in a script that the recogniser has no letters for, below which they are taken for scribbles."""

# Memory is resident after loading; widths compiled later come on top.
SMALL_INFO = replace(INFO, name="rapidocr/PP-OCRv6-small", memory_bytes=280 << 20)
TINY_INFO = replace(INFO, name="rapidocr/PP-OCRv6-tiny", memory_bytes=120 << 20)


class RapidOcrLines(LineReader):
    """A line reader; see the Protocol.

    Args:
        recogniser: Crops to readings.
        info: Which model it is.
    """

    def __init__(self, recogniser: Recogniser, info: EngineInfo = SMALL_INFO) -> None:
        self._recogniser, self.info = recogniser, info

    def read(self, crops: Sequence[Pixels], context: ReadContext) -> list[LineReading]:
        """One reading per crop, in order.

        Raises:
            ReadStopped: The job was cancelled, or its deadline has passed.
        """
        allowed = scripts_of(context.languages)
        readings, order = [LineReading("")] * len(crops), by_width(crops)
        for index in order:
            context.check()
            readings[index] = self._recogniser.read(crops[index], allowed)
        if likely := _main_script(readings):
            for index in order:
                if readings[index].script is None and any(map(str.isalpha, readings[index].text)):
                    context.check()
                    readings[index] = self._recogniser.read(crops[index], allowed, likely)
        return _with_other_scripts(readings, crops, context)

    def compile_ahead(self) -> Iterator[None]:
        """See the Protocol: a width of line that most pages have a step."""
        return self._recogniser.compile_ahead()


def _main_script(readings: Sequence[LineReading]) -> str | None:
    """The script, read by a network, that many of the lines with letters are in."""
    lines = [reading for reading in readings if any(map(str.isalpha, reading.text))]
    counts = {script: sum(line.script == script for line in lines) for script in script_network.SCRIPTS}
    script = max(counts, key=counts.__getitem__)
    return script if lines and counts[script] >= MAIN_SHARE * len(lines) else None


def _with_other_scripts(
    readings: Sequence[LineReading], crops: Sequence[Pixels], context: ReadContext
) -> list[LineReading]:
    """The readings, with the lines that the recogniser has no letters for read by Tesseract, where it has them.

    One such line among many is taken for what it was read as: it is a scribble more often than a foreign line.
    """
    result, other = list(readings), tesseract.installed()
    lost = [index for index, reading in enumerate(readings) if reading.is_lost]
    if len(lost) < max(1, LEAST_LOST_SHARE * len(readings)):
        return [replace(reading, script=None, is_lost=False) if reading.is_lost else reading for reading in readings]
    # Scripts look alike to the classifier, and hardly any page has several.
    script, count = Counter(str(readings[index].script) for index in lost).most_common(1)[0]
    if 2 * len(lost) > len(readings):  # the others are in it, too, where they read badly
        lost += [
            index
            for index, reading in enumerate(readings)
            if not reading.is_lost and reading.script is None and 0 < reading.mean_probability < SURE_BESIDE
        ]
    for index in lost:
        own = script if 2 * count > len(lost) or not readings[index].is_lost else readings[index].script
        result[index] = LineReading("", script=own, is_lost=True)
    for known in sorted({str(result[index].script) for index in lost} & other.models.keys()):
        members = [index for index in lost if result[index].script == known]
        for index, reading in zip(members, other.read([crops[i] for i in members], known, context), strict=True):
            result[index] = reading
    return result


class RapidOcrDetector(Detector):
    """A detector; see the Protocol.

    Args:
        network: Pixels to the heat map of text.
        settings: Thresholds.
        memory: Enforced after each page; None keeps whatever the largest page took.
    """

    def __init__(self, network: Network, settings: DetectionSettings, memory: MemoryLimit | None = None) -> None:
        self._network, self._settings, self._memory = network, settings, memory

    def find_lines(self, pixels: Pixels) -> list[Quad]:
        """Quads of the text lines, each from its top left corner in the image."""
        find = partial(find_quads, self._network, settings=self._settings)
        quads = find_lines(pixels, self._settings.long_side, find)
        if self._memory is not None:
            self._memory.enforce()
        return quads


class RapidOcrEngine(RapidOcrLines, RapidOcrDetector):
    """A detector and a line reader, with others for degraded pages and lines and for a second opinion.

    Args:
        detection: Pixels to the heat map of text.
        degraded_detection: The same for degraded pages.
        recognisers: Crops to readings: for ordinary lines, for degraded ones, and for a second opinion.
        settings: Thresholds of detection.
        memory: Enforced after each page; None keeps whatever the largest page took.
    """

    def __init__(
        self,
        detection: Network,
        degraded_detection: Network,
        recognisers: tuple[Recogniser, Recogniser, Recogniser],
        settings: DetectionSettings,
        memory: MemoryLimit | None = None,
    ) -> None:
        plain, degraded, other = recognisers
        RapidOcrLines.__init__(self, plain)
        RapidOcrDetector.__init__(self, detection, settings, memory)
        self.degraded_reader, self.second_opinion = RapidOcrLines(degraded), RapidOcrLines(other)
        self.degraded_detector = RapidOcrDetector(degraded_detection, replace(settings, letters=0.0), memory)

    @classmethod
    def load(cls, settings: DetectionSettings | None = None, cache: Path | None = None) -> RapidOcrEngine:
        """Compile the networks that every page needs for this machine's CPU: about a second; the others when needed.

        Args:
            settings: What detection weighs.
            cache: Directory of compiled models, with which a load takes a third of the time; None compiles them again.

        Raises:
            ModelUnavailable: The rapidocr package or its model files are missing.
        """
        return_large_blocks()
        cv2.setNumThreads(1)  # as the networks: processes are the parallelism
        prepare_words(cache)  # here, not during the first page

        def detector(name: str) -> Network:
            return _network(name, lambda: detection_model(name), cache, keeps_shapes=False)

        detection = DeferredNetwork(partial(detector, "detection")).ready()
        degraded = DeferredNetwork(partial(detector, "degraded_detection"))
        networks: list[Network] = [detection, degraded]
        recognisers = _recognisers(cache, networks)
        return cls(detection, degraded, recognisers, settings or DetectionSettings(), MemoryLimit(networks))


class TinyEngine(RapidOcrLines, RapidOcrDetector):
    """PP-OCRv6's tiny networks: a detector and a line reader without others beside them, in a third of the time.

    Args:
        detection: Pixels to the heat map of text.
        recogniser: Crops to readings.
        settings: Thresholds of detection.
    """

    def __init__(self, detection: Network, recogniser: Recogniser, settings: DetectionSettings) -> None:
        RapidOcrLines.__init__(self, recogniser, TINY_INFO)
        RapidOcrDetector.__init__(self, detection, settings, MemoryLimit([detection, recogniser.features]))

    @classmethod
    def load(cls, settings: DetectionSettings | None = None, cache: Path | None = None) -> TinyEngine:
        """Compile the networks; arguments as of :meth:`RapidOcrEngine.load`."""
        return_large_blocks()
        cv2.setNumThreads(1)
        prepare_words(cache)
        models, alphabet = tiny_models(), tiny_alphabet()
        layer = last_layer(model := models["tiny_recognition"])
        common = partial(common_classes, alphabet, layer)
        features = _network("tiny_recognition", lambda: ranking_features(model, common(), layer), cache)
        recogniser = Recogniser(features, Classifier(layer), alphabet, width=TINY_WIDTH)
        network = _network("tiny_detection", lambda: models["tiny_detection"], cache, keeps_shapes=False)
        return cls(network, recogniser, settings or TINY_SETTINGS)


ENGINES: dict[str, type[RapidOcrEngine | TinyEngine]] = {"rapidocr": RapidOcrEngine, "rapidocr-tiny": TinyEngine}
"""By the models' listed names."""


def load(model: str, settings: Settings) -> RapidOcrEngine | TinyEngine:
    """The engine for the registry.

    Raises:
        ModelUnavailable: OpenVINO, or the rapidocr package with its models, is missing.
    """
    if importlib.util.find_spec("openvino") is None:
        raise ModelUnavailable("rapidocr needs openvino; in the checkout: pip install -e '.[cpu]'")
    return ENGINES[model].load(cache=settings.models_cache)


@functools.cache
def _calibrations() -> dict[str, dict[str, quantisation.Calibrated]]:
    """By the networks' names; read where a network is compiled, which is seldom."""
    return quantisation.load(QUANTISATION)


def _network(name: str, build: Callable[[], Any], cache: Path | None, keeps_shapes: bool = True) -> Network:
    """A network that takes pixels and computes in 8 bits.

    Args:
        name: Of its calibration.
        build: Makes the model in float32.
        cache: Directory of compiled models.
        keeps_shapes: See :func:`~worker.engines.ppocr.network.configuration`.
    """
    return model_cache.load(name, lambda: taking_pixels(quantised(build(), _calibrations()[name])), cache, keeps_shapes)


def _recognisers(cache: Path | None, networks: list[Network]) -> tuple[Recogniser, Recogniser, Recogniser]:
    """For lines that are not degraded, for degraded ones, and for a second opinion.

    Args:
        cache: Directory of compiled models.
        networks: Takes up the recognisers' networks, that of other scripts once it is loaded.
    """
    first = recognition_model("recognition")
    alphabet, layer = with_added_letters(alphabet_of(first), last_layer(first))
    common = functools.cache(partial(common_classes, alphabet, layer))
    classifier = Classifier(layer, latin_only(alphabet))  # one for all: training left the last layer alone

    def script_reader() -> Recogniser:
        plain = partial(recognition_model, "recognition")
        reader = script_network.load(plain, lambda: _calibrations()["recognition"], cache)
        networks.append(reader.features)
        return reader

    scripts = Scripts(load_classifier(SCRIPT_CLASSIFIER), script_reader, script_network.SCRIPTS)

    def network(name: str) -> Network:
        return _network(name, lambda: ranking_features(recognition_model(name), common(), layer), cache)

    plain, degraded, other = (DeferredNetwork(partial(network, name)) for name in SHARES)
    networks += [plain.ready(), degraded, other]
    plain_reader, degraded_reader, second = (
        Recogniser(one, classifier, alphabet, scripts) for one in (plain, degraded, other)
    )
    return plain_reader, degraded_reader, second
