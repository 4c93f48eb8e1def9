"""Plots: whether a confidence of .9 means nine in ten, and what degradation costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

BINS = 10
SIZE = (7.0, 5.0)  # inches
DPI = 110


def reliability(path: Path, by_reader: Mapping[str, tuple[Sequence[float], Sequence[float]]], title: str) -> None:
    """Reliability diagram: what was right over what was said, in ten bins; the diagonal is honest.

    After Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.

    Args:
        path: PNG to write.
        by_reader: Confidences, and the share of words that were right, of the same documents.
        title: Above it.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.add_subplot()
    axes.plot((0, 1), (0, 1), color="grey", linewidth=1, linestyle=":")
    for reader, (confidences, right) in by_reader.items():
        confidence_bins, right_bins = binned(confidences, right)
        axes.plot(confidence_bins, right_bins, marker="o", label=reader)
    axes.set(xlabel="confidence", ylabel="word F1", xlim=(0, 1), ylim=(0, 1), title=title)
    axes.legend()
    figure.savefig(path, dpi=DPI)


def binned(confidences: Sequence[float], right: Sequence[float]) -> tuple[list[float], list[float]]:
    """Mean confidence and mean rightness of each bin that has any."""
    bins = np.minimum((np.asarray(confidences) * BINS).astype(int), BINS - 1)
    used = [bins == number for number in range(BINS) if (bins == number).any()]
    return [float(np.asarray(confidences)[one].mean()) for one in used], [
        float(np.asarray(right)[one].mean()) for one in used
    ]


def by_degradation(path: Path, by_reader: Mapping[str, Mapping[str, float]]) -> None:
    """Bars of word F1 for each kind of degradation, a colour a reader.

    Args:
        path: PNG to write.
        by_reader: Word F1 by kind of degradation; readers may lack kinds.
    """
    from matplotlib.figure import Figure

    kinds = list(dict.fromkeys(kind for figures in by_reader.values() for kind in figures))
    figure = Figure(figsize=(SIZE[0] * 1.5, SIZE[1]), layout="constrained")
    axes = figure.add_subplot()
    width = 0.8 / max(1, len(by_reader))
    for number, (reader, figures) in enumerate(by_reader.items()):
        places = [place + number * width for place, kind in enumerate(kinds) if kind in figures]
        axes.bar(places, [figures[kind] for kind in kinds if kind in figures], width, label=reader)
    axes.set_xticks([place + 0.4 - width / 2 for place in range(len(kinds))], kinds)
    axes.set(ylabel="word F1", ylim=(0, 1))
    axes.legend(loc="lower left")
    figure.savefig(path, dpi=DPI)
