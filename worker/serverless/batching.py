"""Micro-batches: pages of documents that are read at the same time go through the model together."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from ocrq.errors import InternalError
from tasks.runner import ReadContext
from tasks.stopping import ReadStopped
from worker.engines.protocols import PageReader
from worker.page import PageImage, PageReading

CHECK_SECONDS = 0.1  # between two checks for a stop


@dataclass(eq=False)
class _QueuedRead:
    """The read of one thread, and its outcome."""

    pages: Sequence[PageImage]
    prompt: str | None
    context: ReadContext
    outcome: list[PageReading] | BaseException | None = None

    def compatible_with(self, other: _QueuedRead) -> bool:
        return self.prompt == other.prompt and dict(self.context.options) == dict(other.context.options)


class ReadBatcher:
    """Lets one thread at a time use an engine, with the pages of all compatible waiting reads.

    A read never waits for others to join: it starts where the engine is free, and reads that arrive meanwhile form the
    next batch.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[_QueuedRead] = []
        self._busy = False

    def read(
        self, engine: PageReader, pages: Sequence[PageImage], prompt: str | None, context: ReadContext
    ) -> list[PageReading]:
        """As the engine's ``read``, with the same errors, except those of other threads' pages.

        Raises:
            ReadStopped: The job was cancelled or its deadline has passed; the reads of others go on.
        """
        mine = _QueuedRead(pages, prompt, context)
        with self._changed:
            self._waiting.append(mine)
        while (group := self._wait_for_group(mine, engine.info.batch_size)) is not None:
            try:
                _read_group(engine, group)
            finally:
                self._finish(group)
        if isinstance(mine.outcome, BaseException):
            raise mine.outcome
        return mine.outcome or []

    def _wait_for_group(self, mine: _QueuedRead, size: int) -> list[_QueuedRead] | None:
        """Wait for the engine, and take the next batch; None once another thread has done this read."""
        with self._changed:
            try:
                while mine.outcome is None and self._busy:
                    self._changed.wait(CHECK_SECONDS)
                    mine.context.check()
            except BaseException:
                if mine in self._waiting:
                    self._waiting.remove(mine)
                raise
            if mine.outcome is not None:
                return None
            self._busy = True
            return self._next_group(size)

    def _next_group(self, size: int) -> list[_QueuedRead]:
        """The longest waiting read, and compatible ones as far as they fit in the batch."""
        first, *others = self._waiting
        group, count = [first], len(first.pages)
        for other in others:
            if other.compatible_with(first) and count + len(other.pages) <= size:
                group.append(other)
                count += len(other.pages)
        self._waiting = [one for one in self._waiting if one not in group]
        return group

    def _finish(self, group: Sequence[_QueuedRead]) -> None:
        with self._changed:
            for one in group:
                if one.outcome is None:
                    one.outcome = InternalError("the read was interrupted; send the document again")
            self._busy = False
            self._changed.notify_all()


def _read_group(engine: PageReader, group: Sequence[_QueuedRead]) -> None:
    """Read a group together; where that fails, each read alone, so that each gets its own error."""
    try:
        readings = engine.read([page for one in group for page in one.pages], group[0].prompt, _context_of(group))
    except ReadStopped as stop:  # of all of them, or of this process
        for one in group:
            one.outcome = stop
        return
    except Exception as error:
        if len(group) == 1:
            group[0].outcome = error
        else:
            for one in group:
                _read_group(engine, [one])
        return
    start = 0
    for one in group:
        one.outcome = readings[start : start + len(one.pages)]
        start += len(one.pages)


def _context_of(group: Sequence[_QueuedRead]) -> ReadContext:
    """One context for the group: cancelled when all are, with the latest deadline."""
    contexts = [one.context for one in group]
    deadlines = [context.deadline for context in contexts if context.deadline is not None]
    return ReadContext(
        options=contexts[0].options,
        cancelled=lambda: all(context.cancelled() for context in contexts),
        deadline=max(deadlines) if len(deadlines) == len(contexts) else None,
    )
