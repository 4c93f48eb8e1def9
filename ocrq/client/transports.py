"""What a client asks of a service, whichever protocol is spoken there, and how answers are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from ocrq.client.endpoint import Endpoint
from ocrq.client.failures import Failure, not_ours
from ocrq.client.steps import Flow
from ocrq.contracts import Batch, Health, Job, ModelList, Operation
from ocrq.errors import ServerUnreachable

Document = TypeVar("Document", bound=BaseModel)


@dataclass(frozen=True)
class Order:
    """A document to be read.

    Attributes:
        operation: What to do with it.
        request: The other fields of the request.
        content: Its bytes; None where ``request`` has an ``image`` by URL.
        name: Of its file.
        key: The same for every attempt, so that no two of them make two jobs.
    """

    operation: Operation
    request: Mapping[str, Any]
    content: bytes | None
    name: str
    key: str


class Transport(Protocol):
    """One service. Its flows try once, and raise :class:`~ocrq.client.failures.Failure`."""

    @property
    def endpoint(self) -> Endpoint:
        """Where it is."""

    def submit(self, order: Order) -> Flow[Job]:
        """Hand a document in; the job may have ended already."""

    def job(self, job_id: str, wait: float) -> Flow[Job | Batch]:
        """A job as it is, or as it is once it has ended, or ``wait`` seconds have passed."""

    def cancel(self, job_id: str) -> Flow[Job | Batch]:
        """Stop a job."""

    def health(self) -> Flow[Health]:
        """How the service is."""

    def models(self) -> Flow[ModelList]:
        """What may be asked for."""


def parsed(model: type[Document], data: object, base: str) -> Document:
    """An answer as the contract it is; members that a newer server adds are kept, not refused.

    Raises:
        Failure: It is none.
    """
    try:
        return model.model_validate(data, extra="allow")
    except ValidationError:
        error = ServerUnreachable(
            f"what answers at {base} is no ocrq server that this version knows; mend the address, or bring client "
            "and server to the same version"
        )
        raise Failure(error, "useless") from None


def decoded(answer: httpx.Response, base: str) -> Any:
    """The JSON of an answer.

    Raises:
        Failure: It has none.
    """
    try:
        return answer.json()
    except ValueError:
        raise Failure(not_ours(base, f"HTTP {answer.status_code}"), "useless") from None
