"""Score readers on a manifest's documents: ``python -m evaluation.run MANIFEST [--degrade compound]``."""

from __future__ import annotations

from pathlib import Path

import click

from evaluation import plots
from evaluation.cache import predictions, version_of
from evaluation.comparison import differences, side_by_side
from evaluation.degrading import CLEAN, MODES, degraded
from evaluation.documents import Entry, from_manifest
from evaluation.readers import READERS, Prediction
from evaluation.scoring import Score, document_f1, figures, load_scorer, table
from evaluation.tesseract import installed

OUT = Path(__file__).parent / "out"
BASE = "olm"

Read = dict[str, list[Prediction]]
"""Predictions by reader."""


@click.command()
@click.argument("manifest", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--reader", "readers", multiple=True, type=click.Choice(sorted(READERS)), help="May be given again; all.")
@click.option("--degrade", "modes", multiple=True, type=click.Choice([CLEAN, *MODES]), help="Clean if not given.")
@click.option("--kind", "kinds", multiple=True, help="Only documents of this kind; may be given again.")
@click.option("--limit", type=click.IntRange(1), help="At most so many documents, spread over the manifest.")
@click.option("--out", type=click.Path(path_type=Path), default=OUT, help="For predictions, copies, report and plots.")
@click.option("--stale", is_flag=True, help="Score the predictions that are there, even of older sources.")
def main(
    manifest: Path,
    readers: tuple[str, ...],
    modes: tuple[str, ...],
    kinds: tuple[str, ...],
    limit: int | None,
    out: Path,
    stale: bool,
) -> None:
    """Read the documents of MANIFEST, compare the readers in Markdown tables, and draw plots.

    Predictions are kept under --out and made anew when our sources or the other programs changed.
    """
    score = load_scorer(manifest)
    names = readers or tuple(name for name in READERS if name != "tesseract" or installed())
    report: list[str] = []
    degradation: dict[str, dict[str, float]] = {name: {} for name in names}
    for mode in modes or (CLEAN,):
        entries = from_manifest(degraded(manifest, mode, out), kinds, limit)
        if not entries:
            raise click.UsageError("no document of the manifest is of these kinds")
        read = {name: _read(name, mode, entries, out, stale) for name in names}
        report.append(_section(mode, score, entries, read))
        _draw(mode, score, entries, read, out, degradation)
    plots.by_degradation(out / "f1-by-degradation.png", degradation)
    text = "\n\n".join(report)
    (out / "report.md").write_text(text + "\n", encoding="utf-8")
    click.echo(text)


def _read(name: str, mode: str, entries: list[Entry], out: Path, stale: bool) -> list[Prediction]:
    file, result = out / f"{name}-{mode}.jsonl", []
    for number, one in enumerate(predictions(entries, file, version_of(name), READERS[name], stale), 1):
        result.append(one)
        click.echo(f"{name} {mode} {number}/{len(entries)} {one.file} {one.cpu_seconds:.1f} CPU s", err=True)
    return result


def _section(mode: str, score: Score, entries: list[Entry], read: Read) -> str:
    scored = {name: figures(score, entries, predicted) for name, predicted in read.items()}
    f1 = {name: document_f1(score, entries, predicted) for name, predicted in read.items()}
    parts = [f"## {mode}: {len(entries)} documents", side_by_side(scored, BASE), differences(f1)]
    parts += [f"### {name}\n\n{table(entries, predicted, score)}" for name, predicted in read.items()]
    return "\n\n".join(part for part in parts if part)


def _draw(
    mode: str, score: Score, entries: list[Entry], read: Read, out: Path, degradation: dict[str, dict[str, float]]
) -> None:
    f1 = {name: document_f1(score, entries, predicted) for name, predicted in read.items()}
    confidences = {name: [one.confidence for one in predicted] for name, predicted in read.items()}
    plots.reliability(out / f"reliability-{mode}.png", {name: (confidences[name], f1[name]) for name in read}, mode)
    degraded = [str(entry.gold.get("degradation", mode)) for entry in entries]
    for name, values in f1.items():
        for kind in dict.fromkeys(degraded):
            own = [value for value, one in zip(values, degraded, strict=True) if one == kind]
            degradation[name][kind] = sum(own) / len(own)


if __name__ == "__main__":
    main()
