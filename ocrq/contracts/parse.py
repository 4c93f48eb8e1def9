"""From JSON to a checked request; errors name the field and the remedy."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from ocrq.contracts.request import OPERATIONS, DecodingOptions, Operation, ReadRequest
from ocrq.errors import InvalidRequest, InvalidSchema, NotFound

MAX_FIELD_CHARACTERS = 200  # a field name is echoed in the error; a hostile one may be megabytes long


def parse_operation(endpoint: object) -> Operation:
    """The operation an endpoint names, with or without its slash.

    Raises:
        InvalidRequest: ``endpoint`` is not a string.
        NotFound: No operation has this name; the detail lists those that exist.
    """
    if not isinstance(endpoint, str):
        raise InvalidRequest("endpoint is missing; send one like '/extract_text'", field="endpoint")
    name = endpoint.strip().strip("/")
    for operation in OPERATIONS:
        if name == operation:
            return operation
    listed = ", ".join(f"/{operation}" for operation in OPERATIONS)
    raise NotFound(f"there is no endpoint {name[:60]!r}; use one of {listed}", field="endpoint")


def parse_request(data: object) -> ReadRequest:
    """Check a request's JSON.

    Args:
        data: The decoded JSON of the request.

    Returns:
        The request, every bound checked; the image is not decoded yet.

    Raises:
        InvalidRequest: Names the first field at fault and says what it may be.
        InvalidSchema: That field is ``schema``.
    """
    if not isinstance(data, dict):
        raise InvalidRequest('the request must be a JSON object, like {"image": "<base64>"}', field="request")
    try:
        return ReadRequest.model_validate(data)
    except ValidationError as error:
        raise _explained(error) from None


def _explained(error: ValidationError) -> InvalidRequest:
    first = error.errors(include_url=False, include_context=True)[0]
    path = ".".join(str(part) for part in first["loc"])[:MAX_FIELD_CHARACTERS] or '""'
    if first["type"] == "extra_forbidden":
        return InvalidRequest(f"{path} is not a field of this request; {_nearest(first['loc'])}", field=path)
    if first["type"] == "missing":
        return InvalidRequest(f"{path} is missing; send it", field=path)
    message = first["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    given = first.get("input")
    shown = f" (you sent {given!r})" if isinstance(given, int | float | bool) or _short(given) else ""
    kind = InvalidSchema if first["loc"][0] == "schema" else InvalidRequest
    return kind(f"{path} {message}{shown}", field=path)


def _short(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 60


def _nearest(location: tuple[Any, ...]) -> str:
    model = DecodingOptions if location[0] == "decoding_options" else ReadRequest
    known = sorted(field.alias or name for name, field in model.model_fields.items())
    close = get_close_matches(str(location[-1]), known, n=1)
    return f"did you mean {close[0]}?" if close else f"leave it out, or use one of {', '.join(known)}"
