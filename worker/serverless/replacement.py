"""A Runner whose process is replaced once it can read no more: out of memory for good, or its GPU failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ocrq.errors import InternalError, RequestError, WorkerSpent
from tasks.documents.submission import Submission
from tasks.runner import ReadContext, Runner, Session, UnitReading
from tasks.stopping import ReadStopped, stops_reported


@dataclass(frozen=True)
class ReplaceableRunner:
    """See the module.

    Attributes:
        runner: Reads.
        has_lost_its_gpu: Whether this process can read no more.
        on_spent: Called once it cannot.
    """

    runner: Runner
    has_lost_its_gpu: Callable[[], bool]
    on_spent: Callable[[], None]

    @contextmanager
    def open(self, submission: Submission) -> Iterator[Session]:
        """See :class:`tasks.runner.Runner`."""
        with self.runner.open(submission) as session:
            yield _ReplaceableSession(session, self)

    def loaded(self) -> list[str]:
        """See :class:`tasks.runner.Runner`."""
        return self.runner.loaded()

    def spent(self) -> WorkerSpent:
        """Have the process replaced; returns what the caller is answered."""
        self.on_spent()
        return WorkerSpent("this process could not go on, and is replaced; send the document again")


class _ReplaceableSession:
    """Asks of a read that failed for reasons of its own whether the process is to blame."""

    def __init__(self, session: Session, runner: ReplaceableRunner) -> None:
        self._session, self._runner = session, runner
        self.plan, self.assemble = session.plan, session.assemble

    def read(self, pages: Sequence[int], context: ReadContext) -> UnitReading:
        """See :class:`tasks.runner.Session`."""
        try:
            with stops_reported():
                reading = self._session.read(pages, context)
        except RequestError:
            raise
        except Exception as error:
            if isinstance(error, WorkerSpent) or self._runner.has_lost_its_gpu():
                raise ReadStopped(self._runner.spent()) from error
            raise
        failed = [page.error.code for page in reading.pages if page.error]
        if InternalError.code in failed and self._runner.has_lost_its_gpu():
            raise ReadStopped(self._runner.spent())
        return reading
