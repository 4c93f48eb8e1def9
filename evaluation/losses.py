"""How well confidence tells pages that lost words: ``python -m evaluation.losses SAMPLES``.

Samples are pages on which something was lost and that were read: ``python -m training.losses.make SAMPLES --held-out
--paragraphs 30`` draws and reads them, with stamps, scripts and fonts that nothing was learned from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click
import numpy as np

from training.losses.sample import Sample, load
from worker.imaging.ink import LetterInk
from worker.reading.calibration import calibration_for
from worker.reading.confidence import page_confidence
from worker.reading.losses import confidence_left, doubtful_words, empty_boxes, garbled_lines, losses_of

ENGINE = "rapidocr/PP-OCRv6-small"
LOST = 0.05
"""Share of a page's words from which it has lost some."""

SURE, MANY = 0.95, 0.1
"""A page that lost so many words must not be so sure."""


@dataclass(frozen=True)
class Scored:
    """A page: the loss on it, the share of its words that it lost, and what was said."""

    name: str
    lost: float
    confidence: float
    kinds: tuple[str, ...]


def scored(sample: Sample) -> Scored:
    """What the plain read says of a sample."""
    read = sample.reading
    stamps = [(stamp.rectangle, stamp.hidden) for stamp in read.stamps]
    ink = LetterInk.of(sample.pixels)
    calibration = calibration_for(ENGINE, "olm")
    doubtful = partial(doubtful_words, read.quads, read.readings, calibration)
    losses = losses_of(sample.pixels, ink, read.quads, read.dropped, read.behind, stamps, doubtful)
    losses += [*empty_boxes(read.readings), *garbled_lines(read.quads, read.readings)]
    confidences = page_confidence(read.readings, calibration, sample.measured)
    confidence = confidences * confidence_left(losses, read.readings)
    return Scored(sample.name, float(sample.lost.mean()), confidence, tuple(loss.what for loss in losses))


def auroc(scores: Sequence[float], positive: Sequence[bool]) -> float:
    """Probability that a positive one scores higher than another."""
    first = [score for score, own in zip(scores, positive, strict=True) if own]
    others = [score for score, own in zip(scores, positive, strict=True) if not own]
    wins = sum((a > b) + 0.5 * (a == b) for a in first for b in others)
    return wins / max(1, len(first) * len(others))


@click.command()
@click.argument("samples", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--each", is_flag=True, help="Show every page.")
def main(samples: tuple[Path, ...], each: bool) -> None:
    """Score the confidence of SAMPLES."""
    pages = [scored(sample) for folder in samples for sample in load(folder)]
    lost = [page.lost >= LOST for page in pages]
    ranking = auroc([1 - page.confidence for page in pages], lost)
    click.echo(f"{len(pages)} pages, {sum(lost)} lost {LOST:.0%} or more: AUROC {ranking:.4f}")
    sure = [page for page in pages if page.lost >= MANY and page.confidence >= SURE]
    click.echo(f"lost {MANY:.0%} or more and sure: {len(sure)}")
    for name in sorted({page.name for page in pages}):
        own = [page for page in pages if page.name == name]
        means = [float(np.mean(values)) for values in zip(*((page.lost, page.confidence) for page in own), strict=True)]
        click.echo(f"{name or 'none':10} {len(own):3} lost {means[0]:.3f} confidence {means[1]:.3f}")
    for page in sorted(pages, key=lambda page: page.confidence) if each else ():
        click.echo(f"{page.name or 'none':10} lost {page.lost:.3f} confidence {page.confidence:.3f} {page.kinds}")


if __name__ == "__main__":
    main()
