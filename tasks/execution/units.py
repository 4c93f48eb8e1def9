"""Units of a document: what one gave becomes part of its document, and the last one publishes it to be assembled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ocrq.contracts import Page, PageError
from tasks.execution.lease_renewer import Lease
from tasks.jobs.ledger import Ledger
from tasks.jobs.record import JobRecord
from tasks.jobs.store import Dispatcher
from tasks.runner import UnitReading


def fan_out(ledger: Ledger, dispatcher: Dispatcher, lease: Lease, slices: Sequence[Sequence[int]], total: int) -> None:
    """Cut a document of ``total`` pages into units, and publish them."""
    for unit in ledger.fan_out(lease.job_id, lease.token, slices, total):
        dispatcher.publish(unit)


def commit_unit(ledger: Ledger, dispatcher: Dispatcher, record: JobRecord, lease: Lease, reading: UnitReading) -> None:
    """End a unit's run; the document is published if it was the last one."""
    parent = ledger.commit_unit(record.id, lease.token, reading)
    if parent:
        dispatcher.publish(parent)


def restored(data: Mapping[str, Any]) -> UnitReading:
    """What a unit gave, from what the ledger keeps of it: a reading, or its failure."""
    if "pages_failed" in data:
        return unread(data["pages_failed"], data["error"]["code"], data["error"]["detail"])
    return UnitReading.from_json(data)


def unread(pages: Sequence[int], code: str, detail: str) -> UnitReading:
    """A unit none of whose pages could be read."""
    fault = PageError(code=code, detail=detail)
    return UnitReading(tuple(Page(page=number, width=0, height=0, error=fault) for number in pages), served_by="")
