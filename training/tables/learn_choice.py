"""Trains the networks that tell tables from what only stands like one, :mod:`worker.layout.table_choice`.

python -m training.tables.learn_choice --alone TABLES... --pages PAGES --documents DOCUMENTS
"""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.layout.lines import TrueLine, simulated, viewed
from training.pages.make import loaded
from training.random_source import RandomSource
from training.tables.learn import fit
from training.tables.samples import degraded, lines_of
from training.tables.store import stored_pages
from worker.layout.analysis import role_of
from worker.layout.classify import classify
from worker.layout.line_features import describe_lines
from worker.layout.row_blocks import is_row_page
from worker.layout.table_choice import measure_table
from worker.layout.tables import find_tables, network
from worker.layout.tree import LayoutLine
from worker.page import Pixels

SAME = 0.7
"""Share of lines in common from which what was found is the drawn table."""

DEGRADED_SHARE = 0.3
RECEIPT = "receipt"
MEMBERS, REPEATED, TWICE = 4, 5, 2
"""Networks of each half, and how often the second half sees what is not a table: of all, and of those for amounts."""
Sample = tuple[list[float], bool]


def samples_of(
    lines: Sequence[LayoutLine], pixels: Pixels | None, drawn: Sequence[set[int]], unsure: Sequence[set[int]] = ()
) -> Iterator[Sample]:
    """What is found on a page, and whether it is a table.

    Args:
        lines: Of the page.
        pixels: Of the page.
        drawn: Lines of each that is a table.
        unsure: Lines of what may be taken for one or not: nothing is learned from it.
    """
    if len(lines) < 4:
        return
    found = describe_lines(lines, pixels)
    classes = classify(found)
    row_page = is_row_page(classes.lines, [role_of(classes.roles[group]) for group in classes.lines], found)
    for table in find_tables(lines, pixels):
        is_table = _is_one_of(set(table.members), drawn)
        if is_table or not _is_one_of(set(table.members), unsure):
            yield measure_table(table, lines, classes.roles, row_page), is_table


def _is_one_of(members: set[int], drawn: Sequence[set[int]]) -> bool:
    return any(len(members & one) >= SAME * len(members | one) for one in drawn)


def of_tables(folders: Sequence[Path], rng: RandomSource) -> Iterator[Sample]:
    """Pictures of one table."""
    for page in (page for folder in folders for page in stored_pages(folder)):
        pixels = page.pixels()
        if rng.happens(DEGRADED_SHARE):
            pixels = degraded(pixels, rng)
        lines = lines_of([word for block in page.blocks for word in block["words"]], rng)
        yield from samples_of(lines, pixels, [set(range(len(lines)))])


def of_pages(folder: Path, views: int) -> Iterator[Sample]:
    """Whole pages, and parts of them."""
    for seed, _, page in loaded(folder):
        for view in range(views):
            rng = RandomSource(seed + 10**6 * view)
            lines = simulated(page, rng)
            lines, pixels = viewed(lines, page.pixels, rng) if view else (lines, page.pixels)
            yield from samples_of([one.line for one in lines], pixels, _of_role(lines, "table"))


def of_documents(folder: Path, views: int) -> Iterator[Sample]:
    """Invoices and the like, and parts of them: their items, with and without the sums below, and rates of tax.

    Labels with their values are not columns of a table, but may be read as one. A receipt is read row by row.
    """
    for seed, kind, page in loaded(folder):
        for view in range(views):
            rng = RandomSource(seed + 10**6 * view)
            lines = simulated(page, rng)
            lines, pixels = viewed(lines, page.pixels, rng) if view else (lines, page.pixels)
            tables, sums = _of_role(lines, "table"), _of_role(lines, "form")
            drawn = [*tables, *(table | one for table in tables for one in sums)]
            drawn, unsure = ([], tables) if kind == RECEIPT else (drawn, sums)
            yield from samples_of([one.line for one in lines], pixels, drawn, unsure)


def _of_role(lines: Sequence[TrueLine], role: str) -> list[set[int]]:
    blocks: dict[int, set[int]] = {}
    for index, line in enumerate(lines):
        if line.role == role:
            blocks.setdefault(line.block, set()).add(index)
    return list(blocks.values())


def main() -> None:
    """Train and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alone", type=Path, nargs="+", required=True, help="folders of training.tables.store")
    parser.add_argument("--pages", type=Path, required=True, help="folder of training.pages.make")
    parser.add_argument("--documents", type=Path, required=True, help="folder of training.fields.draw --tables")
    parser.add_argument("--views", type=int, default=3, help="of each page")
    parser.add_argument("--samples", type=Path, help="where what was measured is kept between runs")
    parser.add_argument("--out", type=Path, default=network.WEIGHTS)
    options = parser.parse_args()
    if options.samples and options.samples.exists():
        samples, invoices = pickle.loads(options.samples.read_bytes())
    else:
        samples = [*of_tables(options.alone, RandomSource(5)), *of_pages(options.pages, options.views)]
        invoices = list(of_documents(options.documents, 1))
        if options.samples:
            options.samples.write_bytes(pickle.dumps((samples, invoices)))
    with np.load(network.WEIGHTS) as old:
        arrays: dict[str, Any] = {name: old[name] for name in old.files if not name.startswith(("choice.", "priced."))}
    arrays |= _fitted("choice", samples, REPEATED)
    arrays |= _fitted("priced", [*samples, *invoices], TWICE)
    np.savez(options.out, **arrays)


def _fitted(name: str, samples: Sequence[Sample], repeated: int) -> dict[str, Any]:
    """The networks of a name.

    The second half sees what is not a table more often: on its own it misses tables, and averaged finds fewer wrong.
    """
    shuffled = list(samples)
    RandomSource(7).shuffle(shuffled)
    measures = np.array([measured for measured, _ in shuffled], np.float32)
    labels: NDArray[np.float32] = np.array([is_table for _, is_table in shuffled], np.float32)
    arrays: dict[str, Any] = {}
    for member in range(2 * MEMBERS):
        times = 1 if member < MEMBERS else repeated
        seen = np.concatenate([np.arange(len(labels)), *[np.flatnonzero(labels == 0)] * (times - 1)])
        if times > 1:
            seen = np.random.default_rng(0).permutation(seen)
        fitted, right = fit(measures[seen], labels[seen], member % MEMBERS)
        arrays |= {f"{name}.{member}.{part}": np.asarray(value, np.float32) for part, value in fitted.items()}
        print(f"{name}.{member}: {len(labels)} samples, {labels.mean():.3f} so, {right:.4f} right", flush=True)
    return arrays


if __name__ == "__main__":
    main()
