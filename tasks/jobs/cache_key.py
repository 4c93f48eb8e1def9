"""When two requests are equal: the same bytes and fields, read by the same model and pipelines."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ocrq.contracts import STRUCTURED, Operation

PIPELINE_REVISION = 1
"""Raised whenever the pipelines read differently than before, so that no older result answers."""

_RENDERING_OPTIONS = ("furniture",)  # keys of ``options`` that change output formats alone
_NOT_READ = ("priority", "webhook", "cache")  # fields that change when and whom, and not what is read


def cache_key(operation: Operation, request: Mapping[str, Any], blob: str, model: str, owner: str | None) -> str | None:
    """The name under which equal requests meet; None where the caller wants none.

    Args:
        operation: What is done.
        request: As :func:`tasks.documents.ingest.stored_request` gives it.
        blob: Name of the document: its hash.
        model: Name of the requested model.
        owner: The API key's name: one owner's results never answer another's requests.
    """
    if not request.get("cache", True):
        return None
    fields: Mapping[str, Any] = {name: value for name, value in request.items() if name not in _NOT_READ}
    facts = [PIPELINE_REVISION, operation, fields, blob, model, owner]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def reading_key(
    operation: Operation, request: Mapping[str, Any], blob: str, model: str, owner: str | None
) -> str | None:
    """The name under which requests meet that are equal but for the output formats; arguments as :func:`cache_key`.

    None for the structured operations, which have no output formats.
    """
    if operation in STRUCTURED:
        return None
    fields = {name: value for name, value in request.items() if name not in ("output", "options")}
    options = {name: value for name, value in request.get("options", {}).items() if name not in _RENDERING_OPTIONS}
    fields |= {"options": options} if options else {}
    equal = cache_key(operation, fields, blob, model, owner)
    return f"reading:{equal}" if equal else None
