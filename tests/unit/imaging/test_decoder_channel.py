"""What comes from a decoder is taken for a stranger's word: nonsense, lies and trickles are seen as such."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from worker.imaging.channel import Channel, ChannelError
from worker.imaging.decoder_client import _size


@pytest.fixture
def ends() -> Iterator[tuple[Channel, socket.socket]]:
    ours, theirs = socket.socketpair()
    line = Channel(ours, 0.5)
    yield line, theirs
    line.close()
    theirs.close()


def test_messages_and_bytes_arrive_in_order(ends: tuple[Channel, socket.socket]) -> None:
    line, theirs = ends
    other = Channel(theirs)
    line.send({"call": "open", "name": "Grüße"}, b"12345")
    assert other.receive() == {"call": "open", "name": "Grüße"}
    assert other.receive_bytes(5) == b"12345"


@pytest.mark.parametrize(
    "expected",
    [b"\xff\xff\xff\xff", b"\0\0\0\2[]", b"\0\0\0\3{x}", b"\0\0\0\2\xff\xfe"],
    ids=["endless", "no object", "no JSON", "no text"],
)
def test_nonsense_breaks_the_line(ends: tuple[Channel, socket.socket], expected: bytes) -> None:
    line, theirs = ends
    theirs.sendall(expected)
    with pytest.raises(ChannelError):
        line.receive()


def test_the_other_side_hanging_up_breaks_the_line(ends: tuple[Channel, socket.socket]) -> None:
    line, theirs = ends
    theirs.sendall(b"\0\0")
    theirs.close()
    with pytest.raises(ChannelError):
        line.receive()
    with pytest.raises(ChannelError):
        line.send({}, bytes(10_000_000))


def test_a_trickle_does_not_hold_a_caller_beyond_its_time(ends: tuple[Channel, socket.socket]) -> None:
    line, theirs = ends

    def trickle() -> None:
        for _ in range(20):
            theirs.send(b"x")
            time.sleep(0.1)

    thread = threading.Thread(target=trickle)
    thread.start()
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        line.receive_bytes(1000)
    assert time.monotonic() - began < 1.5
    thread.join()


def test_who_does_not_listen_does_not_hold_a_caller(ends: tuple[Channel, socket.socket]) -> None:
    with pytest.raises(TimeoutError):
        ends[0].send({}, bytes(10_000_000))


@pytest.mark.parametrize(
    "shape",
    [None, [1, 1], [1, 1, 4], [0, 5, 3], [-1, -1, 3], [1e3, 1, 3], ["1", 1, 3], [2**40, 2**40, 3], [101, 1, 3]],
    ids=str,
)
def test_sizes_that_no_page_has_are_not_believed(shape: object) -> None:
    with pytest.raises(ChannelError):
        _size(shape, 100)


def test_a_size_within_the_limit_is() -> None:
    assert _size([10, 10, 3], 100) == (10, 10)
