from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from worker.engines.ppocr.detection import DetectionSettings, find_quads
from worker.engines.ppocr.memory_bound import GROWTH, KEPT_GROWTH, ROOM, MemoryLimit
from worker.engines.ppocr.network import DeferredNetwork, Network
from worker.engines.ppocr.upsampling import PLACES

LOADED = 300 << 20


class Networks:
    """Stands in for a network: its buffers, and the bytes of the process."""

    def __init__(self) -> None:
        self.other, self.shapes, self.buffers, self.releases, self.drops = LOADED, 0, 0, 0, 0

    def resident(self) -> int:
        return self.other + self.shapes + self.buffers

    def release_memory(self) -> None:
        self.buffers = 0
        self.releases += 1

    def drop(self) -> None:
        self.shapes = 0
        self.drops += 1


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
    assert (networks.releases, networks.buffers, networks.drops) == (1, 0, 0)


def test_a_process_that_something_else_fills_is_not_emptied_on_every_page() -> None:
    networks = Networks()
    limit = limit_of(networks)
    networks.other = LOADED + 2 * GROWTH
    for _ in range(3):
        networks.buffers = ROOM
        limit.enforce()
    assert networks.releases == 1


def test_networks_are_dropped_where_what_is_compiled_for_shapes_fills_the_process() -> None:
    networks = Networks()
    limit = limit_of(networks)
    networks.shapes = KEPT_GROWTH + 1
    limit.enforce()
    assert (networks.drops, networks.resident()) == (1, LOADED)


def test_a_dropped_network_is_loaded_again_when_it_is_called() -> None:
    loads = []

    def load() -> Network:
        loads.append(1)
        return cast(Network, lambda data: (data + 1,))

    network = DeferredNetwork(load)
    assert not loads
    for _ in range(2):
        assert network(np.zeros(1))[0] == 1
    network.drop()
    assert network(np.zeros(1))[0] == 1
    assert len(loads) == 2


class Noise:
    """A network that takes everything for text, as the real one may with a picture of one colour."""

    def __call__(self, data: np.ndarray) -> tuple[np.ndarray]:
        return (np.ones((1, PLACES, data.shape[1] // 4, data.shape[2] // 4), np.float32),)


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_a_picture_of_one_colour_has_no_lines(shade: int) -> None:
    assert not find_quads(cast(Any, Noise()), np.full((864, 1120, 3), shade, np.uint8), DetectionSettings())
