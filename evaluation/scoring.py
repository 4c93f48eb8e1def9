"""Scores by the scorer that lies beside the manifest, and what it does not count: order, lines, cost."""

from __future__ import annotations

import importlib.util
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evaluation.curve_fitting import calibration_error, ranking
from evaluation.documents import Entry
from evaluation.readers import Prediction
from evaluation.truth import tokens

SCORER = "score.py"
ALL = "all"

Figures = dict[str, Any]
"""word_f1, cer, order, ece, auroc_f1_ge_90, line_ece, line_auroc, seconds and others; None where there is none."""

Score = Callable[[list[dict[str, Any]], list[dict[str, Any]]], Figures]
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


def figures(score: Score, entries: Sequence[Entry], predictions: Sequence[Prediction]) -> Figures:
    """All figures of one reader on these documents, in the order given."""
    result = score([asdict(one) for one in predictions], [entry.gold for entry in entries])
    pairs = list(zip(entries, predictions, strict=True))
    orders = [order(one.text, entry.gold["text"]) for entry, one in pairs if entry.gold.get("text_order") == "visual"]
    result["order"] = sum(orders) / len(orders) if orders else None
    lines = [line for entry, one in pairs for line in lines_right(one, entry.gold.get("boxes") or ())]
    confidences, right = [line[0] for line in lines], [line[1] for line in lines]
    result["line_ece"] = calibration_error(confidences, right) if lines else None
    result["line_auroc"] = ranking(confidences, right) if lines else None
    pages = sum(one.pages for one in predictions)
    result["seconds_page"] = sum(one.seconds for one in predictions) / pages
    result["cpu_page"] = sum(one.cpu_seconds for one in predictions) / pages
    return result


def document_f1(score: Score, entries: Sequence[Entry], predictions: Sequence[Prediction]) -> list[float]:
    """Word F1 of each document."""
    pairs = zip(entries, predictions, strict=True)
    return [float(score([asdict(one)], [entry.gold])["word_f1"]) for entry, one in pairs]


def order(read: str, truth: str) -> float:
    """How much of a text stands in the order of the truth: the share of words that need not be moved.

    Looked at are words that both have once, so that wrong characters cost nothing; 1 if there are none.
    """
    counts = Counter(tokens(read)), Counter(tokens(truth))
    places = {word: place for place, word in enumerate(tokens(truth)) if counts[0][word] == counts[1][word] == 1}
    tails: list[int] = []  # of the rising runs found so far, by their length
    shared = [places[word] for word in tokens(read) if word in places]
    for place in shared:
        at = bisect_left(tails, place)
        tails[at : at + 1] = [place]
    return len(tails) / len(shared) if shared else 1.0


def lines_right(prediction: Prediction, boxes: Sequence[Sequence[Any]]) -> list[tuple[float, bool]]:
    """Confidence and rightness of a document's lines, told by the true boxes they stand on.

    A line is right if its words stand in a row in those of the boxes whose middle is level with it.

    Args:
        prediction: With lines.
        boxes: ``[left, top, right, bottom, text]`` each; none tell nothing.
    """
    result = []
    for line in prediction.lines if boxes else ():
        own = tokens(line["text"])
        if not own or line["box"] is None:
            continue
        ys = [y for _, y in line["box"]]
        level = [box for box in boxes if min(ys) <= (box[1] + box[3]) / 2 <= max(ys)]
        true = [token for box in sorted(level, key=lambda box: box[0]) for token in tokens(str(box[4]))]
        right = any(true[at : at + len(own)] == own for at in range(len(true) - len(own) + 1))
        result.append((float(line["confidence"]), right))
    return result


def table(entries: Sequence[Entry], predictions: Sequence[Prediction], score: Score) -> str:
    """A Markdown table of one reader with a row for each kind of document and one for all."""
    rows = [
        "| documents | n | pages | word F1 | CER | ECE | s/page | CPU s/page | pages per CPU-second |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    by_name = {prediction.file: prediction for prediction in predictions}
    kinds = sorted({entry.kind for entry in entries})
    for kind in [*kinds, ALL] if len(kinds) > 1 else kinds:
        members = [entry for entry in entries if kind in (entry.kind, ALL)]
        read = [by_name[entry.name] for entry in members]
        scored = score([asdict(prediction) for prediction in read], [entry.gold for entry in members])
        rows.append(_row(kind, read, scored))
    return "\n".join(rows)


def shown(value: float | None, digits: int = 4) -> str:
    """A figure for a table; a dash where there is none."""
    return "-" if value is None else f"{value:.{digits}f}"


def _row(kind: str, read: Sequence[Prediction], scored: Figures) -> str:
    pages = sum(prediction.pages for prediction in read)
    seconds = sum(prediction.seconds for prediction in read)
    cpu = sum(prediction.cpu_seconds for prediction in read)
    f1, cer, ece = (shown(scored.get(name)) for name in ("word_f1", "cer", "ece"))
    cost = f"{seconds / pages:.2f} | {cpu / pages:.2f} | {pages / cpu:.3f}"
    return f"| {kind} | {len(read)} | {pages} | {f1} | {cer} | {ece} | {cost} |"
