"""Calibrate the 8-bit networks on drawn lines and pages: ``python -m training.quantise``, about a minute of CPU time.

Each network runs in float32, and of what goes into each convolution the range and the channels' means are kept, which
is all that :mod:`worker.engines.ppocr.quantisation` needs. Seen are what :mod:`training.degraded_lines` and
:mod:`training.drawn_pages` draw, and no document.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import numpy as np
import openvino

from training.degraded_lines import degraded_lines
from training.drawn_pages import sheets
from training.page_pairs import pair_of
from training.random_source import RandomSource
from worker.engines.ppocr.models import (
    QUANTISATION,
    RECOGNITION_FILE,
    SHARES,
    WEIGHTS_OF_DETECTORS,
    alphabet_of,
    detection_model,
    models_folder,
    recognition_model,
    tiny_models,
)
from worker.engines.ppocr.network import CPU_CONFIG, PIXEL_MEAN, PIXEL_SCALE, core, read_model, taking_pixels
from worker.engines.ppocr.quantisation import Calibrated, Calibration, convolutions, save
from worker.engines.ppocr.recognition import MAX_WIDTH, padded, to_strip
from worker.page import Pixels

SEED = 11
LINES, SHEETS = 150, 24
"""Drawn for the recognisers and for the detectors."""

OUTLIERS = 10
"""Per cent of the lines or pages whose extremes lie beyond the range: all others gain by the smaller steps."""


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=QUANTISATION, show_default=False)
def main(out: Path) -> None:
    """Calibrate all networks and keep what was seen."""
    characters = frozenset(alphabet_of(read_model(models_folder() / RECOGNITION_FILE))[1:])
    strips = [to_strip(crop) for crop, _ in itertools.islice(degraded_lines(characters, SEED), LINES)]
    lines = [padded(strip) for strip in strips if strip.shape[1] <= MAX_WIDTH]
    rng = RandomSource(SEED)
    pairs = [pair_of(ink, size, rng) for ink, size in itertools.islice(sheets(characters, SEED), SHEETS)]
    clean, degraded = ([_pixels(getattr(pair, kind)) for pair in pairs] for kind in ("clean", "degraded"))
    inputs = {"detection": [*clean, *degraded], "degraded_detection": degraded, "tiny_detection": [*clean, *degraded]}
    detectors = {name: detection_model(name) for name in ("detection", *WEIGHTS_OF_DETECTORS)}
    models = {**detectors, **{name: recognition_model(name) for name in SHARES}, **tiny_models()}
    save(out, {name: calibrated(model, inputs.get(name, lines)) for name, model in models.items()})


def calibrated(model: Any, pictures: Iterable[Pixels]) -> Calibration:
    """What goes into each of a model's convolutions on these pictures."""
    nodes = convolutions(model)
    names = [node.get_friendly_name() for node in nodes]
    outputs = [node.input_value(0) for node in nodes]
    inner = taking_pixels(openvino.Model(outputs, model.get_parameters(), "inner"))
    request = core().compile_model(inner, "CPU", CPU_CONFIG).create_infer_request()
    seen: list[list[tuple[float, float, Any]]] = [[] for _ in nodes]
    for picture in pictures:
        request.infer([picture[np.newaxis]])
        for index, rows in enumerate(seen):
            data = request.get_output_tensor(index).data
            rows.append((float(data.min()), float(data.max()), data.mean((0, 2, 3))))
    return {name: _summary(rows) for name, rows in zip(names, seen, strict=True)}


def _summary(rows: list[tuple[float, float, Any]]) -> Calibrated:
    lows, highs, means = zip(*rows, strict=True)
    low, high = np.percentile(lows, OUTLIERS), np.percentile(highs, 100 - OUTLIERS)
    return Calibrated(float(low), float(high), np.mean(means, axis=0, dtype=np.float32))


def _pixels(tensor: Any) -> Pixels:
    return np.asarray(tensor[0].numpy().transpose(1, 2, 0) * PIXEL_SCALE + PIXEL_MEAN, np.uint8)


if __name__ == "__main__":
    main()
