"""A Runner for tests of the transports: it opens documents for real and reads the same two lines off every page."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pypdfium2
from PIL import Image, UnidentifiedImageError

from ocrq.contracts import STRUCTURED, Line, Metadata, Page, ReadRequest, TextResult, selected_pages
from ocrq.errors import InvalidRequest, UnreadableDocument
from tasks.documents.submission import Submission
from tasks.runner import Plan, ReadContext, UnitReading
from worker.fields.result import structured_result

CONFIDENCES = (0.98, 0.62)


@dataclass
class PageRunner:
    """Reads pages of ``slice_pages`` at a time, each page in ``seconds``.

    Attributes:
        gate: Closed, it holds every read until it is set or the job is told to stop.
        fail: Raised by every read, where set.
        tells: Tells of each page inside a unit.
    """

    seconds: float = 0.0
    slice_pages: int = 1
    gate: threading.Event = field(default_factory=threading.Event)
    fail: BaseException | None = None
    tells: bool = False
    reads: list[tuple[int, ...]] = field(default_factory=list)
    requests: list[ReadRequest] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gate.set()

    @contextmanager
    def open(self, submission: Submission) -> Iterator[PageSession]:
        self.requests.append(submission.request)
        yield PageSession(self, submission)

    def loaded(self) -> list[str]:
        return ["fake"]


@dataclass
class PageSession:
    """One document of a PageRunner."""

    runner: PageRunner
    submission: Submission

    def plan(self) -> Plan:
        try:
            pages = selected_pages(self.submission.request.pages, len(_sizes(self.submission.document)))
        except ValueError as error:
            raise InvalidRequest(f"pages {error}", field="pages") from None
        step = self.runner.slice_pages
        return Plan(tuple(pages), tuple(tuple(pages[at : at + step]) for at in range(0, len(pages), step)))

    def read(self, pages: Sequence[int], context: ReadContext) -> UnitReading:
        runner = self.runner
        until = time.monotonic() + runner.seconds * len(pages)
        while not runner.gate.wait(0.005) or time.monotonic() < until:
            context.check()
            time.sleep(0.005)
        if runner.fail:
            raise runner.fail
        runner.reads.append(tuple(pages))
        if runner.tells:
            for done in range(1, len(pages) + 1):
                context.progress(done, len(pages))
        sizes = _sizes(self.submission.document)
        return UnitReading(tuple(_page(number, sizes[number - 1]) for number in pages), "fake/fake")

    def assemble(
        self, readings: Sequence[UnitReading], seconds: float, context: ReadContext | None = None
    ) -> dict[str, Any]:
        request = self.submission.request
        pages = [page for reading in readings for page in reading.pages]
        text = "\f".join(page.text for page in pages)
        metadata = Metadata(model_name=request.model_name or "fake", served_by="fake/fake")
        if self.submission.operation in STRUCTURED:
            return structured_result(request, pages, text, metadata, seconds, robust=False).model_dump(mode="json")
        result = TextResult(
            text=text,
            confidence=sum(CONFIDENCES) / 2,
            language="en",
            processing_time=seconds,
            pages=pages,
            outputs={name: f"{name} of the document" for name in request.output} or None,
            metadata=metadata,
        )
        return result.model_dump(mode="json")


def _sizes(document: bytes) -> list[tuple[int, int]]:
    """Width and height of every page; the whole document is decoded, so that a truncated one shows."""
    try:
        if document.startswith(b"%PDF-"):
            pdf = pypdfium2.PdfDocument(document)
            sizes = [(int(page.get_width()), int(page.get_height())) for page in pdf]
            pdf.close()
            return sizes
        with Image.open(io.BytesIO(document)) as image:
            sizes = []
            for number in range(getattr(image, "n_frames", 1)):
                image.seek(number)
                image.load()
                sizes.append(image.size)
            return sizes
    except (UnidentifiedImageError, OSError, pypdfium2.PdfiumError):
        raise UnreadableDocument("the document is truncated or damaged; send it whole", field="image") from None


def _page(number: int, size: tuple[int, int]) -> Page:
    lines = [
        _line(text, confidence, size, row)
        for row, (text, confidence) in enumerate(
            zip((f"Hello from page {number}", "Grüße, 世界 £9"), CONFIDENCES, strict=True)
        )
    ]
    return Page(
        page=number,
        width=size[0],
        height=size[1],
        text="\n".join(line.text for line in lines),
        confidence=sum(CONFIDENCES) / 2,
        lines=lines,
    )


def _line(text: str, confidence: float, size: tuple[int, int], row: int) -> Line:
    left, right = size[0] * 0.06, size[0] * 0.6
    top, bottom = size[1] * (0.05 + 0.05 * row), size[1] * (0.085 + 0.05 * row)
    return Line(text=text, confidence=confidence, box=((left, top), (right, top), (right, bottom), (left, bottom)))
