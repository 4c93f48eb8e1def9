"""Trains the small networks of ``worker/layout/tables`` on drawn tables: boundaries of columns, rows, and headers.

python -m training.tables.learn --pages 1000 --out worker/layout/tables/weights.npz
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.random_source import RandomSource
from training.tables.samples import Truth, degraded, gutter_labels, lines_of, row_labels, truth_of
from training.tables.store import Page, stored_pages
from worker.layout.tables import columns, find, grid, headers, network, rows, spans
from worker.layout.tables.gutters import find_gutters
from worker.layout.tables.rulings import Rulings, find_rulings
from worker.layout.tables.tokens import TableText, table_text
from worker.layout.tree import LayoutLine

Floats = NDArray[np.float32]

HIDDEN = (32, 16)

MEMBERS = 2
"""Networks for each question, whose answers are averaged."""
DEGRADED_SHARE = 0.4
EPOCHS, BATCH, RATE, DECAY = 60, 256, 3e-3, 1e-3
HELD_OUT = 0.1
"""Share of the tables whose loss chooses the epoch."""

Table = tuple[TableText, Rulings, Truth]


def tables(pages: Sequence[Page], seed: int) -> Iterator[Table]:
    """The tables of drawn pages as the layout sees them, some degraded."""
    rng = RandomSource(seed)
    for page in pages:
        pixels = page.pixels()
        if rng.happens(DEGRADED_SHARE):
            pixels = degraded(pixels, rng)
        for block in page.blocks:
            if block["cells"] is None:
                continue
            lines = lines_of(block["words"], rng)
            if not lines:
                continue
            text = table_text(lines, range(len(lines)), 0.0)
            boxes = [(token.left, token.top, token.right, token.bottom) for token in text.tokens]
            rulings = find_rulings(pixels, 0.0, text.bounds, boxes, text.height).near(text.bounds, text.height)
            yield text, rulings, truth_of(block)


def column_samples(table: Table) -> tuple[Floats, list[bool]]:
    """Measures and labels of a table's gutters."""
    text, rulings, truth = table
    gutters = find_gutters(text.rows, text.height)
    return columns.measure_gutters(gutters, text, rulings), gutter_labels(gutters, truth, text.height)


def row_samples(table: Table) -> tuple[Floats, list[bool]]:
    """Measures and labels between a table's visual rows."""
    text, rulings, truth = table
    if len(text.rows) < 2:
        return np.zeros((0, 0), np.float32), []
    separators = columns.find_separators(text, rulings)
    return rows.measure_rows(text, separators, rulings), row_labels(text.rows, truth, text.height)


def header_samples(table: Table) -> tuple[Floats, list[bool]]:
    """Measures and labels of a table's first rows."""
    text, rulings, truth = table
    separators = columns.find_separators(text, rulings)
    starts = rows.part_rows(text, separators, rulings)
    found = grid.build_grid(text, separators, rows.bands(starts), rulings)
    spans.join_cells(found, rulings)
    if len(found.ys) < 3:
        return np.zeros((0, 0), np.float32), []
    measures = headers.measure_headers(found, rulings)
    return measures, [(found.ys[row] + found.ys[row + 1]) / 2 < truth.header for row in range(len(measures))]


def region_samples(pages: Sequence[Page], seed: int) -> Iterator[tuple[Floats, list[float]]]:
    """Measures of what may be a table on each page, and its share of lines in common with the table it is of."""
    rng = RandomSource(seed)
    for page in pages:
        pixels = degraded(page.pixels(), rng) if rng.happens(DEGRADED_SHARE) else page.pixels()
        words = [
            word | {"cell": (number, word["cell"])}
            for number, block in enumerate(page.blocks)
            for word in block["words"]
        ]
        lines = lines_of(words, rng)
        owners = [owner_of(line, page.blocks) for line in lines]
        drawn = [
            {index for index, owner in enumerate(owners) if owner == number}
            for number, block in enumerate(page.blocks)
            if block["cells"] is not None
        ]
        measures, labels = [], []
        for seen in find.find_candidates(lines, pixels) if len(lines) >= find.FEWEST_LINES else ():
            members = set(seen.members)
            share = max((len(members & table) / len(members | table) for table in drawn), default=0.0)
            measures.append(seen.measures)
            labels.append(share)
        if labels:
            yield np.array(measures, np.float32), labels


def owner_of(line: LayoutLine, blocks: Sequence[dict[str, Any]]) -> int | None:
    """The block that a line stands in."""
    x, y = np.mean(line.quad, axis=0)
    for number, block in enumerate(blocks):
        left, top, right, bottom = block["box"]
        if left <= x <= right and top <= y <= bottom:
            return number
    return None


STAGES: dict[str, Callable[[Table], tuple[Floats, list[bool]]]] = {
    "columns": column_samples,
    "rows": row_samples,
    "headers": header_samples,
}
"""In order: the later ones see what the earlier ones found."""


def fit(measures: Floats, labels: Floats, seed: int = 0) -> tuple[dict[str, Any], float]:
    """A network's arrays, and its share of right answers on the held-out part."""
    torch.manual_seed(seed)
    held = int(len(measures) * (1 - HELD_OUT))
    mean, spread = measures[:held].mean(axis=0), measures[:held].std(axis=0) + 1e-3
    inputs = torch.from_numpy(np.clip((measures - mean) / spread, -6, 6).astype(np.float32))
    target = torch.from_numpy(labels.astype(np.float32))
    sizes = (measures.shape[1], *HIDDEN, 1)
    layers = [torch.nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:], strict=True)]
    model = torch.nn.Sequential(*[part for layer in layers for part in (layer, torch.nn.ReLU())][:-1])
    steps = EPOCHS * (held // BATCH + 1)
    optimiser = torch.optim.AdamW(model.parameters(), RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    loss_of = torch.nn.BCEWithLogitsLoss()
    best, kept = np.inf, {}
    for _ in range(EPOCHS):
        model.train()
        for batch in torch.randperm(held).split(BATCH):
            optimiser.zero_grad()
            loss_of(model(inputs[batch])[:, 0], target[batch]).backward()
            optimiser.step()
            schedule.step()
        with torch.no_grad():
            loss = float(loss_of(model(inputs[held:])[:, 0], target[held:]))
        if loss < best:
            best, kept = loss, {name: value.clone() for name, value in model.state_dict().items()}
    model.load_state_dict(kept)
    with torch.no_grad():
        right = float(((model(inputs[held:])[:, 0] > 0) == (target[held:] > 0.5)).float().mean())
    arrays: dict[str, Any] = {"mean": mean, "spread": spread}
    for number, layer in enumerate(layers):
        arrays[f"{number}.weight"] = layer.weight.detach().numpy().T.copy()
        arrays[f"{number}.bias"] = layer.bias.detach().numpy()
    return arrays, right


def main() -> None:
    """Train and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="of drawn pages; see training.tables.store")
    parser.add_argument("--out", type=Path, default=network.WEIGHTS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=int, help="pages learned from")
    parser.add_argument("--add", action="store_true", help="keep the networks there are and add others beside them")
    parser.add_argument("--stages", nargs="+", default=[*STAGES, "tables"])
    options = parser.parse_args()
    torch.set_num_threads(1)
    pages = stored_pages(options.folder)[: options.limit]
    drawn = list(tables(pages, options.seed)) if set(options.stages) & set(STAGES) else []
    arrays: dict[str, Any] = {}
    if network.WEIGHTS.exists():
        with np.load(network.WEIGHTS) as old:
            arrays = {name: old[name] for name in old.files}
    for stage in options.stages:
        if stage in STAGES:
            samples = [STAGES[stage](table) for table in drawn]
        else:
            samples = list(region_samples(pages, options.seed))
        samples = [(measures, labels) for measures, labels in samples if len(labels)]
        measures = np.concatenate([measures for measures, _ in samples])
        labels = np.concatenate([np.array(labels, np.float32) for _, labels in samples])
        first = 0
        if options.add:
            first = sum(name.startswith(f"{stage}.") and name.endswith(".mean") for name in arrays)
        else:
            arrays = {name: value for name, value in arrays.items() if not name.startswith(f"{stage}.")}
        for member in range(first, first + MEMBERS):
            fitted, right = fit(measures, labels, options.seed + member)
            arrays |= {f"{stage}.{member}.{name}": np.asarray(value, np.float32) for name, value in fitted.items()}
            print(f"{stage}.{member}: {len(labels)} samples, {labels.mean():.3f} so, {right:.4f} right", flush=True)
        np.savez(network.WEIGHTS, **arrays)
        network.judge.cache_clear()
    if options.out != network.WEIGHTS:
        np.savez(options.out, **arrays)


if __name__ == "__main__":
    main()
