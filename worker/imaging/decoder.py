"""Decoding in a helper process: a document that crashes, blocks or exhausts its decoder fails one page only."""

from __future__ import annotations

import itertools
import logging
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import TypeVar

from ocrq.errors import InternalError, OcrqError, UnreadableDocument
from worker.imaging.channel import ChannelError
from worker.imaging.decoder_client import DecoderClient
from worker.imaging.limits import Limits
from worker.imaging.text_layer import TextLayer
from worker.page import PageImage

START_TRIES = 3  # a process may be killed before it is ready
EXIT_SECONDS = 1.0  # for a process that closed its socket to end, so that its exit status is known

Answer = TypeVar("Answer")

log = logging.getLogger(__name__)


class Decoder:
    """Opens documents in one helper process, started when needed and replaced when it dies.

    Threads may share it; one call runs at a time.

    Args:
        seconds: Limit of opening a document and of decoding a page.
        memory_bytes: Address space of the process.
    """

    def __init__(self, seconds: float, memory_bytes: int) -> None:
        self._seconds = seconds
        self._memory_bytes = memory_bytes
        self._lock = threading.Lock()
        self._client: DecoderClient | None = None
        self._owner = os.getpid()

    def start(self) -> None:
        """Start the process before the first document.

        Raises:
            InternalError: It does not start.
        """
        with self._lock:
            self._running()

    def stop(self) -> None:
        """End the process; a later call starts another."""
        with self._lock:
            self._discard()

    @property
    def pid(self) -> int | None:
        """The process's id; None where none was started."""
        return self._client.pid if self._client else None

    def open_document(self, data: bytes, limits: Limits) -> DecodedDocument:
        """As :func:`worker.imaging.decode.open_document`, with the same errors.

        Raises:
            UnreadableDocument: Also where the document ended its decoder, or took longer than it may.
            InternalError: No decoder could be started.
        """
        return DecodedDocument(self, data, limits)

    def call(self, what: str, ask: Callable[[DecoderClient], Answer]) -> Answer:
        """Call the process, one call at a time. A crash during the call becomes an error of the document.

        A decoder killed by SIGKILL, for example for memory by the kernel, does not show that the document is bad: the
        call is repeated once in a new process.

        Args:
            what: What is being read, to begin the sentence with: ``"page 3"``.
            ask: Opens the document where this process does not have it open.

        Raises:
            UnreadableDocument: The process died, or took longer than it may.
        """
        with self._lock:
            try:
                return self._ask(what, ask)
            except _Killed:
                pass
            try:
                return self._ask(what, ask)
            except _Killed:
                raise _undecodable(what) from None

    def _ask(self, what: str, ask: Callable[[DecoderClient], Answer]) -> Answer:
        client = self._running()
        try:
            return ask(client)
        except OcrqError:  # reported by the decoder, which goes on
            raise
        except TimeoutError:
            log.warning("decoder %d is killed: %s took more than %g s", client.pid, what, self._seconds)
            self._discard()
            raise UnreadableDocument(
                f"{what} takes longer than {self._seconds:g} s to be decoded; send it at a lower resolution, or save "
                "it again with another program",
                field="image",
            ) from None
        except ChannelError as fault:
            ended = self._discard(EXIT_SECONDS)
            log.warning("decoder %d ended with %s on %s: %s", client.pid, ended, what, fault)
            raise _Killed if ended == -signal.SIGKILL else _undecodable(what) from None
        except BaseException:  # stopped in the middle of an answer; the next call must not read the rest
            self._discard()
            raise

    def close(self, client: DecoderClient, handle: int) -> None:
        """Close a document where the process that has it open still runs. Never raises."""
        with self._lock:
            if client is not self._client:
                return
            try:
                client.close(handle)
            except (ChannelError, TimeoutError, OcrqError):
                self._discard()

    def _running(self) -> DecoderClient:
        if os.getpid() != self._owner:
            raise InternalError("a decoder was created before a fork; create it in worker_process_init")
        if self._client is not None and not self._client.alive():
            log.warning("decoder %d ended with %s between two calls", self._client.pid, self._discard())
        if self._client is None:
            self._client = self._started()
        return self._client

    def _started(self) -> DecoderClient:
        for _ in range(START_TRIES - 1):
            try:
                return DecoderClient(self._seconds, self._memory_bytes)
            except InternalError as error:
                log.warning("%s; trying again", error.detail)
        return DecoderClient(self._seconds, self._memory_bytes)

    def _discard(self, patience: float = 0.0) -> int | None:
        client, self._client = self._client, None
        return client.end(patience) if client else None


class _Killed(Exception):
    """The process was ended by SIGKILL."""


def _undecodable(what: str) -> UnreadableDocument:
    return UnreadableDocument(
        f"{what} cannot be decoded; save it again with another program, or send it at a lower resolution",
        field="image",
    )


class DecodedDocument:
    """A document that a :class:`Decoder` has open; a :class:`worker.imaging.decode.Document`.

    Where its decoder is replaced, it is opened again for the next page.
    """

    _handles = itertools.count(1)

    def __init__(self, decoder: Decoder, data: bytes, limits: Limits) -> None:
        self._decoder = decoder
        self._data = data
        self._limits = limits
        self._handle = next(self._handles)
        self.kind, self.page_count = decoder.call("the document", self._open)

    def read_page(self, number: int, shrink: int = 1) -> PageImage:
        """Decode page ``number``, from 1 to ``page_count``; ``shrink`` as for any document.

        Raises:
            UnreadableDocument: The page is truncated or damaged, ended its decoder or took longer than it may;
                others may be good.
            TooLarge: It has too many pixels.
        """
        return self._decoder.call(f"page {number}", lambda client: self._page(client, number, shrink))

    def read_layer(self, number: int) -> TextLayer | None:
        """The text that page ``number`` itself carries; None where the format has none.

        Raises:
            UnreadableDocument: As :meth:`read_page`.
        """
        if self.kind != "pdf":
            return None
        return self._decoder.call(f"the text of page {number}", lambda client: self._layer(client, number))

    def _layer(self, client: DecoderClient, number: int) -> TextLayer | None:
        if client is not self._opened_by:
            self._open(client)
        return client.layer(self._handle, number)

    def _page(self, client: DecoderClient, number: int, shrink: int) -> PageImage:
        if client is not self._opened_by:
            self._open(client)
        return client.page(self._handle, number, shrink, self._limits.max_pixels)

    def _open(self, client: DecoderClient) -> tuple[str, int]:
        opened = client.open(self._handle, self._data, asdict(self._limits))
        self._opened_by = client
        return opened

    def __enter__(self) -> DecodedDocument:
        return self

    def __exit__(self, *_: object) -> None:
        self._decoder.close(self._opened_by, self._handle)
