"""The OpenAPI 3.1 document, made from the contracts. ``python -m app --openapi`` prints it."""

from __future__ import annotations

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from app.authorization import HEADER
from app.openapi_parts import Json, example_problem
from app.openapi_routes import paths
from ocrq import __version__
from ocrq.contracts import (
    Batch,
    DeadDelivery,
    Health,
    Job,
    JobList,
    JobSubmission,
    ModelList,
    Problem,
    ReadRequest,
    StructuredResult,
    TextResult,
)
from ocrq.errors import BY_CODE

_TAKEN: tuple[type[BaseModel], ...] = (ReadRequest, JobSubmission)
_GIVEN: tuple[type[BaseModel], ...] = (
    TextResult,
    StructuredResult,
    Job,
    JobList,
    Batch,
    DeadDelivery,
    Health,
    ModelList,
    Problem,
)
_GROUPS = {"error", "request_error", "service_error"}  # branches of the error tree, raised by nothing
_ABOUT = (
    "OCR as a task queue. Send a document and get its text with boxes and a confidence, at once or as a job. Errors "
    "are RFC 9457 problem documents: `code` is stable, `detail` says the remedy, `field` what is at fault."
)

_ABOUT_KEYS = (
    "An API key, where the operator has set some. `GET` needs its scope `read`, `POST` and `DELETE` need `submit`. "
    "A key sees the jobs it submitted, one with the scope `admin` all."
)


def openapi_document() -> Json:
    """The document: every route, parameter and problem, and the contracts as components."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ocrq",
            "version": __version__,
            "summary": "Reads documents.",
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [
            {"name": "read", "description": "Send a document, wait, get its result."},
            {"name": "jobs", "description": "Submit, then poll, listen or cancel."},
            {"name": "webhooks", "description": "Deliveries that did not arrive."},
            {"name": "service", "description": "What the service says of itself."},
        ],
        "paths": paths(),
        "security": [{"bearer": []}, {"header": []}, {}],
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": _ABOUT_KEYS},
                "header": {"type": "apiKey", "in": "header", "name": HEADER, "description": "The same key."},
            },
            "schemas": _schemas(),
            "examples": {code: {"value": example_problem(BY_CODE[code])} for code in _problem_codes()},
        },
    }


def _schemas() -> Json:
    modes: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        *((model, "validation") for model in _TAKEN),
        *((model, "serialization") for model in _GIVEN),
    ]
    _, made = models_json_schema(modes, ref_template="#/components/schemas/{model}")
    schemas: Json = made["$defs"]
    schemas["Problem"]["properties"]["code"]["examples"] = _problem_codes()
    return schemas


def _problem_codes() -> list[str]:
    return sorted(BY_CODE.keys() - _GROUPS)
