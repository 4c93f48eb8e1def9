"""Trains the network that tells tables from what only stands like one, :mod:`worker.layout.table_choice`.

python -m training.tables.learn_choice --alone TABLES... --pages PAGES
"""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.chance import Chance
from training.layout.lines import simulated, viewed
from training.pages.make import loaded
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
MEMBERS, REPEATED = 4, 5
"""Networks of each half, and how often the second half sees what is no table."""
Sample = tuple[list[float], bool]


def samples_of(lines: Sequence[LayoutLine], pixels: Pixels | None, drawn: Sequence[set[int]]) -> Iterator[Sample]:
    """What is found on a page, and whether it is a table; ``drawn`` are the lines of each that is."""
    if len(lines) < 4:
        return
    found = describe_lines(lines, pixels)
    classes = classify(found)
    row_page = is_row_page(classes.lines, [role_of(classes.roles[group]) for group in classes.lines], found)
    for table in find_tables(lines, pixels):
        members = set(table.members)
        share = max((len(members & one) / len(members | one) for one in drawn), default=0.0)
        yield measure_table(table, lines, classes.roles, row_page), share >= SAME


def of_tables(folders: Sequence[Path], chance: Chance) -> Iterator[Sample]:
    """Pictures of one table."""
    for page in (page for folder in folders for page in stored_pages(folder)):
        pixels = page.pixels()
        if chance.happens(DEGRADED_SHARE):
            pixels = degraded(pixels, chance)
        lines = lines_of([word for block in page.blocks for word in block["words"]], chance)
        yield from samples_of(lines, pixels, [set(range(len(lines)))])


def of_pages(folder: Path, views: int) -> Iterator[Sample]:
    """Whole pages, and parts of them."""
    for seed, _, page in loaded(folder):
        for view in range(views):
            chance = Chance(seed + 10**6 * view)
            lines = simulated(page, chance)
            lines, pixels = viewed(lines, page.pixels, chance) if view else (lines, page.pixels)
            tables: dict[int, set[int]] = {}
            for index, line in enumerate(lines):
                if line.role == "table":
                    tables.setdefault(line.block, set()).add(index)
            yield from samples_of([one.line for one in lines], pixels, list(tables.values()))


def main() -> None:
    """Train and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alone", type=Path, nargs="+", required=True, help="folders of training.tables.store")
    parser.add_argument("--pages", type=Path, required=True, help="folder of training.pages.make")
    parser.add_argument("--views", type=int, default=3, help="of each page")
    parser.add_argument("--samples", type=Path, help="where what was measured is kept between runs")
    parser.add_argument("--out", type=Path, default=network.WEIGHTS)
    options = parser.parse_args()
    if options.samples and options.samples.exists():
        samples = pickle.loads(options.samples.read_bytes())
    else:
        samples = [*of_tables(options.alone, Chance(5)), *of_pages(options.pages, options.views)]
        Chance(7).shuffle(samples)
        if options.samples:
            options.samples.write_bytes(pickle.dumps(samples))
    measures = np.array([measured for measured, _ in samples], np.float32)
    labels: NDArray[np.float32] = np.array([is_table for _, is_table in samples], np.float32)
    with np.load(network.WEIGHTS) as old:
        arrays: dict[str, Any] = {name: old[name] for name in old.files if not name.startswith("choice.")}
    for member in range(2 * MEMBERS):
        # The second half sees what is no table more often: on its own it misses tables, and averaged finds fewer wrong.
        times = 1 if member < MEMBERS else REPEATED
        seen = np.concatenate([np.arange(len(labels)), *[np.flatnonzero(labels == 0)] * (times - 1)])
        if times > 1:
            seen = np.random.default_rng(0).permutation(seen)
        fitted, right = fit(measures[seen], labels[seen], member % MEMBERS)
        arrays |= {f"choice.{member}.{name}": np.asarray(value, np.float32) for name, value in fitted.items()}
        print(f"choice.{member}: {len(labels)} samples, {labels.mean():.3f} so, {right:.4f} right", flush=True)
    np.savez(options.out, **arrays)


if __name__ == "__main__":
    main()
