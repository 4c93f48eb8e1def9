"""gunicorn's worker with threads, in which no thread waits for what a client sends.

gunicorn's own gives a connection to a thread that then waits for the head, and lets the application wait for the body:
as many slow clients as there are threads stop it. Here the main loop receives heads and bodies without blocking,
within deadlines, and a thread gets a request that is complete. Probes have threads of their own.
"""

from __future__ import annotations

import errno
import gc
import resource
import selectors
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, ClassVar, cast

from gunicorn.http import Request
from gunicorn.http.errors import InvalidChunkSize, LimitRequestHeaders, NoMoreData
from gunicorn.workers.gthread import ThreadWorker

from app.bytes_in_flight import return_freed_memory
from app.connection_table import ConnectionTable
from app.http_connection import MAX_HEAD, SILENT_SECONDS, Connection, Intake, Phase, body_length
from app.paths import normalized
from app.received_body import ChunkError, ReceivedBody

MAX_CONNECTIONS = 2000
_FILES_BESIDE = 256  # that the process has open beside connections: Redis, logs, the application's
_ACCEPTS_AT_ONCE = 64
_HEAD_PIECE = 16 * 1024
_BODY_PIECE = 256 * 1024
_LOOK_SECONDS = 0.5  # between two looks at the deadlines
_EXPECTS = "_expected_100_continue"  # on gunicorn's requests
_NO_FILES = frozenset({errno.EMFILE, errno.ENFILE})


class HttpWorker(ThreadWorker):
    """See the module. Its application, a :class:`app.server.Server`, has its :class:`Intake` as ``intake``."""

    # A thread for each, so that one probe never waits behind another; /livez and /ping ask nothing of Redis.
    PROBES: ClassVar[dict[str, str]] = {
        "/livez": "alive",
        "/ping": "alive",
        "/health": "health",
        "/metrics": "health",
        "/readyz": "health",
    }

    def init_process(self) -> None:
        """Make room for files and memory, and begin."""
        return_freed_memory()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 2 * MAX_CONNECTIONS + _FILES_BESIDE
        files = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        if soft < files:
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
        most = max(1, min(MAX_CONNECTIONS, (max(soft, files) - _FILES_BESIDE) // 2))
        self._intake = cast(Intake, vars(self.app)["intake"])
        self._table = ConnectionTable(most, self._intake.connections_per_address or most)
        self._looked = 0.0
        self._probe_pools = {
            "alive": ThreadPoolExecutor(1, "alive"),
            "health": ThreadPoolExecutor(4, "health"),
        }
        super().init_process()

    def run(self) -> None:
        """Serve. What is loaded stays, and the collector does not look through it again: that stops all threads."""
        gc.collect()
        gc.freeze()
        super().run()

    # Connections

    def accept(self, listener: socket.socket) -> None:
        """Take new connections; where there are too many, one that only waits goes for each."""
        for _ in range(_ACCEPTS_AT_ONCE):
            try:
                sock, client = listener.accept()
            except OSError as error:
                if error.errno in _NO_FILES:
                    self._close_idle(self._table.least_missed)
                return
            if self._close_idle(partial(self._table.to_close, client[0])):
                sock.setblocking(False)
                connection = Connection(sock, client, listener.getsockname())
                self._table.add(connection)
                self.nr_conns = len(self._table)
                self._watch(connection)
            else:
                sock.close()

    def _close_idle(self, choose: Callable[[], Connection | None]) -> bool:
        """Close the connection that is chosen, if one is; False where all are being served."""
        try:
            chosen = choose()
        except OverflowError:
            return False
        if chosen is not None:
            self._close(chosen)
        return True

    def _close(self, connection: Connection) -> None:
        if connection not in self._table:
            return
        self._unwatch(connection)
        self._table.remove(connection)
        self.nr_conns = len(self._table)
        connection.close()

    def _watch(self, connection: Connection) -> None:
        self.poller.register(connection.sock, selectors.EVENT_READ, partial(self._readable, connection))

    def _unwatch(self, connection: Connection) -> None:
        if connection.sock.fileno() in self.poller.get_map():
            self.poller.unregister(connection.sock)

    def murder_pending(self) -> None:
        """Called by gunicorn's loop again and again: close what has not sent its request in time."""
        now = time.monotonic()
        if now - self._looked < _LOOK_SECONDS:
            return
        self._looked = now
        for connection in self._table.late(now, stopping=not self.alive):
            self._step(connection, self._end_phase)
        while (newest := self._table.excess_idle()) is not None:
            self._step(newest, partial(self._cut, why="as much arrives as may"))

    def _end_phase(self, connection: Connection) -> None:
        if connection.phase is Phase.BODY:
            self._serve(connection)  # the application tells the client that its body did not come
        else:
            self._close(connection)

    def _step(self, connection: Connection, step: Callable[[Connection], None]) -> None:
        """Take a step of a connection; what fails there ends that connection, and not the loop."""
        try:
            step(connection)
        except OSError:
            self._close(connection)
        except Exception:
            self.log.exception("a connection failed")
            self._close(connection)

    # Receiving

    def _readable(self, connection: Connection, _sock: object) -> None:
        if connection in self._table:  # else closed by another event of the same turn
            self._step(connection, self._receive)

    def _receive(self, connection: Connection) -> None:
        try:
            data = connection.sock.recv(_BODY_PIECE if connection.phase is Phase.BODY else _HEAD_PIECE)
        except (BlockingIOError, InterruptedError):
            return
        connection.heard = time.monotonic()
        if connection.phase is Phase.BODY:
            self._receive_body(connection, data)
        elif not data:
            self._close(connection)
        elif connection.phase is not Phase.LEAVING:
            if connection.phase is Phase.IDLE:
                connection.enter(Phase.HEAD)
            connection.received += data
            self._receive_head(connection)

    def _receive_head(self, connection: Connection) -> None:
        try:
            if not connection.has_head():
                if len(connection.received) > MAX_HEAD:
                    raise LimitRequestHeaders("the head is too long")
                return
            request = connection.parse_head(self.cfg)
        except (NoMoreData, StopIteration):
            self._close(connection)
        except Exception as error:
            self._refuse(connection, error)
        else:
            self._begin(connection, request)

    def _begin(self, connection: Connection, request: Request) -> None:
        """A head has come: receive the body first, if there is one and it is to be had."""
        length = body_length(request)
        expects = getattr(request, _EXPECTS)
        setattr(request, _EXPECTS, False)  # else gunicorn asks for a body that is not taken
        if length == 0:
            self._serve(connection)
        elif (length or 0) > self._intake.max_body_bytes or not self._intake.takes_body(dict(request.headers)):
            request.force_close()  # the application refuses it by its head
            self._serve(connection)
        else:
            connection.body = ReceivedBody(length, self._intake.max_body_bytes)
            connection.enter(Phase.BODY)
            if expects:
                connection.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            data, connection.received = bytes(connection.received), bytearray()
            if data:
                self._receive_body(connection, data)

    def _receive_body(self, connection: Connection, data: bytes) -> None:
        body = connection.body
        assert body is not None
        try:
            connection.received += body.feed(data)
        except ChunkError as error:
            self._refuse(connection, InvalidChunkSize(str(error).encode()))
            return
        except OSError as error:
            self._cut(connection, str(error))
            return
        if not data or body.complete or body.too_long:
            self._serve(connection)

    # Serving

    def _serve(self, connection: Connection) -> None:
        """Give a request to a thread."""
        request, body = connection.request, connection.body
        assert request is not None
        if body is not None:
            if not body.complete:
                request.force_close()  # what still comes is not a request
            # As a proxy that buffers: the application gets the received length.
            headers = [pair for pair in request.headers if pair[0] not in ("TRANSFER-ENCODING", "CONTENT-LENGTH")]
            length = body.size if body_length(request) is None else body_length(request)
            request.headers = [*headers, ("CONTENT-LENGTH", str(length))]
            vars(request)["body"] = body.opened()  # read and readline are all that WSGI asks of it
        self._unwatch(connection)
        connection.enter(Phase.SERVED)
        pool = self._probe_pools.get(self.PROBES.get(normalized(request.path or ""), ""), self.tpool)
        pool.submit(self.handle, connection).add_done_callback(
            lambda done: self.method_queue.defer(self.finish_request, connection, done)
        )

    def handle(self, conn: Any) -> bool:
        """Answer a request, in a thread. Returns whether the connection can be used again."""
        try:
            conn.sock.settimeout(SILENT_SECONDS)
            return bool(self.handle_request(conn.request, conn))
        except StopIteration:
            return False
        except OSError as error:
            self.log.debug("a client went away: %s", error)
            return False
        except Exception as error:
            self.handle_error(conn.request, conn.sock, conn.client, error)
            return False

    def finish_request(self, conn: Any, fs: Future[bool]) -> None:
        """Called in the main loop once a request was answered."""
        keep = not fs.cancelled() and fs.exception() is None and fs.result()
        self._step(conn, self._await_next_request if keep else self._half_close)

    def _await_next_request(self, connection: Connection) -> None:
        """Wait for the next request, or take the one that has come behind the last."""
        connection.forget_request()
        connection.sock.setblocking(False)
        connection.enter(Phase.HEAD if connection.received else Phase.IDLE)
        self._watch(connection)
        if connection.received:
            self._receive_head(connection)

    def _half_close(self, connection: Connection) -> None:
        """Say that no more comes, and let the client take what did: closing at once could take it from its hands."""
        connection.forget_request()
        connection.sock.setblocking(False)
        connection.enter(Phase.LEAVING)
        connection.sock.shutdown(socket.SHUT_WR)
        if connection.sock.fileno() not in self.poller.get_map():
            self._watch(connection)

    def _refuse(self, connection: Connection, error: Exception) -> None:
        """Answer what is not a request."""
        self.handle_error(None, connection.sock, connection.client, error)
        self._half_close(connection)

    def _cut(self, connection: Connection, why: str) -> None:
        """Give up a body that there is no room for."""
        self.log.warning("a body from %s was refused for lack of room: %s", connection.client[0], why)
        connection.sock.send(self._intake.busy)
        self._half_close(connection)

    def handle_quit(self, sig: int, frame: Any) -> None:
        """SIGQUIT: end at once."""
        for pool in self._probe_pools.values():
            pool.shutdown(wait=False)
        super().handle_quit(sig, frame)
