"""How a request comes in: as JSON, as a form with files, or as the document itself with options in the query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Request
from werkzeug.datastructures import FileStorage, MultiDict

from app.request_body import parse_json, read_body, refuse_encoding
from ocrq.contracts import MAX_BATCH, Operation, ReadRequest, parse_job_request, parse_operation
from ocrq.errors import InvalidRequest, UnsupportedFormat
from tasks.documents.ingest import Fetch
from tasks.documents.submission import Submission

MAX_KEY_CHARACTERS = 255  # of an Idempotency-Key
DEFAULT_ENDPOINT = "/extract_text"
FILE_PARTS = ("file", "image")

_DOCUMENT_TYPES = ("application/pdf", "application/octet-stream")
_FORM = "multipart/form-data"
_TEXT_OPTIONS = frozenset(
    {"image", "model_name", "prompt", "extraction_type", "pages", "priority", "text_layer", "webhook"}
)
_LISTS = frozenset({"output", "languages"})
_SWITCHES = frozenset(name for name, field in ReadRequest.model_fields.items() if field.annotation is bool)
# As people type them, as Python and JavaScript write them, and as a ticked box of a form comes.
_TRUE = frozenset({"true", "1", "on", "yes"})
_FALSE = frozenset({"false", "0", "off", "no"})
_OPTIONS = frozenset(field.alias or name for name, field in ReadRequest.model_fields.items())


@dataclass(frozen=True)
class Upload:
    """One request as it came.

    Attributes:
        data: The request's JSON, unchecked.
        document: The bytes, where they came beside it.
    """

    data: object
    document: bytes | None = None

    def submission(
        self,
        operation: Operation,
        *,
        max_bytes: int,
        fetch: Fetch | None = None,
        key: str | None = None,
        owner: str | None = None,
    ) -> Submission:
        """Check it.

        Raises:
            RequestError: Says what is wrong, and where.
        """
        return Submission.of(
            operation,
            self.data,
            max_bytes=max_bytes,
            document=self.document,
            fetch=fetch,
            idempotency_key=key,
            owner=owner,
        )


@dataclass(frozen=True)
class JobUploads:
    """What ``POST /jobs`` asks for; see :class:`ocrq.contracts.JobRequest`."""

    operation: Operation
    uploads: list[Upload]
    batch: bool


def read_upload(request: Request) -> Upload:
    """The request of a synchronous route.

    Raises:
        RequestError: The body is of no kind taken here, or not well-formed.
    """
    if request.is_json:
        _refuse_query_options(request)
        return Upload(parse_json(read_body(request)))
    if request.mimetype == _FORM:
        uploads = _form_uploads(request)
        if len(uploads) > 1:
            raise InvalidRequest(f"{len(uploads)} files were sent; send one, or all to /jobs", field="file")
        return uploads[0]
    return _raw_upload(request)


def read_job_request(request: Request) -> JobUploads:
    """The request of ``POST /jobs``.

    Raises:
        RequestError: As :func:`read_upload`, or no operation has the endpoint's name.
    """
    if request.is_json:
        asked = parse_job_request(parse_json(read_body(request)))
        return JobUploads(asked.operation, [Upload(one) for one in asked.requests], asked.batch)
    if request.mimetype == _FORM:
        uploads = _form_uploads(request)
        return JobUploads(parse_operation(request.form.get("endpoint", DEFAULT_ENDPOINT)), uploads, len(uploads) > 1)
    operation = parse_operation(request.args.get("endpoint", DEFAULT_ENDPOINT))
    return JobUploads(operation, [_raw_upload(request)], batch=False)


def idempotency_key(request: Request) -> str | None:
    """The ``Idempotency-Key`` header.

    Raises:
        InvalidRequest: It is empty, too long, or not printable ASCII.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (0 < len(key) <= MAX_KEY_CHARACTERS and key.isascii() and key.isprintable()):
        raise InvalidRequest(
            f"Idempotency-Key must be 1 to {MAX_KEY_CHARACTERS} printable ASCII characters; a UUID does",
            field="Idempotency-Key",
        )
    return key


def _form_uploads(request: Request) -> list[Upload]:
    refuse_encoding(request)
    try:
        form, files = request.form, request.files
    except OSError:
        raise InvalidRequest("the body was not fully received; send it again", field="body") from None
    if not all((*form, *files)):
        raise InvalidRequest("a part of the form has no name; name the document's part 'file'", field="file")
    for name in files:
        if name not in FILE_PARTS:
            raise InvalidRequest(f"a file was sent as {name[:60]!r}; name the part 'file'", field="file")
    documents = [part for name in FILE_PARTS for part in files.getlist(name) if not _left_empty(part)]
    if len(documents) > MAX_BATCH:
        raise InvalidRequest(f"{len(documents):,} files were sent; send at most {MAX_BATCH:,} at a time", field="file")
    data = _form_data(form)
    if not documents:
        if isinstance(data, dict) and data.get("image"):
            return [Upload(data)]
        raise InvalidRequest("no file was sent; send it as the part 'file'", field="file")
    return [Upload(data, part.read()) for part in documents]


def _left_empty(part: FileStorage) -> bool:
    """Whether a browser sent the part for a file field that was left empty."""
    return not part.filename and not part.stream.read(1) and part.stream.seek(0) == 0


def _form_data(form: MultiDict[str, str]) -> object:
    options = {name: values for name, values in form.lists() if name not in {"request", "endpoint"}}
    data = parse_json(form["request"], "request") if "request" in form else {}
    if not isinstance(data, dict):
        return data  # parse_request says what is wrong with it
    for name in options:
        if name in data:
            raise InvalidRequest(
                f"{name[:60]} was sent twice, in request and next to it; send it once", field=name[:60]
            )
    return {**data, **typed_options(options)}


def _raw_upload(request: Request) -> Upload:
    kind = request.mimetype
    if not kind.startswith("image/") and kind not in _DOCUMENT_TYPES:
        came = f"Content-Type {kind[:60]!r} is not taken" if kind else "Content-Type is missing"
        raise UnsupportedFormat(
            f"{came}; send application/json, multipart/form-data with a part 'file', or the document itself as "
            "image/png, image/jpeg, application/pdf or application/octet-stream",
            field="Content-Type",
        )
    options = {name: values for name, values in request.args.lists() if name != "endpoint"}
    return Upload(typed_options(options), read_body(request))


def typed_options(options: Mapping[str, Iterable[str]]) -> dict[str, Any]:
    """Options that came as text, typed as the request has them.

    Args:
        options: Name to values, as forms and queries give them: numbers and objects are read as JSON, booleans also
            as people write them, lists separated by commas, and what is empty is left out.

    Raises:
        InvalidRequest: One came twice.
    """
    typed: dict[str, Any] = {}
    for name, values in options.items():
        texts = [text for text in values if text.strip()]  # an empty field of a form is one that was left out
        if not texts:
            continue
        if name in _LISTS:
            typed[name] = [part.strip() for text in texts for part in text.split(",") if part.strip()]
            continue
        if len(texts) > 1:
            raise InvalidRequest(f"{name[:60]} was sent {len(texts)} times; send it once", field=name[:60])
        typed[name] = texts[0] if name in _TEXT_OPTIONS else _from_text(name, texts[0])
    return typed


def _from_text(name: str, text: str) -> object:
    word = text.strip().lower()
    if name in _SWITCHES and word in _TRUE | _FALSE:
        return word in _TRUE
    try:
        return parse_json(text)
    except InvalidRequest:
        return text  # parse_request says what the field takes


def _refuse_query_options(request: Request) -> None:
    """An option in the query of a JSON request would be passed over in silence."""
    for name in request.args:
        if name in _OPTIONS:
            raise InvalidRequest(f"{name} was sent in the query; put it into the JSON body", field=name)
