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

PATIENCE_SECONDS = 0.1  # between two looks at whether the caller was told to stop


@dataclass(eq=False)
class _Asked:
    """What one thread wants read, and what came of it."""

    pages: Sequence[PageImage]
    prompt: str | None
    context: ReadContext
    outcome: list[PageReading] | BaseException | None = None

    def goes_with(self, other: _Asked) -> bool:
        return self.prompt == other.prompt and dict(self.context.options) == dict(other.context.options)


class Gatherer:
    """Lets one thread at a time into an engine, with the pages of all that wait and ask alike.

    Nobody is waited for: who finds the engine free goes at once, and who comes meanwhile goes next, together.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[_Asked] = []
        self._busy = False

    def read(
        self, engine: PageReader, pages: Sequence[PageImage], prompt: str | None, context: ReadContext
    ) -> list[PageReading]:
        """As the engine's ``read``, with the same errors; those of another's pages are not told.

        Raises:
            ReadStopped: The job was cancelled or its deadline has passed; the reads of others go on.
        """
        mine = _Asked(pages, prompt, context)
        with self._changed:
            self._waiting.append(mine)
        while (group := self._until_turn(mine, engine.info.batch_size)) is not None:
            try:
                _read_group(engine, group)
            finally:
                self._free(group)
        if isinstance(mine.outcome, BaseException):
            raise mine.outcome
        return mine.outcome or []

    def _until_turn(self, mine: _Asked, size: int) -> list[_Asked] | None:
        """Wait for the engine, and take the next group; None once another thread has read what is mine."""
        with self._changed:
            try:
                while mine.outcome is None and self._busy:
                    self._changed.wait(PATIENCE_SECONDS)
                    mine.context.check()
            except BaseException:
                if mine in self._waiting:
                    self._waiting.remove(mine)
                raise
            if mine.outcome is not None:
                return None
            self._busy = True
            return self._next_group(size)

    def _next_group(self, size: int) -> list[_Asked]:
        """Who has waited longest, and those that ask alike, as far as they fit."""
        first, *others = self._waiting
        group, count = [first], len(first.pages)
        for other in others:
            if other.goes_with(first) and count + len(other.pages) <= size:
                group.append(other)
                count += len(other.pages)
        self._waiting = [one for one in self._waiting if one not in group]
        return group

    def _free(self, group: Sequence[_Asked]) -> None:
        with self._changed:
            for one in group:
                if one.outcome is None:
                    one.outcome = InternalError("the read was broken off; send the document again")
            self._busy = False
            self._changed.notify_all()


def _read_group(engine: PageReader, group: Sequence[_Asked]) -> None:
    """Read for all of a group; where that fails, for each by itself, so that each gets its own failure."""
    try:
        readings = engine.read([page for one in group for page in one.pages], group[0].prompt, _context_of(group))
    except ReadStopped as stop:  # of all of them, or of the process
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


def _context_of(group: Sequence[_Asked]) -> ReadContext:
    """One for all: it is cancelled when all are, and ends with the last."""
    contexts = [one.context for one in group]
    deadlines = [context.deadline for context in contexts if context.deadline is not None]
    return ReadContext(
        options=contexts[0].options,
        cancelled=lambda: all(context.cancelled() for context in contexts),
        deadline=max(deadlines) if len(deadlines) == len(contexts) else None,
    )
