"""Teach the network over lines: the role of each, and which stand in one block."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from training.layout.line_pages import LinePage, line_page
from training.layout.lines import simulated, viewed
from training.layout.network import Relations
from training.pages.make import loaded
from training.random_source import RandomSource
from worker.layout.line_features import LINE_FEATURES, PAIR_FEATURES
from worker.layout.roles import ROLES

WIDTH, EDGE, LAYERS = 64, 24, 3
BATCH_LINES = 600
PEAK_RATE = 2e-3
ROLE_WEIGHT, SAME_WEIGHT = 1.0, 2.0
FIRST_SEED = 10**7
DRAWINGS = 1
"""How often every page's lines are shaken anew."""


def pages_of(folder: Path, limit: int) -> list[LinePage]:
    """All pages of a folder, each drawn some times."""
    made = []
    for seed, _, page in loaded(folder):
        if seed >= limit:
            break
        for drawing in range(DRAWINGS):
            rng = RandomSource(seed * DRAWINGS + drawing + FIRST_SEED)
            lines, pixels = viewed(simulated(page, rng), page.pixels, rng)
            if len(lines) > 1:
                made.append(line_page(lines, pixels))
    return made


def batch_of(pages: list[LinePage]) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Pages set under each other."""
    starts = np.cumsum([0, *(len(page.roles) for page in pages[:-1])])
    nearest = np.concatenate([page.nearest + start for page, start in zip(pages, starts, strict=True)])
    return (
        torch.from_numpy(np.concatenate([page.nodes for page in pages]).astype(np.float32)),
        torch.from_numpy(np.concatenate([page.pairs for page in pages]).astype(np.float32)),
        torch.from_numpy(nearest.astype(np.int64)),
        torch.from_numpy(np.concatenate([page.real for page in pages])),
        torch.from_numpy(np.concatenate([page.roles for page in pages])),
        torch.from_numpy(np.concatenate([page.same for page in pages]).astype(np.float32)),
    )


def main() -> None:
    """Learn for some minutes of processor time and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--seeds", type=int, default=10**9)
    parser.add_argument("--start", type=Path, help="weights to go on from")
    parser.add_argument("--rate", type=float, default=PEAK_RATE)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    rng = RandomSource(1)
    pages = pages_of(given.folder, given.seeds)
    rng.shuffle(pages)
    held, pages = pages[:40], pages[40:]
    print(
        len(pages),
        "pages,",
        sum(len(page.roles) for page in pages),
        "lines,",
        f"{time.process_time():.0f} s",
        flush=True,
    )
    network = Relations(LINE_FEATURES, PAIR_FEATURES, len(ROLES), 1, WIDTH, EDGE, LAYERS)
    if given.start:
        with np.load(given.start) as stored:
            network.load_state_dict({key: torch.from_numpy(stored[key].astype(np.float32)) for key in stored.files})
    optimiser = torch.optim.AdamW(network.parameters(), PEAK_RATE, weight_decay=0.01)
    start, step, losses = time.process_time(), 0, []
    while (spent := (time.process_time() - start) / 60 / given.minutes) < 1:
        rate = given.rate * min(1.0, (step + 1) / 100) * (1 - spent) ** 1.2
        for group in optimiser.param_groups:
            group["lr"] = rate
        chosen: list[LinePage] = []
        while sum(len(page.roles) for page in chosen) < BATCH_LINES:
            chosen.append(rng.choice(pages))
        nodes, pairs, nearest, real, roles, same = batch_of(chosen)
        classes, scores = network(nodes, pairs, nearest, real)
        loss = ROLE_WEIGHT * nn.functional.cross_entropy(classes, roles) + SAME_WEIGHT * (
            nn.functional.binary_cross_entropy_with_logits(scores[..., 0][real], same[real])
        )
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        losses.append(loss.item())
        step += 1
        if step % 200 == 0:
            network.eval()
            with torch.no_grad():
                nodes, pairs, nearest, real, roles, same = batch_of(held)
                classes, scores = network(nodes, pairs, nearest, real)
                right = (classes.argmax(1) == roles).float().mean()
                joined = ((scores[..., 0] > 0) == (same > 0.5))[real].float().mean()
            network.train()
            print(
                f"{step} {spent:.2f} loss {np.mean(losses[-200:]):.4f} roles {right:.4f} same {joined:.4f}", flush=True
            )
    np.savez_compressed(
        given.out, **{key: value.numpy().astype(np.float16) for key, value in network.state_dict().items()}
    )


if __name__ == "__main__":
    main()
