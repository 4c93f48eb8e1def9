"""Train what follows the convolutions for Cyrillic and Greek: ``python -m training.scripts.learn FOLDER``."""

from __future__ import annotations

import itertools
import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import torch
from rapidfuzz.distance import Levenshtein
from torch import Tensor, nn
from torch.nn import functional as F

from training.adapt_recogniser import BIAS, CLASSIFIER, FEATURES
from training.onnx_graph import OnnxGraph, initialisers
from training.scripts.alphabet import CHARACTERS
from training.scripts.store import Stored, stored
from worker.engines.ppocr.glyphs import BLANK
from worker.engines.ppocr.models import RECOGNITION_FILE, alphabet_of, models_folder
from worker.engines.ppocr.network import read_model

POOLED = "p2o.pd_op.pool2d.1.0"
"""What ends the convolutions, in the ONNX file."""

RATE, SMALLEST_RATE, WARM_UP_STEPS, DECAY, CLIP = 2e-3, 1e-5, 100, 0.01, 5.0
STEPS_A_BATCH = 4000
"""Output steps of a batch's lines together."""

AVERAGING = 0.998
DROPPED = 0.05
"""Share of a line's steps whose features are zeroed, so that neighbours learn to vouch for them."""

PREFIX = "classifier."
"""Of the last layer's weights in the saved file."""


class ScriptNetwork(nn.Module):
    """The released network behind its convolutions, with a last layer of its own.

    Args:
        channels: Features of a step.
    """

    def __init__(self, channels: int = 120) -> None:
        super().__init__()
        path = models_folder() / RECOGNITION_FILE
        self.neck = OnnxGraph(path, FEATURES, POOLED)
        self.last = nn.Linear(channels, len(CHARACTERS) + 1)
        self._take_over(initialisers(path), alphabet_of(read_model(path)))

    def forward(self, features: Tensor) -> Tensor:
        """Logits, N x steps x classes, of features, N x channels x 1 x steps."""
        result: Tensor = self.last(self.neck(features))
        return result

    def weights(self) -> dict[str, Tensor]:
        """What is trained, by the names in the file."""
        last = {f"{PREFIX}weights": self.last.weight.T, f"{PREFIX}bias": self.last.bias}
        return {**self.neck.trained(), **last}

    def load(self, path: Path) -> None:
        """Go on from saved weights."""
        with np.load(path, allow_pickle=False) as file, torch.no_grad():
            own = {name: torch.from_numpy(file[name].astype(np.float32)) for name in file if name != "characters"}
            self.last.weight.copy_(own.pop(f"{PREFIX}weights").T)
            self.last.bias.copy_(own.pop(f"{PREFIX}bias"))
            trained = self.neck.trained()
            for name, value in own.items():
                if name in trained:
                    trained[name].copy_(value)

    def _take_over(self, released: dict[str, Tensor], alphabet: Sequence[str]) -> None:
        """Begin with the released classes of the characters that have one."""
        of = {character: index for index, character in reversed(list(enumerate(alphabet)))}
        with torch.no_grad():
            for place, character in enumerate(["", *CHARACTERS]):
                index = BLANK if place == BLANK else of.get(character)
                if index is not None:
                    self.last.weight[place].copy_(released[CLASSIFIER][:, index])
                    self.last.bias[place].copy_(released[BIAS][index])


@dataclass(frozen=True)
class Batch:
    """Lines of one width.

    Attributes:
        features: N x channels x 1 x steps.
        texts: One a line.
    """

    features: Tensor
    texts: list[str]


PLACE = {character: place for place, character in enumerate(["", *CHARACTERS])}


def batches(lines: Sequence[Stored], order: random.Random) -> Iterator[Batch]:
    """Every line once, with others of its width."""
    widths: dict[int, list[Stored]] = {}
    for line in lines:
        widths.setdefault(len(line.features), []).append(line)
    groups: list[list[Stored]] = []
    for steps, some in widths.items():
        order.shuffle(some)
        size = max(1, STEPS_A_BATCH // steps)
        groups += [some[start : start + size] for start in range(0, len(some), size)]
    order.shuffle(groups)
    for group in groups:
        features = np.stack([line.features.T[:, np.newaxis] for line in group])
        yield Batch(torch.from_numpy(features).float(), [line.text for line in group])


def loss_of(network: ScriptNetwork, batch: Batch) -> Tensor:
    """CTC's loss per character."""
    features = batch.features
    kept = (torch.rand(len(features), 1, 1, features.shape[3]) >= DROPPED).float()
    log_probabilities = F.log_softmax(network(features * kept), -1).transpose(0, 1)
    targets = torch.tensor([PLACE[character] for text in batch.texts for character in text])
    lengths = torch.tensor([len(text) for text in batch.texts])
    steps = torch.full((len(features),), log_probabilities.shape[0])
    whole = F.ctc_loss(log_probabilities, targets, steps, lengths, BLANK, reduction="sum", zero_infinity=True)
    return whole / len(targets)


def error_rate(network: ScriptNetwork, lines: Sequence[Stored]) -> float:
    """Character errors by characters, greedy, blanks not counted."""
    wrong = total = 0
    with torch.no_grad():
        for batch in batches(lines, random.Random(0)):
            for best, text in zip(network(batch.features).argmax(-1).numpy(), batch.texts, strict=True):
                read = "".join(CHARACTERS[i - 1] for i, _ in itertools.groupby(best) if i != BLANK)
                wrong += Levenshtein.distance(read.replace(" ", ""), text.replace(" ", ""))
                total += len(text.replace(" ", ""))
    return wrong / total


def _rate(share: float, step: int, highest: float) -> float:
    cosine = 0.5 * (1 + np.cos(np.pi * min(share, 1.0)))
    return float(min(1.0, (step + 1) / WARM_UP_STEPS) * (SMALLEST_RATE + (highest - SMALLEST_RATE) * cosine))


@click.command()
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.option("--held-out", type=click.Path(exists=True, path_type=Path), help="Lines to measure on.")
@click.option("--out", type=click.Path(path_type=Path), required=True)
@click.option("--start", type=click.Path(exists=True, path_type=Path), help="Go on from these weights.")
@click.option("--minutes", default=15.0, show_default=True, help="Of processor time.")
@click.option("--rate", default=RATE, show_default=True)
@click.option("--seed", default=1, show_default=True)
def main(
    folder: Path, held_out: Path | None, out: Path, start: Path | None, minutes: float, rate: float, seed: int
) -> None:
    """Train for so long, over the stored lines again and again, and save the averaged weights after each round."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    network, order = ScriptNetwork(), random.Random(seed)
    if start:
        network.load(start)
    optimiser = torch.optim.AdamW(network.parameters(), rate, weight_decay=DECAY)
    average = {name: value.detach().clone() for name, value in network.weights().items()}
    measured = [line for path in sorted(held_out.glob("*.npz")) for line in stored(path)] if held_out else []
    began, step, share = time.process_time(), 0, 0.0
    while share < 1:
        losses = []
        paths = sorted(folder.glob("*.npz"))
        order.shuffle(paths)
        for path in paths:
            for batch in batches(list(stored(path)), order):
                share = (time.process_time() - began) / (60 * minutes)
                for group in optimiser.param_groups:
                    group["lr"] = _rate(share, step, rate)
                optimiser.zero_grad()
                loss = loss_of(network, batch)
                loss.backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_(network.parameters(), CLIP)
                optimiser.step()
                step += 1
                keep = min(AVERAGING, step / (step + 10))
                for name, value in network.weights().items():
                    average[name].lerp_(value.detach(), 1 - keep)
                losses.append(loss.item())
            if share >= 1:
                break
        _save(out, average)
        report = {
            "share": round(share, 3),
            "steps": step,
            "files": len(paths),
            "loss": round(float(np.mean(losses)), 4),
        }
        if measured:
            report["error"] = round(_measured(out, measured), 4)
        click.echo(json.dumps(report), err=True)


def _measured(out: Path, lines: Sequence[Stored]) -> float:
    network = ScriptNetwork()
    network.load(out)
    return error_rate(network, lines)


def _save(out: Path, weights: dict[str, Tensor]) -> None:
    part = out.with_suffix(".part")
    with part.open("wb") as file:
        arrays = {name: value.numpy().astype(np.float16) for name, value in weights.items()}
        np.savez_compressed(file, allow_pickle=False, characters=np.array(CHARACTERS), **arrays)
    part.replace(out)


if __name__ == "__main__":
    main()
