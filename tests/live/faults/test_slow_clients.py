"""Clients that send half a request, no body, or much at a time: they hold connections, and nobody else."""

from __future__ import annotations

import base64
import http.client
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import psutil
import pytest

from tests.live.faults.conftest import Stack, page
from tests.live.processes import free_port, until
from tests.served import served

pytestmark = pytest.mark.live

CROWD = 400  # more than the server has threads
HALF = b"GET /livez HT"
NO_BODY = b"POST /jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/png\r\nContent-Length: 999999\r\n\r\n"
SECONDS = 60.0
KEY = "key-0123456789-abcdefgh"
MOST_BYTES = 400 << 20


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served() as url:
        yield urlsplit(url).netloc


@contextmanager
def crowd(address: str, sent: bytes, count: int = CROWD) -> Iterator[list[socket.socket]]:
    """Clients that have sent this much, and wait."""
    host, port = address.split(":")
    clients = []
    try:
        for _ in range(count):
            clients.append(socket.create_connection((host, int(port)), timeout=SECONDS))
            with suppress(ConnectionError):  # closed by the server already
                clients[-1].sendall(sent)
        yield clients
    finally:
        for client in clients:
            client.close()


def ask(address: str, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(address, timeout=SECONDS)
    kind = {"Content-Type": "image/png"} if body else {}
    connection.request(method, path, body, {**kind, **headers})
    answer = connection.getresponse()
    try:
        return answer.status, answer.read()
    finally:
        connection.close()


def open_still(clients: list[socket.socket]) -> int:
    """How many the server has not closed."""
    count = 0
    for client in clients:
        client.setblocking(False)
        try:
            count += client.recv(4096) != b""
        except BlockingIOError:
            count += 1
        except ConnectionError:
            pass
    return count


@pytest.mark.parametrize("sent", [HALF, NO_BODY], ids=["half a head", "no body"])
def test_requests_that_do_not_come_hold_nobody_else(address: str, sent: bytes) -> None:
    with crowd(address, sent) as clients:
        assert ask(address, "GET", "/livez")[0] == 200
        assert ask(address, "GET", "/health")[0] == 200
        status, read = ask(address, "POST", "/extract_text", page())
        assert (status, bool(json.loads(read)["pages"])) == (200, True)
        assert open_still(clients) == CROWD, "all the while they were there"


def test_half_a_head_is_waited_for_only_so_long(address: str) -> None:
    with crowd(address, HALF, count=20) as clients:
        until(lambda: open_still(clients) == 0, "the server closes them", SECONDS)


def test_without_a_key_no_body_is_waited_for() -> None:
    with served(OCRQ_API_KEYS=f"ann:{KEY}") as url:
        address = urlsplit(url).netloc
        with crowd(address, NO_BODY) as clients:
            for client in clients:
                assert client.recv(100).startswith(b"HTTP/1.1 401 ")
        with crowd(address, NO_BODY.replace(b"Host", b"Expect: 100-continue\r\nHost"), count=1) as clients:
            assert clients[0].recv(100).startswith(b"HTTP/1.1 401 "), "it is not asked for, either"
        bearer = {"Authorization": f"Bearer {KEY}"}
        assert ask(address, "POST", "/extract_text", page(), **bearer)[0] == 200


def test_at_the_limit_of_an_address_idle_connections_are_closed() -> None:
    with served(OCRQ_MAX_CONNECTIONS="30") as url, crowd(address := urlsplit(url).netloc, HALF, count=50) as clients:
        until(lambda: open_still(clients) <= 30, "no more than 30 are open", SECONDS)
        assert ask(address, "POST", "/extract_text", page())[0] == 200


def test_requests_sent_in_one_piece_are_answered_in_turn(address: str) -> None:
    document = page()
    complete = NO_BODY.replace(b"999999", str(len(document)).encode())
    chunked = NO_BODY.replace(b"Content-Length: 999999", b"Transfer-Encoding: chunked")
    sent = complete + document + chunked + f"{len(document):x}\r\n".encode() + document + b"\r\n0\r\n\r\n"
    with crowd(address, sent + b"GET /livez HTTP/1.0\r\n\r\n", count=1) as (client,):
        answers = b""
        while piece := client.recv(65536):
            answers += piece
    assert answers.count(b"HTTP/1.1 202 ") == 2
    assert answers.endswith(b'{"alive":true}')


def test_many_large_uploads_at_a_time_do_not_fill_the_memory(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(workers=1)
    port, statuses, peak = free_port(), [], 0
    api = psutil.Process(stack.parts.add_api(port).pid)

    def upload() -> None:
        document = base64.b64encode(page() + os.urandom(16) + bytes(30_500_000))  # each another one
        body = b'{"endpoint": "extract_text", "request": {"image": "' + document + b'"}}'
        headers = {"Content-Type": "application/json"}
        statuses.append(ask(f"127.0.0.1:{port}", "POST", "/jobs", body, **headers)[0])

    uploads = [threading.Thread(target=upload) for _ in range(8)]
    for one in uploads:
        one.start()
    while any(one.is_alive() for one in uploads):
        peak = max(peak, *(process.memory_info().rss for process in [api, *api.children()]))
        threading.Event().wait(0.02)
    assert peak < MOST_BYTES
    assert set(statuses) <= {202, 429} and 202 in statuses
