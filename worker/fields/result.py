"""The structured result: the fields a schema asks for, from the pages that were read."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ocrq.contracts import FieldEvidence, Metadata, Page, ReadRequest, StructuredMetadata, StructuredResult
from tasks.runner import ReadContext
from worker.engines.protocols import Engine, reads_pages
from worker.fields.checks import checked
from worker.fields.extract import Extraction, extract
from worker.fields.model import with_model
from worker.fields.output import fill
from worker.fields.prompt import answered, merged_answers, schema_prompt
from worker.fields.reread import RereadExtraction, reread_contradicting
from worker.imaging.decode import Document
from worker.reading.rereading import Rereader

log = logging.getLogger(__name__)

RULES, CHECKED, MODEL = "rules", "rules, checked against each other", "model"

OPTIONS = frozenset({"dayfirst"})
"""``options`` that extraction reads: whether 04/05 is the fourth of May; without it the document decides."""


def structured_result(
    request: ReadRequest,
    pages: Sequence[Page],
    text: str,
    metadata: Metadata,
    seconds: float,
    robust: bool,
    replies: Sequence[str] = (),
    reread: Rereader | None = None,
) -> StructuredResult:
    """Extract what a request's schema asks for.

    Args:
        request: Of a :class:`tasks.documents.submission.Submission`, with its schema prepared.
        pages: As read.
        text: All their text.
        metadata: As for a text result.
        seconds: For ``processing_time``.
        robust: Check the fields against each other.
        replies: What a model that follows prompts answered to :func:`worker.fields.prompt.schema_prompt`.
        reread: Reads lines again whose fields fail a check; None leaves it at the check.

    Raises:
        FieldsMissing: The document lacks what the schema requires.
        ReadStopped: The job was cancelled, its deadline passed, or the process cannot go on.
    """
    schema = request.schema_ or {}
    dayfirst = request.options.get("dayfirst")
    find = partial(extract, schema=schema, dayfirst=dayfirst if isinstance(dayfirst, bool) else None)
    answers = find(pages)
    model = merged_answers([answer for answer in map(answered, replies) if answer])
    if model:
        answers = with_model(answers, model)
    extra: dict[str, Any] = {}
    if robust:
        warnings = list(metadata.warnings)
        extraction = _reread_contradicting(answers, pages, find, None if model else reread, warnings)
        answers = extraction.answers
        if extraction.lines:
            text = "\f".join(page.text for page in extraction.pages)
            extra["lines_reread"] = extraction.lines + (metadata.model_extra or {}).get("lines_reread", 0)
        extra["warnings"] = list(dict.fromkeys(warnings))
    data = fill(answers)
    return StructuredResult(
        structured_data=data,
        confidence=overall(answers.fields),
        processing_time=round(seconds, 4),
        fields=answers.fields,
        metadata=StructuredMetadata(
            **{**metadata.model_dump(), **extra},
            source_text=text,
            schema_keys=list(schema.get("properties", {})),
            extraction_method=(f"{MODEL}, " if model else "") + (CHECKED if robust else RULES),
        ),
    )


def _reread_contradicting(
    answers: Extraction,
    pages: Sequence[Page],
    find: Callable[[Sequence[Page]], Extraction],
    reread: Rereader | None,
    warnings: list[str],
) -> RereadExtraction:
    """The answers checked, contradicting ones read again where possible; ``warnings`` gets what there is to report."""
    if reread is None:
        return RereadExtraction(checked(answers), pages)
    noted = replace(reread, context=replace(reread.context, warn=warnings.append))
    try:
        return reread_contradicting(answers, pages, find, noted)
    except Exception:
        log.exception("reading lines again")
        warnings.append("lines whose fields contradict each other could not be read again")
        return RereadExtraction(checked(answers), pages)


def overall(fields: dict[str, FieldEvidence]) -> float:
    """The expected share of the values given that are right; 0 where none is."""
    given = [answer.confidence for answer in fields.values() if answer.value is not None]
    return round(sum(given) / len(given), 4) if given else 0.0


def ask_model(
    engine: Engine, request: ReadRequest, document: Document, pages: Sequence[int], context: ReadContext
) -> list[str]:
    """Ask an engine that follows prompts for a schema's fields; an answer per page, none of one that does not.

    A model that fails here leaves the fields to the rules, and says so in a warning.

    Raises:
        ReadStopped: The job was cancelled, its deadline has passed, or the process cannot go on.
    """
    if not reads_pages(engine) or not engine.info.follows_prompts:
        return []
    prompt = schema_prompt(request.schema_ or {}, request.prompt)
    try:
        images = [document.read_page(number) for number in pages]
        return [reading.text for reading in engine.read(images, prompt, context)]
    except Exception:
        log.exception("asking %s for fields", engine.info.name)
        context.warn("the model did not answer for the fields, so they were found by rules")
        return []
