"""An OpenAI-compatible server over real HTTP whose every answer a test scripts."""

from __future__ import annotations

import base64
import json
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[["Handler"], None]


@dataclass
class StandIn:
    """What the server is told to answer, and what it was asked.

    Attributes:
        answers: Each request takes the first; the last stays.
        asked: The requests' bodies.
        headers: Of the requests.
        left: How many callers went away before their answer ended.
        at_once: Most requests that were open together.
    """

    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    left: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    at_once: int = 0
    open_now: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stand_in: StandIn

    def do_POST(self) -> None:
        self.is_open = True
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        released = self.stand_in
        with released.lock:
            released.asked.append(body)
            released.headers.append(dict(self.headers))
            answer = released.answers.pop(0) if len(released.answers) > 1 else released.answers[0]
            released.open_now += 1
            released.at_once = max(released.at_once, released.open_now)
        try:
            answer(self)
        except (BrokenPipeError, ConnectionResetError):
            released.left.release()
        finally:
            self.end()

    def end(self) -> None:
        """Count the request as open no longer: before its last event, after which the caller may send the next."""
        with self.stand_in.lock:
            self.stand_in.open_now -= self.is_open
            self.is_open = False

    def begin(self, status: int = 200, kind: str = "text/event-stream", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.close_connection = True

    def event(self, data: Any) -> None:
        if data == "[DONE]":
            self.end()
        self.wfile.write(f"data: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode())
        self.wfile.flush()

    def log_message(self, *_: Any) -> None:
        pass


def piece(text: str, probability: float | None = None, end: str | None = None) -> dict[str, Any]:
    choice: dict[str, Any] = {"index": 0, "delta": {"content": text}, "finish_reason": end}
    if probability is not None:
        choice["logprobs"] = {"content": [{"token": text, "logprob": math.log(probability)}]}
    return {"choices": [choice]}


def says(*pieces: str, probability: float | None = None, end: str = "stop") -> Answer:
    def answer(handler: Handler) -> None:
        handler.begin()
        handler.wfile.write(b": a comment that keeps the connection alive\n\n")
        for text in pieces:
            handler.event(piece(text, probability))
        handler.event({"choices": [{"index": 0, "delta": {}, "finish_reason": end}]})
        handler.event({"choices": [], "usage": {"completion_tokens": len(pieces)}})
        handler.event("[DONE]")

    return answer


def cut_after(*pieces: str) -> Answer:
    def answer(handler: Handler) -> None:
        handler.begin()
        for text in pieces:
            handler.event(piece(text))

    return answer


def refuses(status: int, content: str = "{}", **headers: str) -> Answer:
    def answer(handler: Handler) -> None:
        handler.begin(status, "application/json", **headers)
        handler.wfile.write(content.encode())

    return answer


def babbles(content: str) -> Answer:
    def answer(handler: Handler) -> None:
        handler.begin()
        handler.event(content)

    return answer


def drips(text: str, seconds: float, times: int = 1000) -> Answer:
    """The same piece again and again, for as long as the caller listens."""

    def answer(handler: Handler) -> None:
        handler.begin()
        for _ in range(times):
            handler.event(piece(text))
            time.sleep(seconds)
        handler.event("[DONE]")

    return answer


def is_silent_until(released: threading.Event) -> Answer:
    def answer(handler: Handler) -> None:
        handler.begin()
        released.wait(30)
        handler.event(piece("late", end="stop"))

    return answer


def picture_of(body: dict[str, Any]) -> bytes:
    """The picture that a request shows."""
    parts = body["messages"][0]["content"]
    url = next(part["image_url"]["url"] for part in parts if part["type"] == "image_url")
    return base64.b64decode(url.partition(",")[2])


@contextmanager
def standing_in() -> Iterator[StandIn]:
    stand_in = StandIn()
    handler = type("Bound", (Handler,), {"stand_in": stand_in})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        stand_in.url = f"http://127.0.0.1:{server.server_port}/v1"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield stand_in
        finally:
            server.shutdown()
            thread.join()
