"""One connection of a client, and what is known of it while no thread serves it."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from gunicorn.config import Config
from gunicorn.http import Request, RequestParser
from gunicorn.http.body import ChunkedReader, LengthReader

from app.received_body import ReceivedBody

KEEPALIVE_SECONDS = 20  # between two requests; an idle connection costs no thread
HEAD_SECONDS = 10  # for a request's line and headers
SILENT_SECONDS = 30  # of a client in the middle of its body or our answer, after which it counts as gone
BODY_SECONDS = 30  # for a body, and as many seconds more as it takes at the slowest rate
SLOWEST_RATE = 32 * 1024  # bytes a second; slower than any network a document is sent over
LEAVE_SECONDS = 20  # that a client gets to take our last answer, while what it still sends is thrown away
STOP_SECONDS = 2  # that a stopping server leaves an idle connection, for a request that may be on its way
MAX_HEAD = 64 * 1024
END_OF_HEAD = b"\r\n\r\n"


TakesBody = Callable[[Mapping[str, str]], bool]


@dataclass(frozen=True)
class Intake:
    """What a server takes in.

    Attributes:
        takes_body: Whether the body of a request with these headers (names in capitals) is received at all.
        max_body_bytes: Of a body; a longer one is refused by the application before it was received.
        connections_per_address: 0 for no bound of their own.
        busy: The answer, with its head, to a body that there is no room for while it arrives.
    """

    takes_body: TakesBody
    max_body_bytes: int
    connections_per_address: int
    busy: bytes


class Phase(IntEnum):
    """Where a connection is; where room is needed, those of a lower phase go first."""

    IDLE = 0
    LEAVING = 1
    HEAD = 2
    BODY = 3
    SERVED = 4


@dataclass(eq=False)
class Connection:
    """See the module. Named as gunicorn's own, whose ``handle_request`` takes it.

    Attributes:
        sock: Non-blocking, except while it is served.
        client: Its address.
        server: Ours.
        phase: Where it is.
        since: When that began; monotonic seconds, as all times here.
        heard: When bytes came last.
        received: Bytes that came and are not parsed yet.
        request: The current request, its head parsed.
        body: Its body; None where it is not taken.
    """

    sock: socket.socket
    client: tuple[str, int]
    server: object
    phase: Phase = Phase.HEAD
    since: float = field(default_factory=time.monotonic)
    heard: float = field(default_factory=time.monotonic)
    received: bytearray = field(default_factory=bytearray)
    request: Request | None = None
    body: ReceivedBody | None = None

    def enter(self, phase: Phase) -> None:
        """Begin a phase."""
        self.phase = phase
        self.since = self.heard = time.monotonic()

    def has_head(self) -> bool:
        """Whether a whole head has come; empty lines before it, which some clients send, are passed over."""
        if self.received.startswith((b"\r", b"\n")):
            self.received = self.received.lstrip(b"\r\n")
        return END_OF_HEAD in self.received

    def parse_head(self, config: Config) -> Request:
        """Parse the head that has come; what follows it stays among the bytes received.

        Raises:
            Exception: One of gunicorn's, which it has an answer for.
        """
        parser = RequestParser(config, iter([bytes(self.received)]), self.client)
        self.request = next(parser)
        self.received = bytearray(parser.unreader.take_buffered())
        return self.request

    def ends(self, stopping: bool) -> float:
        """When the phase has to have ended."""
        if self.phase is Phase.BODY and self.body:
            slowest = self.since + BODY_SECONDS + self.body.size / SLOWEST_RATE
            return min(self.heard + SILENT_SECONDS, slowest)
        seconds = {Phase.IDLE: KEEPALIVE_SECONDS, Phase.HEAD: HEAD_SECONDS, Phase.LEAVING: LEAVE_SECONDS}[self.phase]
        if stopping and self.phase is not Phase.LEAVING:
            seconds = STOP_SECONDS
        return self.since + seconds

    def forget_request(self) -> None:
        """Give the room of the body back."""
        if self.body:
            self.body.close()
        self.request = self.body = None

    def close(self) -> None:
        """Close it."""
        self.forget_request()
        self.sock.close()


def body_length(request: Request) -> int | None:
    """The bytes that a request's body has; None where it comes in chunks."""
    reader = request.body.reader if request.body else None
    if isinstance(reader, ChunkedReader):
        return None
    return reader.length if isinstance(reader, LengthReader) else 0
