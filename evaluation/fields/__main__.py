"""Measure the fields: ``python -m evaluation.fields [--receipts M] [--invoices M] [--drawn DIR] [--pages CACHE]``."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import click

from evaluation.fields import sources
from evaluation.fields.measure import PARTIES, Tally, calibration_error, f1, score, total, wrong_and_sure
from ocrq.errors import FieldsMissing
from tasks.documents.schemas import prepared
from worker.fields.checks import checked
from worker.fields.extract import extract
from worker.fields.output import fill

EXISTING = click.Path(exists=True, path_type=Path)


@click.command()
@click.option("--receipts", type=EXISTING, help="Manifest of documents with fields, receipts most of them.")
@click.option("--invoices", type=EXISTING, help="Manifest of invoices with the truth of their XML.")
@click.option("--drawn", type=EXISTING, help="Folder of training.fields.draw --held-out.")
@click.option("--read", type=EXISTING, help="Folder of training.fields.draw --held-out --pictures, to be read.")
@click.option("--pages", "cache", type=click.Path(path_type=Path), required=True, help="Where read pages are kept.")
@click.option("--limit", type=click.IntRange(1), help="At most so many drawn documents.")
@click.option("--wrong", is_flag=True, help="List what is wrong.")
@click.option("--robust", is_flag=True, help="With the checks across fields, without reading again.")
@click.option("--json", "out", type=click.Path(path_type=Path), help="Write every value's confidence and truth here.")
def main(
    receipts: Path | None,
    invoices: Path | None,
    drawn: Path | None,
    read: Path | None,
    cache: Path,
    limit: int | None,
    wrong: bool,
    robust: bool,
    out: Path | None,
) -> None:
    """Extract the fields of documents whose truth is known, and print figures by group."""
    tallies: dict[str, Tally] = {}
    for case in _cases(receipts, invoices, drawn, read, cache, limit):
        tally = tallies.setdefault(case.group, Tally())
        start = time.process_time()
        answers = extract(case.pages, prepared(case.schema))
        answers = checked(answers) if robust else answers
        tally.seconds += time.process_time() - start
        try:
            data = fill(answers)
        except FieldsMissing:
            data = {}
        score(case, answers, data, tally)
    for group, tally in tallies.items():
        _report(group, tally)
        for line in tally.wrong if wrong else ():
            click.echo(f"    {line}")
    if out is not None:
        lines = [json.dumps([group, *value]) for group, tally in tallies.items() for value in tally.judged]
        out.write_text("\n".join(lines), encoding="utf-8")


def _cases(
    receipts: Path | None, invoices: Path | None, drawn: Path | None, read: Path | None, cache: Path, limit: int | None
) -> Iterator[sources.Case]:
    if receipts is not None:
        yield from sources.receipts(receipts, cache / "receipts")
    if invoices is not None:
        yield from sources.invoices(invoices, cache / "invoices", "never")
        yield from sources.invoices(invoices, cache / "invoices", "auto")
    if drawn is not None:
        yield from sources.drawn(drawn, limit)
    if read is not None:
        yield from sources.drawn(read, limit, cache / read.name)


def _report(group: str, tally: Tally) -> None:
    bad, sure = wrong_and_sure(tally)
    click.echo(f"{group} ({tally.documents} documents, {tally.seconds / tally.documents:.3f} CPU-seconds each)")
    click.echo(f"  F1 {f1(total(tally)):.3f}, parties {f1(total(tally, PARTIES)):.3f}")
    if tally.items[2]:
        click.echo(
            f"  line items F1 {f1(tally.items):.3f} {tally.items}, "
            f"quantity and price right in {tally.priced[0]} of {tally.priced[1]}"
        )
    click.echo(
        f"  wrong at >= .9: {bad} of {sure} ({bad / max(1, sure):.1%}), ECE {calibration_error(tally.judged):.3f}"
    )
    if tally.grounded[1]:
        click.echo(f"  boxes right (IoU >= .5): {tally.grounded[0]} of {tally.grounded[1]}")
    click.echo("  " + ", ".join(f"{name} {f1(counts):.2f} {counts}" for name, counts in tally.found.items()))


if __name__ == "__main__":
    main()
