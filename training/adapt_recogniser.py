"""Train the wheel's recogniser further on degraded lines: ``python -m training.adapt_recogniser --out degraded.npz``.

The backbone learns, the classifier over the alphabet stays as it is, so that both networks share it. Trained on what
:mod:`training.degraded_lines` draws and on no document. Needs the ``training`` extra and Debian's fonts
(``training/README.md``).
"""

from __future__ import annotations

from functools import partial

from torch import Tensor

from training.batches import Batch, Batches
from training.classes import Classes
from training.degraded_lines import degraded_lines
from training.onnx_graph import OnnxGraph, initialisers
from training.session import Task, training_command
from worker.engines.ppocr.models import RECOGNITION_FILE, alphabet_of, models_folder
from worker.engines.ppocr.network import read_model

FEATURES = "p2o.pd_op.transpose.8.0"
"""What goes into the classifier, in the ONNX file."""

CLASSIFIER, BIAS = "linear_8.w_0", "linear_8.b_0"


def recogniser_task(seed: int) -> Task:
    """What a process learns from its own lines."""
    path = models_folder() / RECOGNITION_FILE
    network, stored = OnnxGraph(path, FEATURES), initialisers(path)
    classes = Classes(stored[CLASSIFIER], stored[BIAS], alphabet_of(read_model(path)), seed)

    def loss(batch: Batch) -> Tensor:
        return classes.loss(network(batch.strips), batch)

    return Task(network, loss, Batches(partial(degraded_lines, classes.characters), seed))


if __name__ == "__main__":
    training_command(recogniser_task)()
