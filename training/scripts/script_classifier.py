"""Train the classifier of a line's script: ``python -m training.scripts.script_classifier --out FILE``."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import click
import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from training import values
from training.batches import Line
from training.fonts import installed
from training.random_source import RandomSource
from training.scripts.lines import drawn_lines, script_lines
from training.scripts.script_samples import LANGUAGES, OWN_LANGUAGES, fonts_with, text_in
from worker.engines.ppocr import quantisation
from worker.engines.ppocr.classifier import common_classes, last_layer, ranking_features
from worker.engines.ppocr.glyphs import STEP_PIXELS
from worker.engines.ppocr.models import QUANTISATION, SHARES, alphabet_of, recognition_model
from worker.engines.ppocr.network import Network, compiled, taking_pixels
from worker.engines.ppocr.quantisation import quantised
from worker.engines.ppocr.recognition import MAX_WIDTH, padded, to_strip
from worker.engines.ppocr.scripts import LEAST_STEPS, OWN, line_measures
from worker.page import Pixels

NETWORKS = {"recognition": 50, "degraded_recognition": 30, "released_recognition": 20}
"""Shares of the lines that each of the engine's networks looks at: one classifier serves all."""

MAIN = ("Hang", "Arab", "Hebr", "Deva", "Thai")
COUNTS = {OWN: 30, "Cyrl": 8, "Grek": 7, **dict.fromkeys(LANGUAGES, 1), **dict.fromkeys(MAIN, 3)}
"""Lines of each script, in parts."""

PICTURE_SHARE, VALUE_SHARE = 0.06, 0.3
"""Of lines in the network's own scripts: scribbles that are not text, and values without words."""

DECAY = 3e-4
ROUNDS = 150


def lines_in(script: str, seed: int) -> Iterator[Line]:
    """Lines in a script without end."""
    rng = RandomSource(seed)
    if script in ("Cyrl", "Grek"):
        return (line for line in script_lines(seed) if _script_of(line[1]) == script)
    if script == OWN:
        return _own_lines(rng)

    def text_of(longest: int) -> str:
        return text_in(rng.choice(LANGUAGES[script]), max(longest, 3), rng)

    def font_of(text: str) -> Path:
        return rng.choice(fonts_with(max(text)))

    return drawn_lines(text_of, font_of, rng, 0.6)


def _own_lines(rng: RandomSource) -> Iterator[Line]:
    latin = installed()

    def text_of(longest: int) -> str:
        if rng.happens(VALUE_SHARE):
            kinds = (values.amount, values.date, values.code, values.count, values.labelled, values.nonsense)
            return rng.choice(kinds)(rng)[:longest].strip() or "0"
        return text_in(rng.by_share(OWN_LANGUAGES), longest, rng) or "a"

    def font_of(text: str) -> Path:
        return rng.choice(fonts_with(max(text)) if max(text) > "\u02ff" else latin)

    lines = drawn_lines(text_of, font_of, rng, 0.55)
    while True:
        yield (scribble(rng), "") if rng.happens(PICTURE_SHARE) else next(lines)


def scribble(rng: RandomSource) -> Pixels:
    """A crop with strokes and no text."""
    height = rng.randint(20, 70)
    width = height * rng.randint(1, 9)
    pixels = np.full((height, width, 3), rng.randint(190, 255), np.uint8)
    for _ in range(rng.randint(1, 14)):
        ends = [(rng.randint(0, width), rng.randint(0, height)) for _ in range(3)]
        dark = (rng.randint(0, 140),) * 3
        if rng.happens(0.5):
            cv2.polylines(pixels, [np.array(ends, np.int32)], rng.happens(0.5), dark, rng.randint(1, 4))
        else:
            axes = (rng.randint(2, height), rng.randint(2, height // 2))
            cv2.ellipse(pixels, ends[0], axes, rng.randint(0, 180), 0, 360, dark, rng.choice((-1, 1, 2, 3)))
    noise = rng.arrays.normal(0, rng.uniform(0, 12), pixels.shape[:2])[..., np.newaxis]
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


def _script_of(text: str) -> str | None:
    """Cyrillic or Greek, where a third of the letters are."""
    letters = [character for character in text if character.isalpha()]
    for script, first, last in (("Cyrl", "\u0400", "\u052f"), ("Grek", "\u0370", "\u03ff")):
        if letters and 3 * sum(first <= letter <= last for letter in letters) >= len(letters) and len(letters) > 1:
            return script
    return None


def networks() -> dict[str, Network]:
    """The engine's recognisers up to their features."""
    models = {name: recognition_model(name) for name in SHARES}
    calibrations = quantisation.load(QUANTISATION)
    plain = models["recognition"]
    common = common_classes(alphabet_of(plain), last_layer(plain))
    return {
        name: compiled(taking_pixels(quantised(ranking_features(model, common), calibrations[name])))
        for name, model in models.items()
    }


def measured(seed: int, parts: int) -> tuple[NDArray[np.float32], list[str]]:
    """Measures of drawn lines, and their scripts."""
    nets, rng = networks(), RandomSource(seed)
    measures, scripts = [], []
    for number, (script, share) in enumerate(COUNTS.items()):
        wanted = share * parts
        for crop, _ in itertools.islice(lines_in(script, seed + number), wanted):
            strip = to_strip(crop)[:, :MAX_WIDTH]
            steps = -(-strip.shape[1] // STEP_PIXELS)
            if steps < LEAST_STEPS:
                continue
            outputs = nets[rng.by_share(NETWORKS)](padded(strip)[np.newaxis])
            measures.append(line_measures(outputs, steps))
            scripts.append(script)
    return np.stack(measures), scripts


def fitted(measures: NDArray[np.float32], scripts: list[str]) -> tuple[tuple[str, ...], NDArray, NDArray]:  # type: ignore[type-arg]
    """Logistic regression: the scripts, own first, and weights and bias for measures as they are."""
    names = (OWN, *sorted(set(scripts) - {OWN}))
    mean, spread = measures.mean(axis=0), measures.std(axis=0) + 1e-4
    data = torch.from_numpy((measures - mean) / spread)
    target = torch.tensor([names.index(script) for script in scripts])
    weights = torch.zeros(data.shape[1], len(names), requires_grad=True)
    bias = torch.zeros(len(names), requires_grad=True)
    optimiser = torch.optim.LBFGS([weights, bias], max_iter=ROUNDS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        value = F.cross_entropy(data @ weights + bias, target) + DECAY * (weights**2).sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    own = weights.detach().numpy() / spread[:, np.newaxis]
    return names, own, bias.detach().numpy() - mean @ own


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True)
@click.option("--parts", default=60, show_default=True, help="Lines of the rarest scripts.")
@click.option("--seed", default=1, show_default=True)
@click.option("--keep", type=click.Path(path_type=Path), help="Keep the measures, or take them from here.")
def main(out: Path, parts: int, seed: int, keep: Path | None) -> None:
    """Draw lines, measure them and fit."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    if keep and keep.exists():
        with np.load(keep, allow_pickle=False) as file:
            measures, scripts = file["measures"], [str(one) for one in file["scripts"]]
    else:
        measures, scripts = measured(seed, parts)
        if keep:
            np.savez(keep, measures=measures, scripts=np.array(scripts))
    names, weights, bias = fitted(measures, scripts)
    with out.open("wb") as file:
        np.savez_compressed(
            file, scripts=np.array(names), weights=weights.astype(np.float32), bias=bias.astype(np.float32)
        )


if __name__ == "__main__":
    main()
