"""Fit an engine's confidence on documents with ground truth: ``python -m evaluation.calibrate collect|fit …``.

``collect`` reads the documents and keeps what the engine said; ``fit`` makes the curves of it, tells how well they do
on documents left out, and writes the file that the pipelines load.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from evaluation.curve_fitting import calibration_error, fit_logistic, fit_platt, out_of_fold, ranking
from evaluation.documents import from_manifest, load_pages
from evaluation.truth import characters_right, line_right, tokens, words_right
from ocrq.contracts.request import ROBUST_MIN_VARIANTS
from tasks.runner import ReadContext
from worker.imaging.limits import Limits
from worker.page import LineReading
from worker.reading.calibration import Calibration
from worker.reading.calibration.files import Way, save
from worker.reading.confidence import (
    line_confidences,
    line_measures,
    page_confidence,
    page_measures,
    word_confidences,
    word_ranges,
)
from worker.reading.protocols import ReadMode

FOLDS = 5
EACH_LINE = 12  # one of so many lines is laid on the true ones: characters are plenty, and laying them costs
GOOD_SHARE = 0.9  # of words right: what a page's confidence is asked to tell from less
SHARED_MEASURES = ("words", "sure", "sharp", "light", "calm")
LINE_MEASURES = ("product", "lowest", "mean", *SHARED_MEASURES)
PAGE_MEASURES = (*SHARED_MEASURES, "found")  # lines that are read again alone cannot tell what else was found

Sample = dict[str, Any]
"""One page: document, manifest, truth, visual, readings [[text, probabilities]], measures."""


@click.group()
def main() -> None:
    """Fit an engine's confidence on documents with ground truth."""


@main.command()
@click.argument("manifests", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--way", type=click.Choice(["olm", "rolm"]), required=True, help="How pages are read.")
@click.option("--model", default="rapidocr", show_default=True, help="Of the embedded engine, by its listed name.")
@click.option("--samples", type=click.Path(path_type=Path), required=True, help="JSON lines; appended to.")
@click.option("--limit", type=click.IntRange(1), help="At most so many documents of each manifest.")
def collect(manifests: tuple[Path, ...], way: Way, model: str, samples: Path, limit: int | None) -> None:
    """Read the first page of every document of MANIFESTS with the embedded engine; what SAMPLES has is left out."""
    done = {(one["manifest"], one["document"]) for one in _load(samples)} if samples.exists() else set()
    look = _looker(way, model)
    with samples.open("a", encoding="utf-8") as file:
        for manifest in manifests:
            for entry in from_manifest(manifest, limit=limit):
                name = Path(entry.name).stem
                if (str(manifest), name) in done:
                    continue
                readings, measures = look(load_pages(entry, Limits())[0])
                sample = {
                    "document": name,
                    "manifest": str(manifest),
                    "truth": entry.gold["text"].split("\f")[0],
                    "visual": entry.gold.get("text_order") == "visual",
                    "readings": [[one.text, [round(p, 6) for p in one.probabilities]] for one in readings],
                    "measures": measures,
                }
                file.write(json.dumps(sample, ensure_ascii=False) + "\n")
                file.flush()
                click.echo(f"{manifest.parent.name} {name}", err=True)


@main.command()
@click.option("--way", type=click.Choice(["olm", "rolm"]), required=True)
@click.option("--samples", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("--engine", default="rapidocr/PP-OCRv6-small", show_default=True, help="As in served_by.")
def fit(way: Way, samples: Path, engine: str) -> None:
    """Fit the curves, show how well they hold on documents left out, and write the engine's file."""
    pages = [_with_truth(sample) for sample in _load(samples) if sample["readings"]]
    documents = [str(page["document"]) for page in pages]
    held = out_of_fold(pages, documents, FOLDS, lambda known, asked: [_judged(page, fitted(known)) for page in asked])
    measured: dict[str, Any] = {"documents": len(set(documents)), "pages": len(pages), "folds": FOLDS}
    for manifest in sorted({str(page["manifest"]) for page in pages}):
        own = [judged for judged, page in zip(held, pages, strict=True) if page["manifest"] == manifest]
        measured[Path(manifest).parent.name] = figures(own)
    click.echo(json.dumps(measured, indent=1))
    click.echo(str(save(fitted(pages), engine, way, measured)))


def fitted(pages: Sequence[Sample]) -> Calibration:
    """The curves of these pages, each fitted on what the one before it gives."""
    characters = [pair for page in pages for pair in page["characters"]]
    calibration = Calibration(character=fit_platt(*zip(*characters, strict=True)), fitted=True)
    words = [word for page in pages for word in _words(page, calibration)]
    calibration = replace(calibration, word=fit_platt(*zip(*words, strict=True)))
    measures, right = zip(*(line for page in pages for line in _line_measures(page, calibration)), strict=True)
    of_pages = [_measures(page, calibration) for page in pages]
    return replace(
        calibration,
        line=fit_logistic(measures, right, LINE_MEASURES),
        page=fit_logistic(of_pages, [_share(page) for page in pages], PAGE_MEASURES),
    )


def figures(judged: Sequence[Sample]) -> dict[str, Any]:
    """Calibration error and ranking of pages, lines and words that were judged out of fold."""
    confidences, shares = [page["page"][0] for page in judged], [page["page"][1] for page in judged]
    result: dict[str, Any] = {"page_ece": calibration_error(confidences, shares)}
    result["page_auroc"] = ranking(confidences, [share >= GOOD_SHARE for share in shares])
    result["mean_f1"], result["mean_confidence"] = sum(shares) / len(shares), sum(confidences) / len(confidences)
    for kind in ("lines", "words"):
        confidences, shares = zip(*(pair for page in judged for pair in page[kind]), strict=True)
        result[f"{kind}_ece"], result[f"{kind}_auroc"] = (
            calibration_error(confidences, shares),
            ranking(confidences, shares),
        )
    return {name: None if value is None else round(value, 4) for name, value in result.items()}


def _judged(page: Sample, calibration: Calibration) -> Sample:
    confidence = page_confidence(_readings(page), calibration, page["measures"])
    return {
        "page": (confidence, _share(page)),
        "lines": _lines(page, calibration),
        "words": _words(page, calibration),
    }


def _measures(page: Sample, calibration: Calibration) -> dict[str, float]:
    words = [word for reading in _readings(page) for word in word_confidences(reading, calibration)]
    return {**page_measures(words), **page["measures"]}


def _characters(page: Sample) -> list[tuple[float, bool]]:
    true_lines = page["truth"].split("\n") if page["visual"] else []
    return [
        (reading.probabilities[index], right)
        for reading in _readings(page)[::EACH_LINE]
        for index, right in characters_right(reading.text, true_lines)
    ]


def _words(page: Sample, calibration: Calibration) -> list[tuple[float, bool]]:
    confidences = [word for reading in _readings(page) for word in word_confidences(reading, calibration)]
    return [(confidences[index], right) for index, right in page["words"]]


def _lines(page: Sample, calibration: Calibration) -> list[tuple[float, bool]]:
    sure = line_confidences(_readings(page), calibration, page["measures"])
    return [(sure[index], right) for index, right in page["lines"]]


def _line_measures(page: Sample, calibration: Calibration) -> list[tuple[dict[str, float], bool]]:
    measures = line_measures(_readings(page), calibration, page["measures"])
    return [(measures[index], right) for index, right in page["lines"]]


def _with_truth(page: Sample) -> Sample:
    """The page with what is right on it: its characters, words and lines, as far as they hold letters or digits."""
    readings = _readings(page)
    texts = [reading.text[first:after] for reading in readings for first, after in word_ranges(reading.text)]
    right = words_right(texts, page["truth"])
    return {
        **page,
        "characters": _characters(page),
        "words": [(index, right[index]) for index, text in enumerate(texts) if tokens(text)],
        "lines": [
            (index, line_right(reading.text, page["truth"]))
            for index, reading in enumerate(readings)
            if page["visual"] and tokens(reading.text)
        ],
    }


def _share(page: Sample) -> float:
    """Word F1 of the page."""
    read = Counter(token for text, _ in page["readings"] for token in tokens(text))
    true = Counter(tokens(page["truth"]))
    return 2 * (read & true).total() / max(1, read.total() + true.total())


def _readings(page: Sample) -> list[LineReading]:
    return [LineReading(text, tuple(probabilities)) for text, probabilities in page["readings"]]


def _load(samples: Path) -> list[Sample]:
    return [json.loads(line) for line in samples.read_text(encoding="utf-8").splitlines()]


def _looker(way: Way, model: str) -> Any:
    from worker.engines.ppocr.engine import ENGINES
    from worker.reading.plain import PlainPipeline
    from worker.reading.robust import RobustPipeline

    engine = ENGINES[model].load()
    mode = ReadMode(robust=way == "rolm", variants=ROBUST_MIN_VARIANTS)
    pipeline = RobustPipeline(engine, engine, mode) if way == "rolm" else PlainPipeline(engine, engine)
    return lambda page: (lambda seen: (seen[0].readings, seen[1]))(pipeline.analyse(page, ReadContext()))


if __name__ == "__main__":
    main()
