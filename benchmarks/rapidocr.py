"""Pages per CPU-second against RapidOCR as it comes: ``python -m benchmarks.rapidocr [PATH | --manifest FILE]``.

Both read the same pages in one process, document by document in turn, the order swapped each time, so that what else
the machine does falls on both. Loading and the first document's warm-up are not counted.
"""

from __future__ import annotations

from pathlib import Path

import click

from evaluation.documents import Entry, from_manifest, from_path, load_pages
from evaluation.readers import Prediction, ours, rapidocr, timed
from evaluation.scoring import load_scorer, table
from worker.imaging.limits import Limits

SAMPLE = Path(__file__).parent.parent / "examples"
NAMES = ("ours", "rapidocr")


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path), default=SAMPLE)
@click.option("--manifest", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Instead of PATH.")
@click.option("--limit", type=click.IntRange(1), help="At most so many documents, spread evenly.")
@click.option("--threads", type=click.IntRange(1), help="RapidOCR's threads; by default one per core, as it comes.")
def main(path: Path, manifest: Path | None, limit: int | None, threads: int | None) -> None:
    """Read PATH, a file or a folder, with both and print the ratio of pages per CPU-second."""
    entries = from_manifest(manifest, limit=limit) if manifest else from_path(path, limit)
    if not entries:
        raise click.UsageError(f"no image or PDF is in {path}")
    predictions = compare(entries, threads)
    rates = []
    for name in NAMES:
        pages = sum(prediction.pages for prediction in predictions[name])
        cpu = sum(prediction.cpu_seconds for prediction in predictions[name])
        rates.append(pages / cpu)
        click.echo(f"{name}: {pages} pages, {cpu:.1f} CPU s, {pages / cpu:.3f} pages per CPU-second")
    click.echo(f"ratio: {rates[0] / rates[1]:.2f}")
    if manifest:
        score = load_scorer(manifest)
        for name in NAMES:
            click.echo(f"\n{name}\n\n{table(entries, predictions[name], score)}")


def compare(entries: list[Entry], threads: int | None) -> dict[str, list[Prediction]]:
    """Each reader's predictions for all documents, read in turn."""
    readers = dict(zip(NAMES, (ours(), rapidocr(threads)), strict=True))
    warm_up = load_pages(entries[0], Limits())[:1]
    for read in readers.values():
        read(warm_up)
    predictions: dict[str, list[Prediction]] = {name: [] for name in NAMES}
    for number, entry in enumerate(entries):
        pages = load_pages(entry, Limits())
        for name in NAMES if number % 2 else reversed(NAMES):
            predictions[name].append(timed(readers[name], entry.name, pages))
        click.echo(f"{number + 1}/{len(entries)} {entry.name}", err=True)
    return predictions


if __name__ == "__main__":
    main()
