"""Admission: a submission becomes a job of the ledger, its document is stored, its message published, in this order."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NoReturn

import redis
from kombu.exceptions import OperationalError

from ocrq.errors import JobConflict, NoWorker, OcrqError, QueueFull
from tasks.catalogue import Catalogue
from tasks.documents.blobs import BlobStore, blob_name
from tasks.documents.intake import check_schema, stored_request
from tasks.jobs.backend import Submission
from tasks.jobs.batches import Batches
from tasks.jobs.cache_key import cache_key
from tasks.jobs.ledger import Accepted, Ledger
from tasks.jobs.publish import Publisher
from tasks.jobs.record import NewJob, new_id, queue_name
from tasks.monitoring.heartbeat import Heartbeat, live_pools
from tasks.settings import Settings
from tasks.webhooks.permission import allowed_webhook

NO_WORKER_RETRY = 5  # seconds: a worker that died is replaced, with its models loaded, in about so long
_LONGEST_RETRY = 600  # seconds; a guess further ahead than this is worth nothing
_ROOM = 0.1  # of a full lane drained is room enough to try again

log = logging.getLogger(__name__)


class Admission:
    """See the module.

    Args:
        settings: For who may be told.
        catalogue: The operator's list.
        ledger: Where jobs are accepted.
        batches: Where ids of several jobs are.
        blobs: Where documents lie.
        publisher: Puts messages into the queues.
        live_beats: The processes that live.
    """

    def __init__(
        self,
        settings: Settings,
        catalogue: Catalogue,
        ledger: Ledger,
        batches: Batches,
        blobs: BlobStore,
        publisher: Publisher,
        live_beats: Callable[[], list[Heartbeat]],
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._ledger = ledger
        self._batches = batches
        self._blobs = blobs
        self._publisher = publisher
        self._live_beats = live_beats

    def submit(self, submission: Submission) -> str:
        """Accept one job; returns its id, or the first one's for a repeated idempotency key.

        Raises:
            OcrqError: As :meth:`tasks.jobs.backend.Backend.submit` says.
        """
        job = self._new_job(submission)
        accepted = self._ledger.create([job])
        if accepted.verdict == "known":
            self._complete(accepted.job_id, job, submission.document)
            return accepted.job_id
        if accepted.verdict == "conflict":
            raise JobConflict(
                "this Idempotency-Key was used for another request; send a new key with a new request",
                field="Idempotency-Key",
                extra={"job": accepted.job_id},
            )
        if accepted.verdict == "full":
            self._refuse_full(accepted, job.queue)
        self._launch([(job, submission.document)], accepted)
        return job.id

    def submit_batch(self, items: Sequence[Submission | Exception], owner: str | None = None) -> str:
        """Accept a batch, all or nothing; returns its id. An item that is an error is a failed job of its own.

        The items' idempotency key is the batch's.
        """
        good = [item for item in items if isinstance(item, Submission)]
        key = f"{owner or ''}:{good[0].idempotency_key}" if good and good[0].idempotency_key else None
        if key is None:
            batch_id = new_id()
            self._accept_batch(batch_id, items, owner)
            return batch_id
        batch_id, new = self._batches.reserve(key, _batch_fingerprint(items))
        if new:
            try:
                self._accept_batch(batch_id, items, owner)
            except Exception:
                self._batches.free(key)
                raise
        self._batches.keep(key)
        return batch_id

    def _accept_batch(self, batch_id: str, items: Sequence[Submission | Exception], owner: str | None) -> None:
        jobs = [self._item(item, owner) for item in items]
        accepted = self._ledger.create(jobs)
        if accepted.verdict == "full":
            self._refuse_full(accepted, "the queue")
        self._batches.create(batch_id, [job.id for job in jobs], owner)
        documents = [item.document if isinstance(item, Submission) else b"" for item in items]
        self._launch(list(zip(jobs, documents, strict=True)), accepted)

    def publish(self, job_id: str) -> None:
        """Publish a job that the ledger has; where that fails, the sweeper does it."""
        try:
            self._publisher.publish(job_id)
        except (redis.RedisError, OperationalError, OSError) as error:
            log.warning("job %s will be published by the sweeper: %s", job_id, error)

    def _item(self, item: Submission | Exception, owner: str | None) -> NewJob:
        try:
            if isinstance(item, Exception):
                raise item
            return self._new_job(replace(item, idempotency_key=None))
        except NoWorker:
            raise
        except OcrqError as error:
            return NewJob(
                id=new_id(),
                operation=item.operation if isinstance(item, Submission) else "extract_text",
                request={},
                blob="",
                queue=queue_name("cpu", "interactive"),
                owner=owner,
                error=error.to_json(),
            )

    def _new_job(self, submission: Submission) -> NewJob:
        request, owner = submission.request, submission.owner
        check_schema(submission.operation, request)
        live = live_pools(self._live_beats())
        asked_for = self._catalogue.resolve(request.model_name)
        entry = self._catalogue.serving(asked_for, live)
        if entry.pool not in live:
            raise NoWorker(
                f"no worker of the {entry.pool} pool is running; start one, or ask for a model of another pool",
                retry_after=NO_WORKER_RETRY,
            )
        name = blob_name(submission.document)
        key = submission.idempotency_key
        return NewJob(
            id=new_id(),
            operation=submission.operation,
            request=stored_request(request),
            blob=name,
            queue=queue_name(entry.pool, request.priority),
            owner=owner,
            idempotency=f"{owner or ''}:{key}" if key else None,
            fingerprint=_fingerprint(submission, name) if key else None,
            cache_key=cache_key(submission.operation, request, name, asked_for.name, owner),
            webhook=allowed_webhook(request.webhook, self._settings),
        )

    def _launch(self, new: Sequence[tuple[NewJob, bytes]], accepted: Accepted) -> None:
        """Store the documents and publish; once the bytes are kept, the sweeper mends what fails.

        A job that an equal request has answered is not among those accepted to be read or to follow: nobody will
        read its bytes, and nobody would remove them.
        """
        needed = {*accepted.to_publish, *accepted.following}
        try:
            for job, document in new:
                if job.id in needed:
                    self._blobs.put(job.blob, document)
            self._ledger.stored(*accepted.to_publish)
        except (redis.RedisError, OSError):
            for job, _ in new:
                self._ledger.withdraw(job)
            raise
        to_publish = set(accepted.to_publish)
        for job, _ in new:
            if job.id not in to_publish:
                continue
            try:
                self._publisher.publish_new(job.id, f"ocr.{job.operation}", job.queue)
            except (redis.RedisError, OperationalError, OSError) as error:
                log.warning("job %s is accepted and will be published by the sweeper: %s", job.id, error)

    def _complete(self, first_id: str, repeated: NewJob, document: bytes) -> None:
        """Whoever submitted a job first may have died, or given up, before the document was stored."""
        first = self._ledger.record(first_id)
        if first and first.state == "queued":
            self._blobs.put(repeated.blob, document)
            self._ledger.stored(first_id)

    def _refuse_full(self, accepted: Accepted, queue: str) -> NoReturn:
        slots = max(1, len(self._live_beats()))
        drains_in = accepted.depth * _ROOM * self._ledger.mean_seconds() / slots
        seconds = max(1, min(_LONGEST_RETRY, round(drains_in)))
        raise QueueFull(
            f"{accepted.depth} documents wait in {queue}, which is as many as may; try again in {seconds} s",
            retry_after=seconds,
        )


def _fingerprint(submission: Submission, blob: str) -> str:
    asked = json.dumps([submission.operation, stored_request(submission.request), blob], sort_keys=True)
    return hashlib.sha256(asked.encode()).hexdigest()


def _batch_fingerprint(items: Sequence[Submission | Exception]) -> str:
    parts = [
        _fingerprint(item, blob_name(item.document)) if isinstance(item, Submission) else str(item) for item in items
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
