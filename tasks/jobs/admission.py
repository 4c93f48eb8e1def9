"""Admission: a submission becomes a job of the store, its document is stored, the job published, in this order."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import redis
from kombu.exceptions import OperationalError

from ocrq.contracts import Operation
from ocrq.errors import JobConflict, NoWorker, OcrqError, QueueFull
from tasks.catalogue import Catalogue
from tasks.documents.download import fetcher
from tasks.documents.ingest import stored_request
from tasks.documents.submission import Submission
from tasks.jobs.cache_key import cache_key, reading_key
from tasks.jobs.record import NewJob, new_id, queue_name
from tasks.jobs.store import Accepted, BatchStore, Dispatcher, DocumentStore, JobStore, Workers
from tasks.monitoring.logs import REQUEST_ID
from tasks.monitoring.storage import Storage
from tasks.monitoring.tracing import traceparent
from tasks.settings import Settings
from tasks.webhooks.permission import allowed_webhook

NO_WORKER_RETRY = 5  # seconds: a worker that died is replaced, with its models loaded, in about so long
_BYTES_RETRY = 30  # seconds: some documents are read by then
_LONGEST_RETRY = 600  # seconds; a guess further ahead than this is worth nothing
ACCEPTING_RETRY = 2  # seconds after which a batch whose first copy is being accepted may be sent again
_FREE_SHARE = 0.1  # of a full lane drained is room enough to try again

log = logging.getLogger(__name__)


class Admission:
    """See the module.

    Args:
        settings: For the webhooks that are allowed.
        catalogue: The operator's list.
        store: Where jobs are accepted.
        batches: Where ids of several jobs are.
        documents: Where documents are kept.
        publisher: Hands jobs to those who read them.
        workers: Those who read.
        storage: Whether a job can be kept; None where nothing keeps it but this process.
    """

    def __init__(
        self,
        settings: Settings,
        catalogue: Catalogue,
        store: JobStore,
        batches: BatchStore,
        documents: DocumentStore,
        publisher: Dispatcher,
        workers: Workers,
        storage: Storage | None = None,
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._store = store
        self._batches = batches
        self._documents = documents
        self._publisher = publisher
        self._workers = workers
        self._storage = storage

    def submit(self, submission: Submission) -> str:
        """Accept one job; returns its id, or the first one's for a repeated idempotency key.

        Raises:
            OcrqError: As :meth:`tasks.jobs.service.JobService.submit` says.
        """
        self._require_capacity(len(submission.document))
        job = self._new_job(submission)
        if job.idempotency and (batch := self._batches.reserved(job.idempotency)):
            raise _conflict(batch)
        accepted = self._store.create([job])
        if accepted.verdict == "known":
            self._complete(accepted.job_id, job, submission.document)
            return accepted.job_id
        if accepted.verdict == "conflict":
            raise _conflict(accepted.job_id)
        self._require_accepted(accepted, job.queue)
        self._launch([(job, submission.document)], accepted)
        return job.id

    def submit_batch(self, items: Sequence[Submission | Exception], owner: str | None = None) -> str:
        """Accept a batch, all or nothing; returns its id. An item that is an error is a failed job of its own.

        The items' idempotency key is the batch's.
        """
        good = [item for item in items if isinstance(item, Submission)]
        self._require_capacity(sum(len(item.document) for item in good))
        key = f"{owner or ''}:{good[0].idempotency_key}" if good and good[0].idempotency_key else None
        if key is None:
            batch_id = new_id()
            self._accept_batch(batch_id, items, owner)
            return batch_id
        if job_id := self._store.first_of(key):
            raise _conflict(job_id)
        fingerprint = _batch_fingerprint(items)
        batch_id, used_for, new = self._batches.reserve(key, fingerprint)
        if used_for != fingerprint:
            raise _conflict(batch_id)
        if not new and self._batches.find(batch_id) is None:
            raise JobConflict(
                "the first batch with this Idempotency-Key is still being accepted; ask again shortly",
                field="Idempotency-Key",
                retry_after=ACCEPTING_RETRY,
            )
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
        accepted = self._store.create(jobs)
        self._require_accepted(accepted, "the queue")
        self._batches.create(batch_id, [job.id for job in jobs], owner)
        documents = [item.document if isinstance(item, Submission) else b"" for item in items]
        self._launch(list(zip(jobs, documents, strict=True)), accepted)

    def adopt(self, job_id: str, operation: Operation, request: object, message: str) -> None:
        """Accept a job that was called by a Celery message of its own, and publish it to the queue where it is read.

        Args:
            job_id: The message's.
            operation: What to do.
            request: As the caller sent it.
            message: The caller's signature as JSON, to be published again.
        """
        submission = Submission.of(
            operation, request, max_bytes=self._settings.max_body_bytes, fetch=fetcher(self._settings)
        )
        job = replace(self._new_job(submission, job_id, live_only=False), message=message)
        accepted = self._store.create([job], bounded=False)
        if job.id in (*accepted.following, *accepted.to_publish):
            self._documents.put(job.blob, submission.document)  # of a follower, too: what it follows may be cancelled
            self._store.stored(job.id)
        if job.id in accepted.following:
            return  # the sweeper publishes it once it has its answer
        self._publisher.publish(job.id)

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

    def _new_job(self, submission: Submission, job_id: str = "", live_only: bool = True) -> NewJob:
        """The job of a submission; with ``live_only`` refused where no worker could read it now."""
        request, owner = submission.request, submission.owner
        live = self._workers.pools()
        asked_for = self._catalogue.resolve(request.model_name)
        entry = self._catalogue.serving(asked_for, live)
        if live_only and entry.pool not in live:
            if self._storage:
                self._storage.require()  # a worker that cannot write its heartbeat is not gone
            raise NoWorker(
                f"no worker of the {entry.pool} pool can read now; start one, wait until it has loaded its model, or "
                "ask for a model of another pool",
                retry_after=NO_WORKER_RETRY,
            )
        stored, key = stored_request(request), submission.idempotency_key
        read_as = (submission.operation, stored, submission.blob, asked_for.name, owner)
        return NewJob(
            id=job_id or new_id(),
            operation=submission.operation,
            request=stored,
            blob=submission.blob,
            size=len(submission.document),
            queue=queue_name(entry.pool, request.priority),
            owner=owner,
            idempotency=f"{owner or ''}:{key}" if key else None,
            fingerprint=_fingerprint(submission.operation, stored, submission.blob) if key else None,
            cache_key=cache_key(*read_as),
            reading_key=reading_key(*read_as),
            webhook=allowed_webhook(request.webhook, self._settings),
            request_id=REQUEST_ID.get(),
            trace=traceparent(),
        )

    def _require_capacity(self, size: int) -> None:
        if self._storage:
            self._storage.require_space(size)

    def _launch(self, new: Sequence[tuple[NewJob, bytes]], accepted: Accepted) -> None:
        """Store the documents and publish; once the bytes are kept, the sweeper mends what fails.

        A job that an equal request has answered is not among those accepted to be read or to follow: nobody will
        read its bytes, and nobody would remove them.
        """
        needed = {*accepted.to_publish, *accepted.following}
        try:
            for job, document in new:
                if job.id in needed:
                    self._documents.put(job.blob, document)
            self._store.stored(*needed)
        except (redis.RedisError, OSError):
            for job, _ in new:
                self._store.withdraw(job)
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
        first = self._store.record(first_id)
        if first and first.state == "queued":
            self._documents.put(repeated.blob, document)
            self._store.stored(first_id)

    def _require_accepted(self, accepted: Accepted, queue: str) -> None:
        if accepted.verdict == "kept":
            raise QueueFull(
                f"{accepted.depth:,} jobs were submitted within {self._settings.job_ttl / 3600:g} h, which is as many "
                "as are kept for one owner; try again later, or have the operator raise OCRQ_MAX_KEPT",
                retry_after=_LONGEST_RETRY,
            )
        if accepted.verdict == "bytes":
            raise QueueFull(
                f"{accepted.depth:,} bytes of documents wait, which is as much as may for one owner; try again when "
                "some are read, or have the operator raise OCRQ_MAX_WAITING_MB",
                retry_after=_BYTES_RETRY,
            )
        if accepted.verdict == "seconds":
            raise QueueFull(
                f"reading took {accepted.depth:,} s within an hour, the limit for one owner; try again "
                "later, or have the operator raise OCRQ_MAX_OWNER_SECONDS",
                retry_after=_LONGEST_RETRY,
            )
        if accepted.verdict != "full":
            return
        slots = max(1, self._workers.count())
        drains_in = accepted.depth * _FREE_SHARE * self._store.mean_seconds() / slots
        seconds = max(1, min(_LONGEST_RETRY, round(drains_in)))
        raise QueueFull(
            f"{accepted.depth} documents wait in {queue}, which is as many as may; try again in {seconds} s",
            retry_after=seconds,
        )


def _conflict(job_id: str) -> JobConflict:
    return JobConflict(
        "this Idempotency-Key was used for another request; send a new key with a new request",
        field="Idempotency-Key",
        extra={"job_id": job_id},
    )


def _fingerprint(operation: Operation, stored: Mapping[str, Any], blob: str) -> str:
    return hashlib.sha256(json.dumps([operation, stored, blob], sort_keys=True).encode()).hexdigest()


def _batch_fingerprint(items: Sequence[Submission | Exception]) -> str:
    parts = [
        _fingerprint(item.operation, stored_request(item.request), item.blob)
        if isinstance(item, Submission)
        else str(item)
        for item in items
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
