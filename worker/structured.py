"""The structured result: the fields a schema asks for, from the pages that were read."""

from __future__ import annotations

from collections.abc import Sequence

from ocrq.contracts import FieldEvidence, Metadata, Page, ReadRequest, StructuredMetadata, StructuredResult
from tasks.schemas import prepared
from worker.fields.checks import checked
from worker.fields.extract import extract
from worker.fields.fill import fill

RULES, CHECKED = "rules", "rules, checked against each other"

OPTIONS = frozenset({"dayfirst"})
"""``options`` that extraction reads: whether 04/05 is the fourth of May; without it the document decides."""


def structured_result(
    request: ReadRequest, pages: Sequence[Page], text: str, metadata: Metadata, seconds: float, robust: bool
) -> StructuredResult:
    """Extract what a request's schema asks for.

    Args:
        request: With a schema that the door has checked.
        pages: As read.
        text: All their text.
        metadata: As for a text result.
        seconds: For ``processing_time``.
        robust: Check the fields against each other.

    Raises:
        InvalidSchema: The schema cannot be used.
        FieldsMissing: The document lacks what the schema requires.
    """
    schema = prepared(request.schema_)
    dayfirst = request.options.get("dayfirst")
    answers = extract(pages, schema, dayfirst if isinstance(dayfirst, bool) else None)
    if robust:
        answers = checked(answers)
    data = fill(answers)
    return StructuredResult(
        structured_data=data,
        confidence=overall(answers.fields),
        processing_time=round(seconds, 4),
        fields=answers.fields,
        metadata=StructuredMetadata(
            **metadata.model_dump(),
            source_text=text,
            schema_keys=list(schema.get("properties", {})),
            extraction_method=CHECKED if robust else RULES,
        ),
    )


def overall(fields: dict[str, FieldEvidence]) -> float:
    """The expected share of the values given that are right; 0 where none is."""
    given = [answer.confidence for answer in fields.values() if answer.value is not None]
    return round(sum(given) / len(given), 4) if given else 0.0
