"""Putting jobs into their queues: under their own id, as often as the ledger asks for it."""

from __future__ import annotations

import json

from celery import Celery
from celery.canvas import Signature

from tasks.celery_app import NORMAL, URGENT
from tasks.jobs.ledger import Ledger
from tasks.jobs.record import JobRecord

UNIT_TASK = "ocr.read_unit"


class Publisher:
    """Publishes messages that carry an id and no document; publishing twice does no harm."""

    def __init__(self, app: Celery, ledger: Ledger) -> None:
        self._app = app
        self._ledger = ledger

    def publish(self, job_id: str) -> None:
        """Publish a job of the ledger; one that is gone is left alone."""
        record = self._ledger.record(job_id)
        if record:
            self.publish_record(record)

    def publish_record(self, record: JobRecord) -> None:
        """Publish a job as its record says."""
        # A document whose units are done has had its turn: it goes in front of those that have not.
        priority = URGENT if record.phase == "assemble" else NORMAL
        if record.message:
            signature = Signature.from_dict(json.loads(record.message), app=self._app)
            if record.started:
                signature.options.pop("expires", None)  # the caller's wish was to start by then
            signature.apply_async(task_id=record.id, queue=record.queue, priority=priority)
        else:
            self.publish_new(
                record.id, UNIT_TASK if record.parent else f"ocr.{record.operation}", record.queue, priority
            )

    def publish_new(self, job_id: str, task: str, queue: str, priority: int = NORMAL) -> None:
        """Publish a message whose result the ledger keeps, and Celery's backend does not."""
        self._app.send_task(task, task_id=job_id, queue=queue, priority=priority, ignore_result=True, retry=False)
