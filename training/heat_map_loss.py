"""How far a heat map of text is from another one."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

TEXT_WEIGHT = 3.0
"""Of a pixel of text, against one of ground: most of a page is ground."""


def heat_loss(logits: Tensor, seen: Tensor) -> Tensor:
    """Cross-entropy of each pixel, and the overlap of the whole.

    The overlap is Milletari et al.'s Dice, "V-Net", arXiv:1606.04797: it keeps thin lines from being given up for the
    ground's sake.

    Args:
        logits: N x 1 x height x width.
        seen: Likewise, 0 to 1: what is to be seen.
    """
    weights = 1 + (TEXT_WEIGHT - 1) * seen
    cross_entropy = F.binary_cross_entropy_with_logits(logits, seen, weights)
    heat = torch.sigmoid(logits)
    overlap = 2 * (heat * seen).sum() / ((heat * heat).sum() + (seen * seen).sum()).clamp(min=1)
    return cross_entropy + 1 - overlap
