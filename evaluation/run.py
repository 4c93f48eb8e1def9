"""Read a manifest's documents and score the texts: ``python -m evaluation.run MANIFEST [--engine ours]``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from evaluation.documents import from_manifest, load_pages
from evaluation.readers import READERS, timed
from evaluation.scoring import load_scorer, table
from worker.imaging.limits import Limits


@click.command()
@click.argument("manifest", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--engine", type=click.Choice(sorted(READERS)), default="ours", show_default=True, help="What reads.")
@click.option("--kind", "kinds", multiple=True, help="Only documents of this kind; may be given again.")
@click.option("--limit", type=click.IntRange(1), help="At most so many documents, spread over the manifest.")
@click.option("--out", type=click.Path(path_type=Path), help="Where the predictions go, as JSON lines.")
def main(manifest: Path, engine: str, kinds: tuple[str, ...], limit: int | None, out: Path | None) -> None:
    """Read the documents of MANIFEST and print word F1, CER, calibration and cost as a Markdown table."""
    score = load_scorer(manifest)
    entries = from_manifest(manifest, kinds, limit)
    if not entries:
        raise click.UsageError("no document of the manifest is of these kinds")
    read = READERS[engine]()
    predictions = []
    for number, entry in enumerate(entries, 1):
        prediction = timed(read, entry.name, load_pages(entry, Limits()))
        predictions.append(prediction)
        click.echo(f"{number}/{len(entries)} {entry.name} {prediction.cpu_seconds:.1f} CPU s", err=True)
    if out is not None:
        lines = (json.dumps(asdict(prediction), ensure_ascii=False) for prediction in predictions)
        out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    click.echo(table(entries, predictions, score))


if __name__ == "__main__":
    main()
