"""The sender against a real receiver on loopback; only the name service is ours, where a name has to be."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import trustme
from pydantic import SecretStr

from ocrq.webhooks import verify
from tasks.outbound.hosts import AllowList
from tasks.webhooks.outbox import Delivery
from tasks.webhooks.sender import Sender
from tests.live.webhooks.receiver import Receiver, receiving

SECRET = "the secret of sender and receiver"


def to(url: str) -> Delivery:
    return Delivery("1-1", "1", "succeeded", url, "host", ended=2.0, created=1.0)


def sender(*hosts: str, **changes: object) -> Sender:
    return Sender(SecretStr(SECRET), AllowList.parse(hosts), **changes)  # type: ignore[arg-type]


def send(by: Sender, url: str) -> str | None:
    return asyncio.run(by.send(to(url)))


class Names:
    """A name service that changes its answer each time, as one that rebinds does."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        return [self.answers.pop(0)]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def test_a_notice_arrives_signed_at_the_path_asked_for(receiver: Receiver) -> None:
    assert send(sender(f"http://127.0.0.1:{receiver.port}"), receiver.url) is None
    (notice,) = receiver.notices
    assert verify(SECRET, notice.body, notice.signature)
    assert (notice.path, notice.delivery, notice.body) == ("/hook?token=hush", "1-1", to("").body())
    assert notice.headers["Content-Type"] == "application/json"


def test_the_address_that_was_checked_is_the_one_connected_to_though_the_name_moves(receiver: Receiver) -> None:
    names = Names("127.0.0.1", "127.0.0.2")
    rule = f"http://hooks.test:{receiver.port}"
    assert send(sender(rule, private=True, resolve=names), f"{rule}/x") is None
    assert names.answers == ["127.0.0.2"]
    assert receiver.notices[0].headers["Host"] == f"hooks.test:{receiver.port}"


def test_a_name_at_a_private_address_is_not_connected_to(receiver: Receiver) -> None:
    rule = f"http://hooks.test:{receiver.port}"
    why = send(sender(rule, resolve=Names("127.0.0.1")), f"{rule}/x?token=hush")
    assert why is not None and "not a public address" in why and "hush" not in why
    assert receiver.notices == []


def test_a_host_taken_off_the_list_gets_no_webhook(receiver: Receiver) -> None:
    why = send(sender("other.example.com"), receiver.url)
    assert why is not None and "OCRQ_WEBHOOK_HOSTS" in why
    assert receiver.notices == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_is_not_followed(receiver: Receiver, status: int) -> None:
    with receiving() as inside:
        receiver.statuses.append(status)
        receiver.headers["Location"] = inside.url
        both = sender(f"http://127.0.0.1:{receiver.port}", f"http://127.0.0.1:{inside.port}")
        assert send(both, receiver.url) == f"HTTP {status}: redirects are not followed"
        assert inside.notices == []


@pytest.mark.parametrize("status", [400, 404, 410, 500, 503])
def test_an_answer_that_is_not_of_success_is_a_failure(receiver: Receiver, status: int) -> None:
    receiver.statuses.append(status)
    assert send(sender(f"http://127.0.0.1:{receiver.port}"), receiver.url) == f"HTTP {status}"


def test_a_failing_receiver_is_retried_and_listed_as_failing(receiver: Receiver) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        rule = f"http://127.0.0.1:{closed.getsockname()[1]}"
        why = send(sender(rule), f"{rule}/x?token=hush")
    assert why is not None and why.startswith("ConnectError") and "hush" not in why


def test_the_next_address_of_a_host_is_tried_where_the_first_does_not_answer(receiver: Receiver) -> None:
    async def both(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.99", "127.0.0.1"]

    rule = f"http://hooks.test:{receiver.port}"
    assert send(sender(rule, private=True, resolve=both), f"{rule}/x") is None


def dripping(server: socket.socket, ending: threading.Event) -> None:
    """Answer with one byte every so often, so that no single read ever waits long."""
    connection, _ = server.accept()
    with connection:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Drip: ")
        while not ending.wait(0.05):
            try:
                connection.sendall(b"x")
            except OSError:
                return


def test_a_receiver_that_answers_byte_by_byte_is_left_in_time() -> None:
    ending = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=dripping, args=(server, ending))
        thread.start()
        rule = f"http://127.0.0.1:{server.getsockname()[1]}"
        began = time.monotonic()
        why = send(sender(rule, total_seconds=1), f"{rule}/x")
        took = time.monotonic() - began
        ending.set()
        thread.join()
    assert why == "no answer within 1 s"
    assert took < 3


def test_an_answer_without_end_is_not_read() -> None:
    def endless(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            try:
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                while True:
                    connection.sendall(b"x" * 65536)
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=endless, args=(server,))
        thread.start()
        rule = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert send(sender(rule, total_seconds=5), f"{rule}/x") is None
        thread.join(10)
    assert not thread.is_alive()


def test_a_proxy_of_the_environment_is_not_asked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy.port}")
        assert send(sender(f"http://127.0.0.1:{receiver.port}"), receiver.url) is None
        assert proxy.notices == []
    assert len(receiver.notices) == 1


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.mark.parametrize(("name", "arrives"), [("hooks.test", True), ("other.test", False)])
def test_a_certificate_has_to_be_for_the_name_and_not_the_address(
    authority: trustme.CA, trusted: ssl.SSLContext, name: str, arrives: bool
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(tls)
    with receiving(tls=tls) as receiver:
        rule = f"https://hooks.test:{receiver.port}"
        by = sender(rule, private=True, resolve=Names("127.0.0.1"), trust=trusted)
        why = send(by, f"{rule}/x")
        assert (why is None, len(receiver.notices)) == (arrives, int(arrives))
        assert arrives or (why is not None and "CERTIFICATE_VERIFY_FAILED" in why)


def test_a_sender_shows_nothing_of_the_secret() -> None:
    assert SECRET not in repr(sender("hooks.example.com"))
