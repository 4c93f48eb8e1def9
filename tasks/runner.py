"""The seam between the queue and the reading: the Runner Protocol and the context each read takes.

``worker/`` installs its Runner when its entry point is imported; Celery, RunPod, the in-process backend and the
tests all call it through here, and nothing in this package knows what reads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol, runtime_checkable

from pydantic import TypeAdapter

from ocrq.contracts import Page
from ocrq.errors import JobCancelled, TimeLimitExceeded
from tasks.documents.submission import Submission
from tasks.stopping import ReadStopped, stops_reported


def _never() -> bool:
    return False


def _ignore_progress(done: int, total: int) -> None:
    return None


def _ignore_warning(warning: str) -> None:
    return None


@dataclass(frozen=True)
class ReadContext:
    """What every read may check and report while it works.

    Attributes:
        options: The caller's decoding options, bounds already checked.
        cancelled: Whether the job was cancelled; cheap, checked between pages, variants and decoding steps.
        progress: Called with ``(pages done, pages in all)``.
        warn: Called with sentences for the result's metadata; the same one twice is shown once.
        deadline: ``time.monotonic()`` after which the read gives up; None for no limit.
        page_deadline: The same for the pages being read, which then have an error, while the others are read.
        languages: ISO 639-1 codes of those that the document may be in; empty for any.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    cancelled: Callable[[], bool] = _never
    progress: Callable[[int, int], None] = _ignore_progress
    warn: Callable[[str], None] = _ignore_warning
    deadline: float | None = None
    page_deadline: float | None = None
    languages: tuple[str, ...] = ()

    def for_pages(self, seconds: float) -> ReadContext:
        """The context for some pages, which together may take so long."""
        return replace(self, page_deadline=time.monotonic() + seconds)

    def check(self) -> None:
        """Stop the read where it should stop: called between pages, variants and decoding steps.

        Raises:
            ReadStopped: The job was cancelled, or its deadline has passed.
            TimeLimitExceeded: The page's has: the error of that page.
        """
        if self.cancelled():
            raise ReadStopped(JobCancelled("the job was cancelled while it was being read"))
        if self.deadline is not None and time.monotonic() > self.deadline:
            error = TimeLimitExceeded("the read took longer than it may; send fewer pages, or raise OCRQ_JOB_SECONDS")
            raise ReadStopped(error)
        if self.page_deadline is not None and time.monotonic() > self.page_deadline:
            raise TimeLimitExceeded("the page took longer than it may; send it simpler, or raise OCRQ_PAGE_SECONDS")


@dataclass(frozen=True)
class Plan:
    """How a document will be read: which pages, in which slices.

    Attributes:
        pages: Page numbers to read, ascending, from 1.
        slices: The same pages cut into units of work, each sized by the engine's batch.
    """

    pages: tuple[int, ...]
    slices: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class UnitReading:
    """What one unit gave: its pages, and what the result's metadata needs of it.

    Attributes:
        pages: In ascending order; one that could not be read has ``error`` set.
        served_by: ``engine/model`` that read it.
        variants: Most readings made of any line, at least 1.
        lines_reread: Lines that needed more than one.
        replies: Of a model that follows prompts, to the question for a schema's fields.
        warnings: Sentences for ``metadata.warnings``.
        stand_in: Whether the fallback read in the place of the requested model.
        assembled: Whether the pages are a result's: what is found by all pages together stands in them already.
    """

    pages: tuple[Page, ...]
    served_by: str
    variants: int = 1
    warnings: tuple[str, ...] = ()
    stand_in: bool = False
    lines_reread: int = 0
    replies: tuple[str, ...] = ()
    assembled: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, as the ledger keeps it."""
        data: dict[str, Any] = _READINGS.dump_python(self, mode="json", exclude={"assembled"})
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> UnitReading:
        """The inverse of :meth:`to_json`."""
        return _READINGS.validate_python(data)

    @classmethod
    def from_result(cls, result: Mapping[str, Any]) -> UnitReading:
        """What a document's text result was made of, to make another of it in other output formats."""
        metadata = result["metadata"]
        return cls(
            pages=tuple(Page.model_validate(page) for page in result["pages"]),
            served_by=metadata["served_by"],
            variants=metadata["variants_processed"],
            warnings=tuple(metadata["warnings"]),
            lines_reread=metadata.get("lines_reread") or 0,
            assembled=True,
        )


_READINGS = TypeAdapter(UnitReading)


class Session(Protocol):
    """An open document, until its result."""

    def plan(self) -> Plan:
        """Count the document's pages and slice them.

        Raises:
            RequestError: The document cannot be read as requested; names the field.
        """

    def read(self, pages: Sequence[int], context: ReadContext) -> UnitReading:
        """Read some pages. A page that fails carries its error; the others go on.

        Raises:
            RequestError: Nothing of this document can be read, whoever tries.
            ServiceError: Reading failed here and may work elsewhere.
            ReadStopped: The job was cancelled, its deadline has passed, or this process cannot go on.
        """

    def assemble(
        self, readings: Sequence[UnitReading], seconds: float, context: ReadContext | None = None
    ) -> dict[str, Any]:
        """Put the units' pages together: text, language, confidence, fields and output formats.

        Args:
            readings: In page order.
            seconds: From the job's start until now, for ``processing_time``.
            context: Of the job, for lines that are read again; None where nothing bounds them.

        Returns:
            A TextResult or StructuredResult as JSON.

        Raises:
            ReadFailed: No page could be read.
            ReadStopped: The job was cancelled, its deadline has passed, or this process cannot go on.
        """


@runtime_checkable
class Runner(Protocol):
    """Reads documents. Every method is callable without a broker, and none knows of jobs."""

    def open(self, submission: Submission) -> AbstractContextManager[Session]:
        """A session with a document. Its bytes are decoded when first needed, and once."""

    def loaded(self) -> list[str]:
        """Names of the models this process has in memory."""


def _ignore_unit(reading: UnitReading) -> None:
    return None


@stops_reported()
def run_inline(
    runner: Runner,
    submission: Submission,
    context: ReadContext,
    unit: Callable[[UnitReading], None] = _ignore_unit,
) -> dict[str, Any]:
    """Plan, read and assemble in one go: the way without a broker. ``unit`` takes each unit once it is read."""
    started = time.monotonic()
    readings = []
    with runner.open(submission) as session:
        plan = session.plan()
        done, total = 0, len(plan.pages)
        context.progress(done, total)
        for pages in plan.slices:
            context.check()
            within = replace(context, progress=partial(_slice_progress, context, done, total))
            readings.append(session.read(pages, within))
            done += len(pages)
            context.progress(done, total)
            unit(readings[-1])
        return session.assemble(readings, time.monotonic() - started, context)


def can_be_cached(readings: Sequence[UnitReading]) -> bool:
    """Whether a result may answer equal requests; with a fault or a stand-in, the next read may be better."""
    return all(not reading.stand_in and not any(page.error for page in reading.pages) for reading in readings)


def _slice_progress(context: ReadContext, before: int, total: int, done: int, _slice_pages: int) -> None:
    """A slice's own progress, as the document's."""
    context.progress(before + done, total)
