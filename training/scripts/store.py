"""Draw lines, and keep what the frozen convolutions make of them: ``python -m training.scripts.store FOLDER``.

The convolutions stay as they are, so their output is computed once, and what stands behind them learns in minutes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from training.batches import Line
from training.scripts.lines import CLEAN_SHARE, script_lines
from worker.engines.ppocr import quantisation
from worker.engines.ppocr.models import QUANTISATION, recognition_model
from worker.engines.ppocr.network import Network, compiled, taking_pixels
from worker.engines.ppocr.quantisation import quantised
from worker.engines.ppocr.recognition import MAX_WIDTH, padded, to_strip

POOLED = "AvgPool"
"""The operator that ends the convolutions: 384 channels for each step of eight pixels."""

SHARD_LINES = 1000


@dataclass(frozen=True)
class Stored:
    """A line as it is kept.

    Attributes:
        features: Steps x channels, half precision; the last steps may be padding.
        text: What stands on it.
    """

    features: NDArray[np.float16]
    text: str


def convolutions() -> Network:
    """The plain recogniser's convolutions, in 8 bits as they are used: strips to N x channels x 1 x steps."""
    import openvino

    model = recognition_model("recognition")
    pooled = next(node for node in model.get_ordered_ops() if node.get_type_name() == POOLED)
    cut = openvino.Model([pooled.output(0)], model.get_parameters(), "convolutions")
    calibration = quantisation.load(QUANTISATION)["recognition"]
    names = {node.get_friendly_name() for node in cut.get_ops()}
    own = {name: seen for name, seen in calibration.items() if name in names}
    return compiled(taking_pixels(quantised(cut, own)))


def store(folder: Path, lines: Iterator[Line], count: int, first: int = 0) -> None:
    """Keep ``count`` lines in files of :data:`SHARD_LINES`."""
    folder.mkdir(parents=True, exist_ok=True)
    network = convolutions()
    for shard in range(-(-count // SHARD_LINES)):
        arrays: dict[str, Any] = {}
        texts = []
        for index, (crop, text) in enumerate(itertools.islice(_readable(lines), SHARD_LINES)):
            strip = padded(to_strip(crop))
            arrays[f"strip{index}"] = strip[:, :, 0]
            arrays[f"features{index}"] = network(strip[np.newaxis])[0][0, :, 0].T.astype(np.float16)
            texts.append(text)
        path = folder / f"{first + shard:04d}.npz"
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            np.savez(file, texts=np.array(texts), allow_pickle=False, **arrays)
        part.replace(path)


def stored(path: Path) -> Iterator[Stored]:
    """The lines of one file."""
    with np.load(path, allow_pickle=False) as file:
        for index, text in enumerate(file["texts"]):
            yield Stored(file[f"features{index}"], str(text))


def _readable(lines: Iterator[Line]) -> Iterator[Line]:
    for crop, text in lines:
        strip = to_strip(crop)
        steps = strip.shape[1] // 8
        if strip.shape[1] <= MAX_WIDTH and steps >= len(text) + sum(a == b for a, b in itertools.pairwise(text)):
            yield crop, text


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--lines", default=20_000, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--held-out", is_flag=True, help="Fonts and words for measuring only.")
@click.option("--clean-share", default=CLEAN_SHARE, show_default=True)
@click.option("--first", default=0, show_default=True, help="Number of the first file.")
def main(folder: Path, lines: int, seed: int, held_out: bool, clean_share: float, first: int) -> None:
    """Draw lines and store them."""
    cv2.setNumThreads(1)
    store(folder, script_lines(seed, held_out, clean_share), lines, first)


if __name__ == "__main__":
    main()
