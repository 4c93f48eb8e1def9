"""The Runner: opens the document, lets the pipeline read its pages, and puts the result together."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cache
from typing import Any

from ocrq.contracts import (
    STRUCTURED,
    Metadata,
    Page,
    PageError,
    ReadRequest,
    TextResult,
    clipping_warning,
    selected_pages,
)
from ocrq.errors import DiskFull, InvalidRequest, ModelUnavailable, OcrqError, ReadFailed, from_json
from tasks.documents.submission import Submission
from tasks.monitoring.stages import stage
from tasks.runner import Plan, ReadContext, UnitReading
from tasks.unexpected import unexpected
from worker import formats
from worker.engines.protocols import reads_lines
from worker.fields.result import OPTIONS as FIELD_OPTIONS
from worker.fields.result import ask_model, structured_result
from worker.imaging.decode import Document, Limits, Opener, check_page_count
from worker.imaging.text_layer import TextLayer
from worker.layout.furniture import mark_furniture
from worker.models.registry import Registry
from worker.page import PageImage, Pixels
from worker.reading import PageRead, Pipeline, ReadMode, pipeline_for
from worker.reading.calibration import is_calibrated
from worker.reading.confidence import document_confidence
from worker.reading.language import detect_language
from worker.reading.layer_reading import TextLayerPipeline, page_image
from worker.reading.rereading import Rereader

UNITS_WANTED = 64  # of a long document: enough to distribute, few enough to keep in the ledger
UNIT_PAGES = 8  # at most: bounds what is read again after a worker's death, and the delay of a cancel

log = logging.getLogger(__name__)


class PipelineRunner:
    """See the module and :class:`tasks.runner.Runner`.

    Args:
        registry: The models.
        open_document: Opens documents within the same limits.
        limits: How many pages a request may ask for.
    """

    def __init__(self, registry: Registry, open_document: Opener, limits: Limits) -> None:
        self._registry = registry
        self._open = open_document
        self._limits = limits

    @contextmanager
    def open(self, submission: Submission) -> Iterator[ReadSession]:
        """See :class:`tasks.runner.Runner`."""
        with ExitStack() as closing:

            @cache
            def opened() -> Document:
                with stage("decode"):
                    return closing.enter_context(self._open(submission.document))

            yield ReadSession(submission, self._registry, self._limits, opened)

    def loaded(self) -> list[str]:
        """See :class:`tasks.runner.Runner`."""
        return self._registry.loaded()


class ReadSession:
    """See :class:`tasks.runner.Session`.

    Args:
        submission: What is read.
        registry: The models.
        limits: How many pages a request may ask for.
        opened: The document, opened by the first call.
    """

    def __init__(
        self, submission: Submission, registry: Registry, limits: Limits, opened: Callable[[], Document]
    ) -> None:
        self._operation = submission.operation
        self._request = submission.request
        self._document = submission.document
        self._mode = ReadMode.of(submission.operation, submission.request)
        self._registry = registry
        self._limits = limits
        self._opened = opened

    def plan(self) -> Plan:
        """See :class:`tasks.runner.Session`."""
        pages = _selected(self._request, self._opened().page_count)
        check_page_count(len(pages), self._limits)
        return Plan(tuple(pages), slices_of(pages))

    def read(self, pages: Sequence[int], context: ReadContext) -> UnitReading:
        """See :class:`tasks.runner.Session`."""
        try:
            return self._read(pages, context)
        except ModelUnavailable as error:  # for example a server that became unavailable
            return self._read(pages, context, failed=error)

    def _read(self, pages: Sequence[int], context: ReadContext, failed: ModelUnavailable | None = None) -> UnitReading:
        """Read with the requested model or, where that has failed, with the fallback."""
        request = self._request
        read: list[PageRead] = []
        replies: list[str] = []
        with self._registry.using(request.model_name, failed) as use:
            opened = self._opened()
            pipeline = pipeline_for(use.engine, self._mode, use.find_detector)
            if request.text_layer != "never":
                line_reader = use.engine if reads_lines(use.engine) else None
                pipeline = TextLayerPipeline(pipeline, request.text_layer, line_reader)
            context = replace(context, warn=use.warnings.append, languages=tuple(request.languages))
            for batch in batched(pages, pipeline.batch_pages):
                context.check()
                read += _read_batch(
                    opened, batch, pipeline, context, self._limits, with_layer=request.text_layer != "never"
                )
                if self._operation in STRUCTURED:
                    with stage("fields"):
                        replies += ask_model(use.engine, request, opened, batch, context)
                context.progress(len(read), len(pages))
        return UnitReading(
            pages=tuple(one.page for one in read),
            served_by=use.engine.info.name,
            variants=max(one.variants for one in read),
            warnings=(*use.warnings, *(warning for one in read for warning in one.warnings)),
            stand_in=use.stand_in,
            lines_reread=sum(one.lines_reread for one in read),
            replies=tuple(replies),
        )

    def assemble(
        self, readings: Sequence[UnitReading], seconds: float, context: ReadContext | None = None
    ) -> dict[str, Any]:
        """See :class:`tasks.runner.Session`."""
        request, mode = self._request, self._mode
        pages = sorted((page for reading in readings for page in reading.pages), key=lambda page: page.page)
        _require_one(pages)
        if not all(reading.assembled for reading in readings):
            pages = mark_furniture(pages)
        text = "\f".join(page.text for page in pages)
        metadata = self._metadata(readings)
        if self._operation in STRUCTURED:
            replies = [answer for reading in readings for answer in reading.replies]
            served_by = frozenset(reading.served_by for reading in readings)
            reread = Rereader(self._registry, self._opened, request, mode, served_by, context or ReadContext())
            with stage("fields"):
                result = structured_result(request, pages, text, metadata, seconds, mode.robust, replies, reread)
            return result.model_dump(mode="json")
        answer = TextResult(
            text=text,
            confidence=document_confidence([(page.text, page.confidence) for page in pages]),
            language=detect_language(text),
            processing_time=round(seconds, 4),
            pages=pages,
            outputs=self._outputs(pages, context or ReadContext()),
            metadata=metadata,
        )
        return answer.model_dump(mode="json")

    def _outputs(self, pages: Sequence[Page], context: ReadContext) -> dict[str, str] | None:
        if not self._request.output:
            return None
        sources = _Sources(self._document, self._opened, context)
        wanted = formats.RenderOptions.of(self._request.options)
        with stage("render"):
            return {name: formats.render(name, pages, sources, wanted) for name in self._request.output}

    def _metadata(self, readings: Sequence[UnitReading]) -> Metadata:
        request, mode = self._request, self._mode
        served_by = sorted({reading.served_by for reading in readings if reading.served_by})
        warnings = dict.fromkeys(warning for reading in readings for warning in reading.warnings)
        last_read = max(page.page for reading in readings for page in reading.pages)
        if clipped := clipping_warning(request.pages, last_read):
            warnings[clipped] = None
        known = FIELD_OPTIONS if self._operation in STRUCTURED else formats.OPTIONS
        warnings |= dict.fromkeys(
            f"options.{name[:80]} is not known and was ignored" for name in request.options if name not in known
        )
        metadata = Metadata(
            model_name=request.model_name or self._registry.default,
            served_by=", ".join(served_by),
            variants_processed=max(reading.variants for reading in readings),
            preprocessing_enabled=request.use_preprocessing,
            warnings=list(warnings),
        )
        details: dict[str, Any] = {"calibrated": _calibrated(served_by, mode)}
        if mode.robust:
            lines_reread = sum(reading.lines_reread for reading in readings)
            details |= {"robust_processing": True, "ensemble_size": mode.variants, "lines_reread": lines_reread}
        return Metadata(**metadata.model_dump(exclude=set(details)), **details)


def _calibrated(served_by: Sequence[str], mode: ReadMode) -> bool:
    """Whether the confidence of all engines that read was fitted on real documents."""
    return bool(served_by) and all(is_calibrated(name, "rolm" if mode.robust else "olm") for name in served_by)


class _Sources:
    """The document and its pages for the formats that show them."""

    def __init__(self, document: bytes, opened: Callable[[], Document], context: ReadContext) -> None:
        self._document, self._opened, self._context = document, opened, context

    def original(self) -> bytes | None:
        return self._document if self._opened().kind == "pdf" else None

    def layer(self, number: int) -> TextLayer | None:
        self._context.check()
        return self._opened().read_layer(number)

    def pixels(self, number: int) -> Pixels:
        self._context.check()
        return self._opened().read_page(number).pixels


def slices_of(pages: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Cut pages into units of work: single pages of a short document, up to :data:`UNIT_PAGES` of a long one."""
    size = min(UNIT_PAGES, -(-len(pages) // UNITS_WANTED))
    return tuple(tuple(pages[start : start + size]) for start in range(0, len(pages), size))


def _selected(request: ReadRequest, count: int) -> list[int]:
    try:
        return selected_pages(request.pages, count)
    except ValueError as error:
        raise InvalidRequest(f"pages {error}", field="pages") from None


def batched(pages: Sequence[int], size: int) -> list[Sequence[int]]:
    """Pages in runs of ``size``; the last may be shorter."""
    return [pages[start : start + size] for start in range(0, len(pages), size)]


def _read_batch(
    document: Document,
    numbers: Sequence[int],
    pipeline: Pipeline,
    context: ReadContext,
    limits: Limits,
    with_layer: bool,
) -> list[PageRead]:
    """Pages read together or, where that fails, one by one."""
    try:
        images = [page_image(document, number, with_layer) for number in numbers]
        within = context.for_pages(limits.page_seconds * len(numbers))
        return list(map(_with_decoding_warnings, pipeline.read_pages(images, within), images))
    except ModelUnavailable:
        raise
    except Exception as error:
        if len(numbers) > 1:
            one_by_one = (_read_batch(document, [number], pipeline, context, limits, with_layer) for number in numbers)
            return [read for reads in one_by_one for read in reads]
        known = error if isinstance(error, OcrqError) else unexpected(log, error, f"reading page {numbers[0]}")
        if isinstance(known, DiskFull):
            raise known from error
        return [_unread(numbers[0], known)]


def _with_decoding_warnings(read: PageRead, image: PageImage) -> PageRead:
    lost = tuple(f"page {image.number}: {warning}" for warning in image.warnings)
    return replace(read, warnings=(*read.warnings, *lost))


def _unread(number: int, error: OcrqError) -> PageRead:
    page = Page(page=number, width=0, height=0, error=PageError(code=error.code, detail=error.detail))
    return PageRead(page, warnings=(f"page {number} could not be read: {error.detail}",))


def _require_one(pages: Sequence[Page]) -> None:
    """Fail where no page was read: with the pages' own error where all have the same."""
    faults = [page.error for page in pages if page.error]
    if len(faults) < len(pages):
        return
    codes = {fault.code for fault in faults}
    if len(codes) == 1:
        raise from_json({"code": faults[0].code, "detail": faults[0].detail, "field": "image"})
    raise ReadFailed(f"none of the {len(pages)} pages could be read; page {pages[0].page}: {faults[0].detail}")
