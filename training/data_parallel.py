"""One of the processes that train a network together: they average their gradients, so their weights stay equal."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from training.onnx_graph import OnnxGraph

SMALLEST_RATE, WARM_UP_STEPS = 1e-6, 40
DECAY = 0.01
"""Of the weights."""

CLIP = 5.0
"""The gradient's greatest norm."""

AVERAGING = 0.99
"""Of the weights from step to step; the average is what is saved, for it reads better than the last step's."""

EARLY_STEPS = 10
"""Among the first few steps the average follows more closely."""


class Learner:
    """Trains a network by AdamW, with a rate that warms up and falls along a cosine.

    Args:
        network: To be trained.
        loss: Of a batch, by the network.
        rate: The highest.
        processes: That train together, in one process group.
    """

    def __init__(self, network: OnnxGraph, loss: Callable[[Any], Tensor], rate: float, processes: int) -> None:
        self._loss, self._rate, self._processes = loss, rate, processes
        self._weights = network.trained()
        self._average = {name: weight.detach().clone() for name, weight in self._weights.items()}
        self._optimiser = torch.optim.AdamW(self._weights.values(), rate, weight_decay=DECAY)
        self.steps = 0

    def learn(self, batch: Any, share: float) -> float:
        """Take one step.

        Args:
            batch: This process's own.
            share: Of the training that is over, 0 to 1.

        Returns:
            The loss of this process's batch, before the step.
        """
        for group in self._optimiser.param_groups:
            group["lr"] = _rate_at(self._rate, share, self.steps)
        self._optimiser.zero_grad()
        loss = self._loss(batch)
        loss.backward()  # type: ignore[no-untyped-call]
        self._average_gradients()
        torch.nn.utils.clip_grad_norm_(self._weights.values(), CLIP)
        self._optimiser.step()
        self.steps += 1
        keep = min(AVERAGING, self.steps / (self.steps + EARLY_STEPS - 1))
        for name, weight in self._weights.items():
            self._average[name].lerp_(weight.detach(), 1 - keep)
        return loss.item()

    def save(self, out: Path) -> None:
        """Save the average, by the ONNX file's names; in half precision, which changes no reading worth telling."""
        arrays = {name: value.numpy().astype(np.float16) for name, value in self._average.items()}
        part = out.with_suffix(".part")
        with part.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)
        part.replace(out)

    def _average_gradients(self) -> None:
        gradients = [weight.grad for weight in self._weights.values() if weight.grad is not None]
        together = torch.cat([gradient.flatten() for gradient in gradients])
        torch.distributed.all_reduce(together)
        together /= self._processes
        start = 0
        for gradient in gradients:
            gradient.copy_(together[start : start + gradient.numel()].view_as(gradient))
            start += gradient.numel()


def load_into(network: OnnxGraph, path: Path) -> None:
    """Put saved weights into a network."""
    trained = network.trained()
    with np.load(path, allow_pickle=False) as saved, torch.no_grad():
        for name, values in saved.items():
            trained[name].copy_(torch.from_numpy(values))


def agreed(share: float) -> float:
    """The first process's share of the training that is over: all have to stop at the same step."""
    shared = torch.tensor([share])
    torch.distributed.broadcast(shared, 0)
    return float(shared)


def _rate_at(highest: float, share: float, step: int) -> float:
    cosine = 0.5 * (1 + math.cos(math.pi * share))
    return min(1.0, (step + 1) / WARM_UP_STEPS) * (SMALLEST_RATE + (highest - SMALLEST_RATE) * cosine)
