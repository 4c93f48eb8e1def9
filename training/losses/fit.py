"""Fit what tells whether a patch, mark or edge hides text: ``python -m training.losses.fit OUT --pages PAGES …``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import click
import cv2
import numpy as np

from training.losses.sample import Sample, load
from training.losses.simulated import simulated
from training.losses.trees import fit_trees
from worker.imaging.covered import covered_text
from worker.imaging.crop import quad_size
from worker.imaging.ink import LetterInk
from worker.imaging.line_edges import line_edges
from worker.imaging.marks import marked_text
from worker.imaging.text_lines import text_lines
from worker.page import Quad
from worker.reading.loss_model import MEASURES, Kind

Row = tuple[Kind, tuple[float, ...], bool]
"""What was found, its measures, and whether it hides text."""

RISING: Mapping[Kind, Mapping[str, int]] = {
    "patch": {"cut": 1, "length": 1, "ending": 1},
    "mark": {"crossed": 1, "end": 1, "length": 1},
    "edge": {"strokes": 1, "depth": 1, "beyond": -1, "others": -1},
}
"""Measures that may only raise (1) or lower (-1) the probability."""

SLACK = 0.3
"""Heights of a line by which a lost word's middle may be outside."""

EDGE_SHARE = 0.3
"""Lost words for each line of an edge, from which it hides text."""


def rows_of(sample: Sample) -> Iterator[Row]:
    """What is found on a page, with the truth."""
    read = sample.reading
    if not read.quads:
        return
    lost = ((sample.boxes[:, :2] + sample.boxes[:, 2:]) / 2)[sample.lost]
    height = float(np.median([quad_size(quad)[1] for quad in read.quads]))
    for one in covered_text(LetterInk.of(sample.pixels), [*read.quads, *(line.quad for line in read.dropped)]):
        yield "patch", one.measures, _inside(lost, one.outline, SLACK * height) > 0
    for one in marked_text(sample.pixels, read.quads):
        yield "mark", one.measures, _inside(lost, one.outline, SLACK * height) > 0
    grey = np.asarray(cv2.cvtColor(sample.pixels, cv2.COLOR_BGR2GRAY), np.uint8)
    grown = np.array([[-0.4 * height, -2], [0.4 * height, -2], [0.4 * height, 2], [-0.4 * height, 2]], np.float32)
    for edge in line_edges(grey, text_lines(grey, read.quads)):
        words = sum(_inside(lost, quad + grown, 0) for quad in edge.quads)
        yield "edge", edge.measures, words >= max(1, EDGE_SHARE * len(edge.quads))


def _inside(points: np.ndarray, outline: Quad, slack: float) -> int:
    corners = np.asarray(outline, np.float32).reshape(-1, 1, 2)
    return sum(cv2.pointPolygonTest(corners, (float(x), float(y)), measureDist=True) > -slack for x, y in points)


def models_of(rows: Iterable[Row]) -> dict[str, object]:
    """The trees of every kind."""
    every, models = list(rows), dict[str, object]()
    for kind, names in MEASURES.items():
        measures = np.array([own for known, own, _ in every if known == kind], np.float64)
        hides = np.array([right for known, _, right in every if known == kind], np.float64)
        rising = {names.index(name): way for name, way in RISING[kind].items()}
        models[kind] = fit_trees(measures, hides, rising)
    return models


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--samples", multiple=True, type=click.Path(exists=True, path_type=Path), help="Of training.losses.make.")
@click.option("--pages", multiple=True, type=click.Path(exists=True, path_type=Path), help="Of training.pages.make.")
@click.option("--seed", default=7, show_default=True)
def main(out: Path, samples: tuple[Path, ...], pages: tuple[Path, ...], seed: int) -> None:
    """Fit on SAMPLES that were read, and on PAGES on which losses are simulated."""
    rows = [row for folder in samples for sample in load(folder) for row in rows_of(sample)]
    rows += [row for folder in pages for sample in simulated(folder, seed) for row in rows_of(sample)]
    for kind in MEASURES:
        own = [right for known, _, right in rows if known == kind]
        click.echo(f"{kind}: {len(own)}, {sum(own)} of which hide text")
    out.write_text(json.dumps({"models": models_of(rows)}, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
