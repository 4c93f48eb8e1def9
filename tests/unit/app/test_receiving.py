"""Bodies that arrive in pieces, which connection goes first where there are too many, and bounded memory."""

from __future__ import annotations

import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import bytes_in_flight, connection_table
from app.bytes_in_flight import MemoryLimiter
from app.connection_table import ConnectionTable
from app.http_connection import Connection, Phase
from app.received_body import ChunkedDecoder, ChunkError, ReceivedBody
from ocrq.errors import TooManyWaiting

CHUNKED = b'4;a="b"\r\nWiki\r\n6\r\npedia \r\nB\r\nin\r\nchunks.\r\n0\r\nTrailer: x\r\n\r\n'
PLAIN = b"Wikipedia in\r\nchunks."


@given(st.lists(st.integers(min_value=1, max_value=20), min_size=1))
def test_a_chunked_body_is_the_same_however_it_is_cut(sizes: list[int]) -> None:
    decoder, found, rest, sent = ChunkedDecoder(), b"", b"", CHUNKED + b"GET /"
    while sent:
        for size in sizes:
            pieces, more = decoder.feed(sent[:size]) if not decoder.done else ([], sent[:size])
            found, rest, sent = found + b"".join(pieces), rest + more, sent[size:]
    assert (found, rest, decoder.done) == (PLAIN, b"GET /", True)


@pytest.mark.parametrize(
    "sent",
    [
        b"x\r\n",
        b"-1\r\n",
        b"4\r\nWikipedia\r\n",
        b"\r\n",
        b"1" * 17 + b"\r\n",
        b"4" + b" " * 2000,
        b"0\r\n" + b"a" * 9000,
    ],
)
def test_what_is_not_the_chunked_coding_is_refused(sent: bytes) -> None:
    with pytest.raises(ChunkError):
        ChunkedDecoder().feed(sent)


def test_a_body_ends_where_its_length_says_and_the_next_request_begins_there() -> None:
    body = ReceivedBody(5, limit=100)
    assert (body.feed(b"he"), body.complete) == (b"", False)
    assert (body.feed(b"lloGET"), body.complete) == (b"GET", True)
    assert body.opened().read() == b"hello"
    body.close()


def test_more_than_is_taken_is_noticed_on_the_way() -> None:
    body = ReceivedBody(None, limit=10)
    body.feed(b"20\r\n" + b"a" * 11)
    assert body.too_long and not body.complete
    body.close()


def _connection(address: str, phase: Phase, since: float = 0.0) -> Connection:
    return Connection(socket.socket(), (address, 1), None, phase=phase, since=since)


def test_where_there_are_too_many_those_that_wait_longest_for_a_request_go_first() -> None:
    table = ConnectionTable(most=4, most_of_one=3)
    body, old, young = (
        _connection("a", phase, since) for phase, since in ((Phase.BODY, 0), (Phase.HEAD, 1), (Phase.HEAD, 2))
    )
    served = _connection("b", Phase.SERVED)
    for one in (body, old, young):
        table.add(one)
    assert table.to_close("b") is None
    assert table.to_close("a") is old, "its address has as many as it may"
    table.add(served)
    assert table.to_close("c") is old
    for one in (body, old, young):
        table.remove(one)
        one.close()
    assert len(table) == 1
    with pytest.raises(OverflowError):
        table.least_missed()
    served.close()


def test_of_too_much_that_arrives_the_newest_of_the_address_that_sends_most_is_cut(monkeypatch) -> None:
    monkeypatch.setattr(connection_table, "ARRIVING_BYTES", 100)
    table = ConnectionTable(most=10, most_of_one=10)
    arriving = [_connection(address, Phase.BODY, since) for since, address in enumerate("abbc")]
    for one in arriving:
        one.body = ReceivedBody(1000, 1000)
        one.body.feed(bytes(25))
        table.add(one)
    assert table.excess_idle() is None
    assert arriving[0].body is not None
    arriving[0].body.feed(b"x")
    assert table.excess_idle() is arriving[2]
    for one in arriving:
        one.close()


def test_so_much_is_in_memory_at_a_time_and_one_that_is_larger_comes_alone(monkeypatch) -> None:
    limiter, inside, most = MemoryLimiter(100), [], []

    def hold(size: int) -> None:
        with limiter.holding(size):
            inside.append(min(size, 100))
            most.append(sum(inside))
            threading.Event().wait(0.01)
            inside.remove(min(size, 100))

    crowd = [threading.Thread(target=hold, args=(size,)) for size in [40, 60, 500, 30, 100, 1] * 5]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert max(most) <= 100
    monkeypatch.setattr(bytes_in_flight, "_LONGEST_SECONDS", 0.05)
    with limiter.holding(100), pytest.raises(TooManyWaiting) as caught, limiter.holding(1):
        pass
    assert caught.value.retry_after
    with limiter.holding(100):
        pass
