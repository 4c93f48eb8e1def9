"""Train the wheel's detector further on degraded pages: ``python -m training.adapt_detector --out degraded.npz``.

It learns to see on a degraded copy what it sees itself on the page as printed: the original network is the teacher. The
pages are drawn by :mod:`training.drawn_pages`, none is a document. Needs the ``training`` extra and Debian's fonts
(``training/README.md``).
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from training.drawn_pages import sheets
from training.heat_map_loss import heat_loss
from training.onnx_graph import OnnxGraph
from training.page_pairs import PagePair, PagePairs
from training.session import Task, training_command
from worker.engines.ppocr.models import DETECTION_FILE, RECOGNITION_FILE, alphabet_of, models_folder
from worker.engines.ppocr.network import read_model

LOGITS = "p2o.pd_op.add.97.0"
"""What goes into the last sigmoid, in the ONNX file."""


def detector_task(seed: int) -> Task:
    """What a process learns from its own pages."""
    path = models_folder() / DETECTION_FILE
    teacher, network = OnnxGraph(path, LOGITS), OnnxGraph(path, LOGITS)
    alphabet = alphabet_of(read_model(models_folder() / RECOGNITION_FILE))
    characters = frozenset(character for character in alphabet if len(character) == 1)

    def loss(pair: PagePair) -> Tensor:
        with torch.no_grad():
            seen = torch.sigmoid(teacher(pair.clean))
        return heat_loss(network(pair.degraded), seen)

    return Task(network, loss, PagePairs(partial(sheets, characters), seed))


if __name__ == "__main__":
    training_command(detector_task)()
