"""Trains the networks that take visual rows together, :mod:`worker.layout.tables.row_bands`, by maximum likelihood.

python -m training.tables.learn_bands --folder TABLES --folder MORE_TABLES --minutes 4
"""

from __future__ import annotations

import argparse
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from training.random_source import RandomSource
from training.tables.learn import tables
from training.tables.samples import row_labels
from training.tables.store import stored_pages
from worker.layout.tables import network
from worker.layout.tables.columns import find_separators, is_gridded
from worker.layout.tables.row_bands import MOST_ROWS, SURE, Bands
from worker.layout.tables.rows import measure_bands

HIDDEN = (48, 24)
MEMBERS = 2
DROPPED, RATE, DECAY, BATCH = 0.1, 3e-3, 5e-2, 16
HELD_OUT, LONGEST = 10, 45
"""One of so many tables chooses the epoch; visual rows of a table that is learned from."""

IMPOSSIBLE = -1e4
"""Score of what is no band."""


@dataclass(frozen=True)
class Sample:
    """The bands of a table and which of them are its rows: first visual row and length less one."""

    bands: Bands
    rows: tuple[tuple[int, int], ...]


class Scores(nn.Module):
    """A score for each band in each try."""

    def __init__(self, known: int, tried: int) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(known, HIDDEN[0]), nn.Linear(tried, HIDDEN[0], bias=False)
        self.c, self.d = nn.Linear(*HIDDEN), nn.Linear(HIDDEN[1], 1)
        self.drop = nn.Dropout(DROPPED)

    def forward(self, known: Tensor, tried: Tensor) -> Tensor:
        """Tables x tries x length x start."""
        hidden = self.drop(torch.relu(self.a(self.drop(known))[:, None] + self.b(tried)))
        return torch.as_tensor(self.d(self.drop(torch.relu(self.c(hidden))))[..., 0])


def samples_of(folders: Sequence[Path], seed: int) -> list[Sample]:
    """Drawn tables that are not a grid of lines."""
    samples = []
    for text, rulings, truth in tables([page for folder in folders for page in stored_pages(folder)], seed):
        if not 2 <= len(text.rows) <= LONGEST or is_gridded(text, rulings):
            continue
        starts = row_labels(text.rows, truth, text.height)
        edges = [0, *(number + 1 for number, start in enumerate(starts) if start), len(text.rows)]
        rows = tuple((first, after - first - 1) for first, after in pairwise(edges))
        if max(length for _, length in rows) < MOST_ROWS:
            samples.append(Sample(measure_bands(text, find_separators(text, rulings), rulings), rows))
    return samples


def fit(samples: Sequence[Sample], minutes: float, seed: int) -> dict[str, Any]:
    """A network's arrays, those of the epoch that is likeliest on the held-out part."""
    torch.manual_seed(seed)
    held, learned = ([one for one in samples if _is_held(one) == wanted] for wanted in (True, False))
    learned.sort(key=lambda one: one.bands.known.shape[1])
    scale = {}
    for part, of in (("k", [one.bands.known for one in learned]), ("t", [one.bands.tried for one in learned])):
        values = np.concatenate([one.reshape(-1, one.shape[-1]) for one in of])
        scale |= {f"{part}m": values.mean(axis=0), f"{part}s": values.std(axis=0) + 1e-2}
    model = Scores(len(scale["km"]), len(scale["tm"]))
    optimiser = torch.optim.AdamW(model.parameters(), RATE, weight_decay=DECAY)
    rng, begun = RandomSource(seed), time.process_time()
    best, kept = np.inf, dict(model.state_dict())
    batches = [learned[first : first + BATCH] for first in range(0, len(learned), BATCH)]
    while (done := (time.process_time() - begun) / (60 * minutes)) < 1:
        model.train()
        rng.shuffle(batches)
        for group in optimiser.param_groups:
            group["lr"] = RATE * (1 - 0.95 * done)
        for batch in batches:
            optimiser.zero_grad()
            loss_of(model, batch, scale).mean().backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimiser.step()
        model.eval()
        with torch.no_grad():
            loss = float(np.mean([float(loss_of(model, [one], scale)) for one in held]))
        print(f"{seed}: {time.process_time() - begun:.0f} s, held out {loss:.4f}", flush=True)
        if loss < best:
            best, kept = loss, {name: value.clone() for name, value in model.state_dict().items()}
    return scale | {name: (value.T if name.endswith("weight") else value).numpy() for name, value in kept.items()}


def _is_held(sample: Sample) -> bool:
    return zlib.crc32(str(sample.rows).encode()) % HELD_OUT == 0


def loss_of(model: Scores, batch: Sequence[Sample], scale: dict[str, Any]) -> Tensor:
    """Of each table, how much less likely its rows are than all ways to take its visual rows together, in all tries."""
    longest, count = (max(one.bands.known.shape[side] for one in batch) for side in (0, 1))
    tries = max(len(one.bands.tried) for one in batch)
    known = np.zeros((len(batch), longest, count, len(scale["km"])), np.float32)
    tried = np.zeros((len(batch), tries, longest, count, len(scale["tm"])), np.float32)
    possible, true = np.zeros((len(batch), tries, longest, count), bool), np.zeros((len(batch), longest, count), bool)
    for at, one in enumerate(batch):
        most, rows = one.bands.known.shape[:2]
        known[at, :most, :rows] = np.clip((one.bands.known - scale["km"]) / scale["ks"], -SURE, SURE)
        own = np.clip((one.bands.tried - scale["tm"]) / scale["ts"], -SURE, SURE)
        tried[at, : len(own), :most, :rows] = own
        for more in range(most):
            possible[at, : len(own), more, : rows - more] = True
        for first, more in one.rows:
            true[at, more, first] = True
    scores = model(torch.from_numpy(known), torch.from_numpy(tried)).masked_fill(
        ~torch.from_numpy(possible), IMPOSSIBLE
    )
    impossible = ~torch.from_numpy(possible[:, :, 0, 0])
    rows = torch.tensor([one.bands.known.shape[1] for one in batch])
    every = _every_way(scores)[rows, torch.arange(len(batch))].masked_fill(impossible, IMPOSSIBLE)
    right = (scores * torch.from_numpy(true)[:, None]).sum((2, 3)).masked_fill(impossible, IMPOSSIBLE)
    return torch.logsumexp(every, 1) - torch.logsumexp(right, 1)


def _every_way(scores: Tensor) -> Tensor:
    """Log of the summed scores of all ways to part the first visual rows: count x tables x tries."""
    longest, count = scores.shape[2:]
    sums = [torch.zeros(scores.shape[:2])]
    for end in range(1, count + 1):
        ways = [sums[end - 1 - more] + scores[:, :, more, end - 1 - more] for more in range(min(longest, end))]
        sums.append(torch.logsumexp(torch.stack(ways), 0))
    return torch.stack(sums)


def main() -> None:
    """Train and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, action="append", required=True, help="of training.tables.store --alone")
    parser.add_argument("--minutes", type=float, default=4.0, help="of CPU time, for each network")
    parser.add_argument("--out", type=Path, default=network.WEIGHTS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    samples = samples_of(options.folder, seed=3)
    with np.load(network.WEIGHTS) as old:
        arrays: dict[str, Any] = {name: old[name] for name in old.files if not name.startswith("bands.")}
    for member in range(MEMBERS):
        fitted = fit(samples, options.minutes, member)
        arrays |= {f"bands.{member}.{name}": np.asarray(value, np.float32) for name, value in fitted.items()}
        np.savez(options.out, **arrays)


if __name__ == "__main__":
    main()
