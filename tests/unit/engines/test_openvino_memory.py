from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from worker.engines.ppocr.detection import MARGIN, MOST_PIXELS, STRIDE, DetectionSettings, find_quads
from worker.engines.ppocr.memory import GROWTH, ROOM, MemoryLimit
from worker.engines.ppocr.network import Network

LOADED = 300 << 20


class Networks:
    """Stands in for a network: its buffers, and the bytes of the process."""

    def __init__(self) -> None:
        self.other, self.buffers, self.releases = LOADED, 0, 0

    def resident(self) -> int:
        return self.other + self.buffers

    def release_memory(self) -> None:
        self.buffers = 0
        self.releases += 1


def limit_of(networks: Networks) -> MemoryLimit:
    return MemoryLimit([cast(Network, networks)], networks.resident)


def test_buffers_are_released_once_the_process_has_grown_too_much() -> None:
    networks = Networks()
    limit = limit_of(networks)
    networks.buffers = GROWTH
    limit.enforce()
    assert networks.releases == 0
    networks.buffers = GROWTH + 1
    limit.enforce()
    assert (networks.releases, networks.buffers) == (1, 0)


def test_a_process_that_something_else_fills_is_not_emptied_on_every_page() -> None:
    networks = Networks()
    limit = limit_of(networks)
    networks.other = LOADED + 2 * GROWTH
    for _ in range(3):
        networks.buffers = ROOM
        limit.enforce()
    assert networks.releases == 1


class Heat:
    """A network that gives each pixel's own heat, and keeps the shapes it was given."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, data: np.ndarray) -> tuple[np.ndarray]:
        self.shapes.append(data.shape[1:3])
        return ((data[:, np.newaxis, :, :, 0] / 255).astype(np.float32),)


@pytest.mark.parametrize("shape", [(1600, 736), (1600, 1131), (1131, 1600), (1600, 1600), (736, 1600)])
def test_large_pages_are_detected_in_bands_and_lines_on_their_edges_stay_whole(shape: tuple[int, int]) -> None:
    page, rows = np.zeros((*shape, 3), np.uint8), range(40, shape[0] - 40, 50)
    for row in rows:
        page[row : row + 20, 60:600] = 255
    heat = Heat()
    quads = find_quads(cast(Any, heat), page, DetectionSettings())
    assert len(quads) == len(rows)
    assert sorted(round(float(quad[:, 1].mean()) / 10) for quad in quads) == [(row + 10) // 10 for row in rows]
    most = MOST_PIXELS + (2 * MARGIN + STRIDE) * shape[1]
    assert all(height * width <= most for height, width in heat.shapes)
    assert all(height % STRIDE == width % STRIDE == 0 for height, width in heat.shapes)
