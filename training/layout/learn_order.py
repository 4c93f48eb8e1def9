"""Teach the network over blocks which of two is read first."""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.layout.lines import TrueLine, simulated, viewed
from training.layout.network import Relations
from training.pages.make import loaded
from training.random_source import RandomSource
from worker.layout.block_features import BLOCK_FEATURES, BLOCK_PAIRS, describe_blocks
from worker.layout.classify import classify
from worker.layout.line_features import describe_lines
from worker.page import Pixels

WIDTH, EDGE, LAYERS = 48, 24, 2
BATCH_PAGES = 8
PEAK_RATE = 2e-3
FIRST_SEED = 2 * 10**7
NEAR_PLACES = 3
NEAR_WEIGHT = 2.0
"""Added weight of pairs that follow each other within so many places."""

MOST_BLOCKS = 90
"""Pages of more are left out of learning: they take long and say little new."""

TRUE_BLOCKS = 0.4
"""Share of pages whose blocks are the true ones, the others' are found."""


@dataclass(frozen=True)
class BlockPage:
    """Blocks of a page and the place of each in reading order."""

    nodes: NDArray[np.float16]
    pairs: NDArray[np.float16]
    places: NDArray[np.float32]


def block_page(lines: list[TrueLine], pixels: Pixels | None, true_blocks: bool) -> BlockPage | None:
    """A page's blocks; None where there are too few or too many."""
    plain = [one.line for one in lines]
    found = describe_lines(plain, pixels)
    seen = classify(found)
    groups = seen.lines
    if true_blocks:
        numbers = [one.block for one in lines]
        groups = [[i for i, n in enumerate(numbers) if n == number] for number in sorted(set(numbers))]
    if not 1 < len(groups) <= MOST_BLOCKS:
        return None
    blocks = describe_blocks(groups, plain, found, seen.roles)
    places = np.array([np.median([lines[i].place for i in group]) for group in groups], np.float32)
    return BlockPage(blocks.blocks.astype(np.float16), blocks.pairs.astype(np.float16), places)


def batch_of(pages: list[BlockPage]) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Pages padded to the largest, their nodes under each other."""
    most = max(len(page.places) for page in pages)
    total = sum(len(page.places) for page in pages)
    nodes = np.concatenate([page.nodes for page in pages]).astype(np.float32)
    pairs = np.zeros((total, most, BLOCK_PAIRS), np.float32)
    nearest = np.repeat(np.arange(total)[:, None], most, axis=1)
    real = np.zeros((total, most), np.bool_)
    before, weight = np.zeros((total, most), np.float32), np.zeros((total, most), np.float32)
    start = 0
    for page in pages:
        count = len(page.places)
        rows = slice(start, start + count)
        pairs[rows, :count] = page.pairs
        nearest[rows, :count] = np.arange(start, start + count)
        real[rows, :count] = ~np.eye(count, dtype=np.bool_)
        rank = np.argsort(np.argsort(page.places, kind="stable"), kind="stable")
        before[rows, :count] = rank[:, None] < rank[None]
        near = np.abs(rank[:, None] - rank[None]) <= NEAR_PLACES
        # Every page counts about alike, whatever its number of pairs.
        weight[rows, :count] = (1 + NEAR_WEIGHT * near) * real[rows, :count] / count
        start += count
    return tuple(map(torch.from_numpy, (nodes, pairs, nearest, real, before, weight)))  # type: ignore[return-value]


def logits_of(network: Relations, batch: tuple[Tensor, ...]) -> Tensor:
    """Antisymmetric scores of pairs, in the batch's shape."""
    nodes, pairs, nearest, real = batch[:4]
    scores = network(nodes, pairs, nearest, real)[1][..., 0]
    count, most = scores.shape
    row = torch.arange(count)[:, None].expand(count, most)
    first = nearest.min(dim=1, keepdim=True).values
    back = scores[nearest, (row - first).clamp(0, most - 1)]
    return scores - back


def saved(network: Relations, path: Path) -> None:
    """Write the weights; the classes of blocks are not used."""
    state = {key: value.numpy().astype(np.float16) for key, value in network.state_dict().items()}
    np.savez_compressed(path, **{key: value for key, value in state.items() if not key.startswith("classes")})


def main() -> None:
    """Learn for some minutes of processor time and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=4)
    parser.add_argument("--seeds", type=int, default=10**9)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    rng, pages = RandomSource(1), []
    for seed, _, page in loaded(given.folder):
        if seed >= given.seeds:
            break
        view = RandomSource(seed + FIRST_SEED)
        lines, pixels = viewed(simulated(page, view), page.pixels, view)
        if len(lines) > 1:
            made = block_page(lines, pixels, rng.happens(TRUE_BLOCKS))
            pages += [made] if made else []
    rng.shuffle(pages)
    held, pages = pages[:40], pages[40:]
    print(
        len(pages),
        "pages,",
        sum(len(page.places) for page in pages),
        "blocks,",
        f"{time.process_time():.0f} s",
        flush=True,
    )
    network = Relations(BLOCK_FEATURES, BLOCK_PAIRS, 1, 1, WIDTH, EDGE, LAYERS)
    optimiser = torch.optim.AdamW(network.parameters(), PEAK_RATE, weight_decay=0.01)
    start, step, losses = time.process_time(), 0, []
    while (spent := (time.process_time() - start) / 60 / given.minutes) < 1:
        for group in optimiser.param_groups:
            group["lr"] = PEAK_RATE * min(1.0, (step + 1) / 100) * (1 - spent) ** 1.2
        batch = batch_of([rng.choice(pages) for _ in range(BATCH_PAGES)])
        before, weight = batch[4], batch[5]
        loss = nn.functional.binary_cross_entropy_with_logits(
            logits_of(network, batch), before, weight, reduction="sum"
        )
        loss = loss / weight.sum()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        losses.append(loss.item())
        step += 1
        if step % 200 == 0:
            network.eval()
            with torch.no_grad():
                batch = batch_of(held)
                right = (((logits_of(network, batch) > 0) == (batch[4] > 0.5)) * batch[5]).sum() / batch[5].sum()
            network.train()
            saved(network, given.out)
            print(f"{step} {spent:.2f} loss {np.mean(losses[-200:]):.4f} right {right:.4f}", flush=True)
    saved(network, given.out)


if __name__ == "__main__":
    main()
