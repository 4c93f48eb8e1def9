"""Drawn pages as what the network over lines learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.layout.lines import TrueLine
from worker.layout.line_features import describe_lines
from worker.layout.roles import ROLES
from worker.page import Pixels

Halves = NDArray[np.float16]


@dataclass(frozen=True)
class LinePage:
    """One page.

    Attributes:
        nodes: Features of lines.
        pairs: Of pairs.
        nearest: Of whom.
        real: Which pairs are real.
        roles: Index of every line's role.
        same: n x K: whether both stand in one block.
    """

    nodes: Halves
    pairs: Halves
    nearest: NDArray[np.int32]
    real: NDArray[np.bool_]
    roles: NDArray[np.int64]
    same: NDArray[np.bool_]


def line_page(lines: Sequence[TrueLine], pixels: Pixels | None) -> LinePage:
    """A page's lines and their truth."""
    found = describe_lines([one.line for one in lines], pixels)
    block = np.array([one.block for one in lines])
    return LinePage(
        found.lines.astype(np.float16),
        found.pairs.astype(np.float16),
        found.nearest.astype(np.int32),
        found.real,
        np.array([ROLES.index(one.role) for one in lines]),
        block[:, None] == block[found.nearest],
    )
