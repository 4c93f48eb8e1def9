"""Decoding in a helper process: a document that kills, stalls or swells its decoder costs one page, not the worker."""

from __future__ import annotations

import itertools
import logging
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import asdict
from types import TracebackType
from typing import TypeVar

from ocrq.errors import InternalError, OcrqError, UnreadableDocument
from worker.imaging.decoder_client import DecoderClient
from worker.imaging.limits import Limits
from worker.imaging.line import LineBroken
from worker.imaging.text_layer import TextLayer
from worker.page import PageImage

START_TRIES = 3  # a process can be killed before it is ready, too
LAST_WORDS_SECONDS = 1.0  # how long a process that hung up may take to say by its exit what it died of

Answer = TypeVar("Answer")

log = logging.getLogger(__name__)


class Decoder:
    """Opens documents in a process of its own, one for all of them, started when needed and replaced when it died.

    Threads may share it; one call runs at a time.

    Args:
        seconds: What opening a document, and decoding a page, may take.
        memory_bytes: Address space of the process.
    """

    def __init__(self, seconds: float, memory_bytes: int) -> None:
        self._seconds = seconds
        self._memory_bytes = memory_bytes
        self._lock = threading.Lock()
        self._client: DecoderClient | None = None
        self._owner = os.getpid()

    def start(self) -> None:
        """Have the process at hand before the first document comes.

        Raises:
            InternalError: It does not start.
        """
        with self._lock:
            self._living()

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
        """Ask the process, alone with it. What breaks it on the way becomes an error of the document.

        A decoder that was killed from outside, by the system that is short of memory or by hand, says nothing of the
        document: another is asked once.

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
                raise _broke_it(what) from None

    def _ask(self, what: str, ask: Callable[[DecoderClient], Answer]) -> Answer:
        client = self._living()
        try:
            return ask(client)
        except OcrqError:  # told by the decoder, which lives on
            raise
        except TimeoutError:
            log.warning("decoder %d is killed: %s took more than %g s", client.pid, what, self._seconds)
            self._discard()
            raise UnreadableDocument(
                f"{what} takes longer than {self._seconds:g} s to be decoded; send it at a lower resolution, or save "
                "it anew with another program",
                field="image",
            ) from None
        except LineBroken as fault:
            ended = self._discard(LAST_WORDS_SECONDS)
            log.warning("decoder %d ended with %s on %s: %s", client.pid, ended, what, fault)
            raise _Killed if ended == -signal.SIGKILL else _broke_it(what) from None
        except BaseException:  # stopped in the middle of an answer, of which the next call must not read the rest
            self._discard()
            raise

    def close(self, client: DecoderClient, handle: int) -> None:
        """Close a document, where the process that has it open is still there. Never raises: its pages are read."""
        with self._lock:
            if client is not self._client:
                return
            try:
                client.close(handle)
            except (LineBroken, TimeoutError, OcrqError):
                self._discard()

    def _living(self) -> DecoderClient:
        if os.getpid() != self._owner:
            raise InternalError("a decoder was carried over a fork; make it in worker_process_init")
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
    """Somebody sent the process a SIGKILL."""


def _broke_it(what: str) -> UnreadableDocument:
    return UnreadableDocument(
        f"{what} cannot be decoded; save it anew with another program, or send it at a lower resolution",
        field="image",
    )


class DecodedDocument:
    """A document that a :class:`Decoder` has open; a :class:`worker.imaging.decode.Document`.

    Where its decoder is replaced, it is opened anew for the next page.
    """

    _handles = itertools.count(1)

    def __init__(self, decoder: Decoder, data: bytes, limits: Limits) -> None:
        self._decoder = decoder
        self._data = data
        self._limits = limits
        self._handle = next(self._handles)
        self.kind, self.page_count = decoder.call("the document", self._open)

    def read_page(self, number: int) -> PageImage:
        """Decode page ``number``, from 1 to ``page_count``.

        Raises:
            UnreadableDocument: The page is truncated or damaged, ended its decoder or took longer than it may;
                others may be good.
            TooLarge: It has too many pixels.
        """
        return self._decoder.call(f"page {number}", lambda client: self._page(client, number))

    def read_layer(self, number: int) -> TextLayer | None:
        """The text that page ``number`` itself carries; None where the format has none.

        Raises:
            UnreadableDocument: As :meth:`read_page`.
        """
        return self._decoder.call(f"the text of page {number}", lambda client: self._layer(client, number))

    def _layer(self, client: DecoderClient, number: int) -> TextLayer | None:
        if client is not self._opened_by:
            self._open(client)
        return client.layer(self._handle, number)

    def _page(self, client: DecoderClient, number: int) -> PageImage:
        if client is not self._opened_by:
            self._open(client)
        pixels, dpi, warnings = client.page(self._handle, number, self._limits.max_pixels)
        return PageImage(number, pixels, dpi, warnings=warnings)

    def _open(self, client: DecoderClient) -> tuple[str, int]:
        told = client.open(self._handle, self._data, asdict(self._limits))
        self._opened_by = client
        return told

    def __enter__(self) -> DecodedDocument:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._decoder.close(self._opened_by, self._handle)
