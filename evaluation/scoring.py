"""Scores by the scorer that lies beside the manifest, and the table that shows them."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evaluation.documents import Entry
from evaluation.readers import Prediction

SCORER = "score.py"
ALL = "all"

Score = Callable[[list[dict[str, Any]], list[dict[str, Any]]], dict[str, Any]]
"""Prediction lines and manifest lines to figures: word_f1, cer, ece and others."""


def load_scorer(manifest: Path) -> Score:
    """``score`` of the data's own ``score.py``.

    Raises:
        FileNotFoundError: None lies beside the manifest.
    """
    path = manifest.parent / SCORER
    spec = importlib.util.spec_from_file_location("data_score", path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise FileNotFoundError(f"{path} is missing; the manifest comes with its scorer")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    score: Score = module.score
    return score


def table(entries: Sequence[Entry], predictions: Sequence[Prediction], score: Score) -> str:
    """A Markdown table with a row for each kind of document and one for all."""
    rows = [
        "| documents | n | pages | word F1 | CER | ECE | s/page | CPU s/page | pages per CPU-second |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    by_name = {prediction.file: prediction for prediction in predictions}
    kinds = sorted({entry.kind for entry in entries})
    for kind in [*kinds, ALL] if len(kinds) > 1 else kinds:
        members = [entry for entry in entries if kind in (entry.kind, ALL)]
        read = [by_name[entry.name] for entry in members]
        figures = score([asdict(prediction) for prediction in read], [entry.gold for entry in members])
        rows.append(_row(kind, read, figures))
    return "\n".join(rows)


def _row(kind: str, read: Sequence[Prediction], figures: dict[str, Any]) -> str:
    pages = sum(prediction.pages for prediction in read)
    seconds = sum(prediction.seconds for prediction in read)
    cpu = sum(prediction.cpu_seconds for prediction in read)
    f1, cer, ece = (_shown(figures.get(name)) for name in ("word_f1", "cer", "ece"))
    cost = f"{seconds / pages:.2f} | {cpu / pages:.2f} | {pages / cpu:.3f}"
    return f"| {kind} | {len(read)} | {pages} | {f1} | {cer} | {ece} | {cost} |"


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
