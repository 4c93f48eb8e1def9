"""A submission: one request with its document, checked once, for whoever runs the job."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from ocrq.contracts import STRUCTURED, Operation, ReadRequest
from ocrq.errors import InvalidSchema
from tasks.documents.blobs import blob_name
from tasks.documents.ingest import Fetch, take_in
from tasks.documents.schemas import prepared

_SCHEMAS_REMEMBERED = 32  # of some 256 KB at most


@lru_cache(maxsize=_SCHEMAS_REMEMBERED)
def _prepared(schema: str) -> dict[str, Any] | str:
    """Once for all requests that share a schema, as those of a batch do; or why it is refused."""
    try:
        return prepared(json.loads(schema))
    except InvalidSchema as refused:
        return refused.detail


def _prepared_schema(schema: object) -> dict[str, Any]:
    found = _prepared(json.dumps(schema))
    if isinstance(found, str):
        raise InvalidSchema(found, field="schema")
    return found


@dataclass(frozen=True)
class Submission:
    """One document, checked and ready to be read.

    Attributes:
        operation: What to do with it.
        request: Checked; its ``image`` is empty, the bytes stand beside it. Of a structured operation, ``schema`` is
            the prepared one: a JSON Schema without references.
        document: The document's bytes.
        idempotency_key: Makes a repeated submit return the first job.
        owner: The API key's name; None where no keys are configured.
    """

    operation: Operation
    request: ReadRequest
    document: bytes
    idempotency_key: str | None = None
    owner: str | None = None

    @classmethod
    def of(
        cls,
        operation: Operation,
        data: object,
        *,
        max_bytes: int,
        document: bytes | None = None,
        fetch: Fetch | None = None,
        idempotency_key: str | None = None,
        owner: str | None = None,
    ) -> Submission:
        """Check a request and take its document out of it.

        Args:
            operation: What to do with it.
            data: The request's JSON.
            max_bytes: The largest document taken.
            document: The bytes, where they came beside the JSON and not in ``image``.
            fetch: Fetches an ``image`` that is a URL; None where no host is allowed.
            idempotency_key: See the class.
            owner: See the class.

        Raises:
            RequestError: Says what is wrong, and where; :func:`tasks.documents.ingest.take_in` lists the errors.
            InvalidSchema: A structured operation has no schema that fields can be read by.
        """
        request, content = take_in(data, max_bytes=max_bytes, document=document, fetch=fetch)
        if operation in STRUCTURED:
            request = request.model_copy(update={"schema_": _prepared_schema(request.schema_)})
        return cls(operation, request, content, idempotency_key, owner)

    @property
    def decoding_options(self) -> dict[str, Any]:
        """The generation options that the caller set."""
        return self.request.decoding_options.model_dump(exclude_none=True)

    @cached_property
    def blob(self) -> str:
        """The document's name in the blob store: its SHA-256."""
        return blob_name(self.document)
