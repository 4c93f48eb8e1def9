"""One training from its first step to its saved weights, in several processes: what the commands share."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from torch import Tensor
from torch.multiprocessing.spawn import spawn
from torch.utils.data import DataLoader, IterableDataset

from training.data_parallel import Learner, agreed, load_into
from training.onnx_graph import OnnxGraph

RATE = 1e-4
SAVE_SECONDS = 120
AHEAD = 16
"""Batches drawn before they are needed."""

SEEDS_EACH = 100
"""Seeds set aside for one run's processes, so that the next run draws otherwise."""


@dataclass(frozen=True)
class Plan:
    """How to train; see the command's options."""

    minutes: float
    out: Path
    start: Path | None
    seed: int
    rate: float
    processes: int


@dataclass(frozen=True)
class Task:
    """What one process trains.

    Attributes:
        network: To be trained.
        loss: Of a batch.
        batches: Without end.
    """

    network: OnnxGraph
    loss: Callable[[Any], Tensor]
    batches: IterableDataset[Any]


MakeTask = Callable[[int], Task]
"""From the seed of one process's batches to its task; called in the process."""


def training_command(make_task: MakeTask) -> click.Command:
    """The command that trains a task."""

    @click.command()
    @click.option("--minutes", type=float, default=60.0, show_default=True)
    @click.option("--out", type=click.Path(path_type=Path), required=True, help="Weights, .npz.")
    @click.option("--start", type=click.Path(exists=True, path_type=Path), help="Go on from these weights.")
    @click.option("--seed", default=1, show_default=True, help="Of what is drawn; another one when you go on.")
    @click.option("--rate", default=RATE, show_default=True)
    @click.option("--processes", default=2, show_default=True, help="Each of one thread, with batches of its own.")
    def main(**options: Any) -> None:
        """Train for so long and save the averaged weights, every few minutes and at the end."""
        plan = Plan(**options)
        with tempfile.TemporaryDirectory() as folder:
            spawn(_train, (plan, make_task, Path(folder) / "rendezvous"), nprocs=plan.processes)

    return main


def _train(rank: int, plan: Plan, make_task: MakeTask, rendezvous: Path) -> None:
    """One of the processes; the first one saves and tells."""
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", f"file://{rendezvous}", rank=rank, world_size=plan.processes)
    task = make_task(plan.seed * SEEDS_EACH + rank)
    if plan.start:
        load_into(task.network, plan.start)
    learner = Learner(task.network, task.loss, plan.rate, plan.processes)
    began = saved = time.monotonic()
    losses: list[float] = []
    for batch in DataLoader(task.batches, batch_size=None, num_workers=1, prefetch_factor=AHEAD):
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
