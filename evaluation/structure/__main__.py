"""Score the Markdown output on documents of known structure: ``python -m evaluation.structure MANIFEST_OR_FOLDER``."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click

from evaluation.documents import Entry, load_pages
from evaluation.structure.scores import Scores, score
from evaluation.structure.truths import Truth, truths_at
from ocrq.contracts import Page
from tasks.runner import ReadContext
from worker.formats import render
from worker.imaging.limits import Limits
from worker.imaging.text_layer import TextLayer
from worker.page import Pixels
from worker.reading import ReadMode, pipeline_for

OUT = Path(__file__).parents[1] / "out" / "structure"
MEANS = ("text", "order", "characters", "teds", "structure")
KINDS = ("present", "absent", "order", "table")

Scored = tuple[Truth, Scores, float]
"""A document, its scores, and CPU-seconds a page."""


@click.command()
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.option("--limit", type=click.IntRange(1), help="At most so many documents, spread evenly.")
@click.option("--pages", default=4, show_default=True, help="At most so many pages of a document.")
@click.option("--out", type=click.Path(path_type=Path), default=OUT, help="For the Markdown and the report.")
@click.option("--markdown", type=click.Path(exists=True, path_type=Path), help="Score the Markdown files of a folder.")
def main(source: Path, limit: int | None, pages: int, out: Path, markdown: Path | None) -> None:
    """Read the documents of SOURCE, write their Markdown to --out and print means by kind."""
    truths = list(truths_at(source))
    step = max(1.0, len(truths) / (limit or len(truths) or 1))
    chosen = [truths[int(index * step)] for index in range(min(len(truths), limit or len(truths)))]
    out.mkdir(parents=True, exist_ok=True)
    read = None if markdown else _reader(pages)
    scored: list[Scored] = []
    for truth in chosen:
        file = f"{truth.path.stem}.md"
        if read is None:
            text, seconds = ((markdown or out) / file).read_text(encoding="utf-8"), 0.0
        else:
            text, seconds = read(truth.path)
            (out / file).write_text(text, encoding="utf-8")
        found = score(truth.parts, text)
        scored.append((truth, found, seconds))
        click.echo(f"{truth.path.name} {_row(found)}", err=True)
    lines = [{"file": t.path.name, "kind": t.kind, "cpu_seconds": s, **f.as_json()} for t, f, s in scored]
    (out / "scores.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    report = "\n".join(_report(scored))
    (out / "report.md").write_text(report + "\n", encoding="utf-8")
    click.echo(report)


class _NoPictures:
    def original(self) -> bytes | None:
        return None

    def layer(self, number: int) -> TextLayer | None:
        return None

    def pixels(self, number: int) -> Pixels:
        raise NotImplementedError("Markdown shows no pages")


def _reader(most: int) -> Callable[[Path], tuple[str, float]]:
    """What reads a document to Markdown; CPU-seconds a page beside it."""
    from worker.engines.ppocr.engine import RapidOcrEngine

    engine = RapidOcrEngine.load()
    pipeline = pipeline_for(engine, ReadMode(), lambda: engine)

    def read(path: Path) -> tuple[str, float]:
        images = load_pages(Entry(path, path.name), Limits())[:most]
        start = time.process_time()
        pages: list[Page] = [one.page for image in images for one in pipeline.read_pages([image], ReadContext())]
        seconds = time.process_time() - start
        return render("markdown", pages, _NoPictures()), seconds / max(1, len(images))

    return read


def _report(scored: Sequence[Scored]) -> Iterator[str]:
    """A table of means, by kind of document and over all."""
    yield "| kind | documents | text | order | characters | TEDS | structure | extra tables | tests | CPU s a page |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---|---:|"
    kinds = sorted({truth.kind for truth, _, _ in scored})
    for kind in [*kinds, *(["all"] if len(kinds) > 1 else [])]:
        own = [one for one in scored if kind in ("all", one[0].kind)]
        scores = [found for _, found, _ in own]
        tests = " ".join(
            f"{name} {sum(s.passed.get(name, 0) for s in scores)}/{total}"
            for name in KINDS
            if (total := sum(s.tests.get(name, 0) for s in scores))
        )
        means = [_mean([vars(s)[name] for s in scores]) for name in MEANS]
        extra = sum(s.extra_tables for s in scores)
        cells = [kind, str(len(own)), *means, str(extra), tests, f"{sum(s for _, _, s in own) / len(own):.2f}"]
        yield f"| {' | '.join(cells)} |"


def _row(found: Scores) -> str:
    values = {"text": found.text, "order": found.order, "cer": found.characters, "teds": found.teds}
    shown = " ".join(f"{name} {value:.3f}" for name, value in values.items() if value is not None)
    return f"{shown} tests {sum(found.passed.values())}/{sum(found.tests.values())}"


def _mean(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{sum(known) / len(known):.3f}" if known else "–"


if __name__ == "__main__":
    main()
