"""What a door needs from whatever runs the jobs: the queue, or one process by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ocrq.contracts import Batch, DeadDelivery, Health, Job, ModelList, Operation, ReadRequest


@dataclass(frozen=True)
class Submission:
    """One document, checked and ready to be queued.

    Attributes:
        operation: What to do with it.
        request: Checked; its ``image`` is empty, the bytes stand beside it.
        document: The document's bytes.
        idempotency_key: Makes a repeated submit return the first job.
        owner: The API key's name; None where no keys are configured.
    """

    operation: Operation
    request: ReadRequest
    document: bytes
    idempotency_key: str | None = None
    owner: str | None = None


@dataclass(frozen=True)
class JobEvent:
    """One step of a job, as server-sent events tell it.

    Attributes:
        id: Grows with each event of a job; what ``Last-Event-ID`` names.
        name: ``status``, ``progress`` or ``page``.
        data: JSON of the event.
    """

    id: str
    name: str
    data: dict[str, Any]


class Backend(Protocol):
    """Runs jobs. Every method answers or raises within seconds, except the waits, which say how long they may take."""

    def submit(self, submission: Submission) -> Job:
        """Accept a job: from here on it ends in exactly one result or one told failure.

        Raises:
            ModelNotAllowed: The model is not on the list.
            InvalidSchema: Fields cannot be read by the request's schema.
            QueueFull: As many jobs wait as may; ``retry_after`` says when to ask again.
            NoWorker: No worker lives that could read it.
            BrokerUnavailable: Redis does not answer.
        """
        ...

    def submit_batch(self, items: Sequence[Submission | Exception], owner: str | None = None) -> Batch:
        """Accept a batch: an item that is an error already is a failed job of its own. All of it is ``owner``'s.

        Raises:
            QueueFull: The batch does not fit; nothing of it was accepted.
            BrokerUnavailable: Redis does not answer.
        """
        ...

    def get(self, job_id: str, owner: str | None = None) -> Job | Batch:
        """The job or batch as it is now.

        Raises:
            JobNotFound: No such id, or it belongs to another owner.
            JobExpired: It ended, and its time to live is over.
            BrokerUnavailable: Redis does not answer.
        """
        ...

    def wait(self, job_id: str, seconds: float, owner: str | None = None) -> Job | Batch:
        """As :meth:`get`, held until the job ends or the seconds pass.

        Raises:
            TooManyWaiting: As many callers wait in this process as it can hold.
        """
        ...

    def cancel(self, job_id: str, owner: str | None = None) -> Job | Batch:
        """Cancel: queued work never starts, running work stops at its next step. An ended job stays as it is."""
        ...

    def retry(self, job_id: str, owner: str | None = None) -> Job:
        """Try a failed job again.

        Raises:
            JobConflict: It has not failed, or its document is gone.
        """
        ...

    def dead(self, owner: str | None = None) -> list[Job]:
        """Jobs whose workers died on them, the latest first, as long as they are kept."""
        ...

    def dead_deliveries(self, owner: str | None = None) -> list[DeadDelivery]:
        """Webhook deliveries that were given up, the latest first, as long as they are kept."""
        ...

    def retry_delivery(self, delivery_id: str, owner: str | None = None) -> None:
        """Send a delivery that was given up again, with all its tries.

        Raises:
            NotFound: No such delivery was given up, or it tells of another owner's job.
        """
        ...

    def events(self, job_id: str, after: str | None = None, owner: str | None = None) -> Iterator[JobEvent | None]:
        """The job's events from ``after`` on until it ends; None now and then, so that a dead client is noticed."""
        ...

    def health(self) -> Health:
        """From the workers' heartbeats; never raises: a dead broker is ``unhealthy`` with the reason."""
        ...

    def ready(self) -> bool:
        """Whether a worker can read."""
        ...

    def models(self) -> ModelList:
        """The operator's list."""
        ...
