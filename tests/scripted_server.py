"""A server whose every answer a test chooses, broken connections included: no real one fails on demand."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = tuple[int, dict[str, str], object]
"""Status, headers, and what is sent as JSON."""


class Asked(BaseHTTPRequestHandler):
    """A request that came, its body read."""

    protocol_version = "HTTP/1.1"
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.body)
        return found


@dataclass
class Server:
    """One that is answering.

    Attributes:
        url: Where.
        asked: Method and path of what came, in order.
        keys: Its idempotency keys, of those that had one.
    """

    url: str
    asked: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)


@contextmanager
def listening(answer: Callable[[int, Asked], Answer | None]) -> Iterator[Server]:
    """A server; ``answer`` is told the number of the request, from 0, and the request. None breaks the connection."""
    count = iter(range(100_000))

    class Handler(Asked):
        wbufsize = 65536  # headers and body together: apart, the second waits for the first's acknowledgement

        def do_GET(self) -> None:
            self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            server.asked.append(f"{self.command} {self.path}")
            if key := self.headers.get("Idempotency-Key"):
                server.keys.append(key)
            given = answer(next(count), self)
            if given is None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, headers, body = given
            content = json.dumps(body).encode()
            self.send_response(status)
            for name, value in ({"Content-Type": "application/json", "Content-Length": len(content)} | headers).items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_DELETE = do_GET

        def log_message(self, *arguments: object) -> None:
            return

    class Listener(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    with Listener(("127.0.0.1", 0), Handler) as listener:
        server = Server(f"http://127.0.0.1:{listener.server_port}")
        thread = threading.Thread(target=listener.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown()
            thread.join()


@contextmanager
def answering(answer: Callable[[int, Asked], Answer | None]) -> Iterator[str]:
    """The address of such a server."""
    with listening(answer) as server:
        yield server.url


def problem(status: int, code: str, headers: Mapping[str, str] | None = None, **more: object) -> Answer:
    """A problem document as our server sends it."""
    return status, dict(headers or {}), {"code": code, "detail": f"{code} it is", "status": status, **more}


def job(status: str, job_id: str = "a", **more: object) -> dict[str, object]:
    """A job as our server sends it."""
    return {"id": job_id, "status": status, "created_at": "2026-01-01T00:00:00Z", **more}


def text_result(text: str = "hello", **more: object) -> dict[str, object]:
    """A result as our server sends it."""
    metadata = {"model_name": "fake", "served_by": "fake/fixed"}
    return {
        "text": text,
        "confidence": 0.9,
        "language": None,
        "processing_time": 0.1,
        "pages": [],
        "metadata": metadata,
    } | more
