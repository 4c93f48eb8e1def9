"""Train the wheel's recogniser further on worn lines: ``python -m training.adapt_recogniser --out worn.npz``.

The backbone learns, the classifier over the alphabet stays as it is, so that both networks share it. Trained on what
:mod:`training.worn_lines` draws and on no document. Needs the ``training`` extra and Debian's fonts
(``training/README.md``).
"""

from __future__ import annotations

import json
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click
import numpy as np
import torch
from torch.multiprocessing.spawn import spawn
from torch.utils.data import DataLoader

from training.batches import Batches
from training.classes import Classes
from training.learner import Learner, agreed, load_into
from training.onnx_graph import OnnxGraph, initialisers
from training.worn_lines import worn_lines
from worker.engines.openvino_network import read_model
from worker.engines.rapidocr import RECOGNITION_FILE, alphabet_of, models_folder

FEATURES = "p2o.pd_op.transpose.8.0"
"""What goes into the classifier, in the ONNX file."""

CLASSIFIER, BIAS = "linear_8.w_0", "linear_8.b_0"
RATE = 1e-4
SAVE_SECONDS = 120
AHEAD = 16
"""Batches drawn before they are needed; a pool is drawn in one go."""

SEEDS_EACH = 100
"""Seeds set aside for one run's processes, so that the next run's lines are others."""


@dataclass(frozen=True)
class Plan:
    """How to train; see the command's options."""

    minutes: float
    out: Path
    start: Path | None
    seed: int
    rate: float
    processes: int


@click.command()
@click.option("--minutes", type=float, default=60.0, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Weights, .npz.")
@click.option("--start", type=click.Path(exists=True, path_type=Path), help="Go on from these weights.")
@click.option("--seed", default=1, show_default=True, help="Of the lines; another one when you go on.")
@click.option("--rate", default=RATE, show_default=True)
@click.option("--processes", default=2, show_default=True, help="Each of one thread, with batches of its own.")
def main(minutes: float, out: Path, start: Path | None, seed: int, rate: float, processes: int) -> None:
    """Train for so long and save the averaged weights, every few minutes and at the end."""
    plan = Plan(minutes, out, start, seed, rate, processes)
    with tempfile.TemporaryDirectory() as folder:
        spawn(train, (plan, Path(folder) / "rendezvous"), nprocs=processes)


def train(rank: int, plan: Plan, rendezvous: Path) -> None:
    """One of the processes; the first one saves and tells."""
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", f"file://{rendezvous}", rank=rank, world_size=plan.processes)
    path = models_folder() / RECOGNITION_FILE
    network = OnnxGraph(path, FEATURES)
    if plan.start:
        load_into(network, plan.start)
    stored = initialisers(path)
    classes = Classes(stored[CLASSIFIER], stored[BIAS], alphabet_of(read_model(path)), plan.seed + rank)
    learner = Learner(network, classes, plan.rate, plan.processes)
    seed = plan.seed * SEEDS_EACH + rank
    lines = partial(worn_lines, classes.characters)
    batches = DataLoader(Batches(lines, seed), batch_size=None, num_workers=1, prefetch_factor=AHEAD)
    began = saved = time.monotonic()
    losses: list[float] = []
    for batch in batches:
        share = agreed((time.monotonic() - began) / (60 * plan.minutes))
        if share >= 1:
            break
        losses.append(learner.learn(batch, share))
        if rank == 0 and time.monotonic() - saved > SAVE_SECONDS:
            saved = time.monotonic()
            learner.save(plan.out)
            _tell(saved - began, learner.steps, losses)
            losses.clear()
    if rank == 0:
        learner.save(plan.out)
        _tell(time.monotonic() - began, learner.steps, losses)
    torch.distributed.barrier()  # none leaves while another still waits for its word
    torch.distributed.destroy_process_group()


def _tell(seconds: float, steps: int, losses: list[float]) -> None:
    """One line of JSON: the mean loss since the last one."""
    loss = round(float(np.mean(losses)), 4) if losses else None
    click.echo(json.dumps({"minutes": round(seconds / 60, 1), "steps": steps, "loss": loss}), err=True)


if __name__ == "__main__":
    main()
