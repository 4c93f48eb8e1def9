"""Readers beside each other: one table a set of documents, and how sure a difference between two readers is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from evaluation.scoring import Figures, shown

RESAMPLES = 10_000
SEED = 20260
INTERVAL = (2.5, 97.5)  # percentiles: 95%

COLUMNS = (
    ("word F1", "word_f1"),
    ("CER", "cer"),
    ("order", "order"),
    ("page ECE", "ece"),
    ("page AUROC", "auroc_f1_ge_90"),
    ("line ECE", "line_ece"),
    ("line AUROC", "line_auroc"),
    ("CPU s/page", "cpu_page"),
)


def side_by_side(by_reader: Mapping[str, Figures], base: str) -> str:
    """A Markdown table with a row per reader.

    Args:
        by_reader: Figures of each.
        base: The reader whose time is 1 in the last column; left out where it did not read.
    """
    names = [title for title, _ in COLUMNS] + ([f"time / {base}'s"] if base in by_reader else [])
    rows = [f"| reader | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for reader, figures in by_reader.items():
        cells = [shown(figures.get(key), 2 if key == "cpu_page" else 4) for _, key in COLUMNS]
        if base in by_reader:
            cells.append(shown(figures["cpu_page"] / by_reader[base]["cpu_page"], 2))
        rows.append(f"| {reader} | {' | '.join(cells)} |")
    return "\n".join(rows)


def difference(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float, float]:
    """Mean of ours minus theirs, and the ends of its 95% interval, by a paired bootstrap over the documents.

    After Efron and Tibshirani, "An Introduction to the Bootstrap", 1993; seeded, so the same twice.

    Args:
        ours: A figure per document.
        theirs: The same documents in the same order.
    """
    gains = np.asarray(ours, float) - np.asarray(theirs, float)
    picks = np.random.default_rng(SEED).integers(len(gains), size=(RESAMPLES, len(gains)))
    low, high = np.percentile(gains[picks].mean(axis=1), INTERVAL)
    return float(gains.mean()), float(low), float(high)


def differences(f1: Mapping[str, Sequence[float]]) -> str:
    """A Markdown list of how far each reader's word F1 is from the first's."""
    first, *others = f1
    rows = []
    for other in others:
        gain, low, high = difference(f1[other], f1[first])
        rows.append(f"- {other} − {first}: {gain:+.4f} (95% {low:+.4f} to {high:+.4f}, {len(f1[first])} documents)")
    return "\n".join(rows)
