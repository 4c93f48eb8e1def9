"""What a caller may ask: the read request, its options and their bounds."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from ocrq.contracts.pages import PageSelection

Operation = Literal["extract_text", "extract_text_robust", "extract_structured", "extract_structured_robust"]
OPERATIONS: tuple[Operation, ...] = (
    "extract_text",
    "extract_text_robust",
    "extract_structured",
    "extract_structured_robust",
)
STRUCTURED: tuple[Operation, ...] = ("extract_structured", "extract_structured_robust")
TextLayerMode = Literal["auto", "never", "only"]
OutputFormat = Literal["text", "lines", "words", "markdown", "html", "csv", "hocr", "alto", "pdf"]
Priority = Literal["interactive", "bulk"]

ROBUST_MIN_VARIANTS = 3
MAX_OPTIONS_BYTES = 64 * 1024  # of options as JSON: hundreds of keys of a client's own
MAX_SCHEMA_BYTES = 256 * 1024  # of the schema as JSON
MAX_OUTPUTS = 100  # names in output, of which each counts once
MAX_LANGUAGES = 50  # codes in languages; ISO 639-1 has 183


class DecodingOptions(BaseModel):
    """Generation options an operator lets a caller set, with their bounds.

    Within the bounds but past what a model can do, the engine caps the value and says so in ``warnings``.
    ``temperature: 0`` means greedy decoding.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    num_beams: Annotated[int, Field(ge=1, le=16)] | None = None
    max_length: Annotated[int, Field(ge=1, le=16384)] | None = None
    max_new_tokens: Annotated[int, Field(ge=1, le=16384)] | None = None
    min_length: Annotated[int, Field(ge=0, le=16384)] | None = None
    do_sample: bool | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_k: Annotated[int, Field(ge=1, le=1000)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    repetition_penalty: Annotated[float, Field(ge=0.5, le=2)] | None = None
    length_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    no_repeat_ngram_size: Annotated[int, Field(ge=0, le=64)] | None = None
    early_stopping: bool | None = None
    num_return_sequences: Annotated[int, Field(ge=1, le=16)] | None = None
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] | None = None


def _bounded(value: dict[str, Any]) -> dict[str, Any]:
    size = len(json.dumps(value, ensure_ascii=False, default=str).encode(errors="replace"))
    if size > MAX_OPTIONS_BYTES:
        raise ValueError(f"has {size:,} bytes as JSON, and at most {MAX_OPTIONS_BYTES:,} are taken")
    return value


def _once_each(names: list[OutputFormat]) -> list[OutputFormat]:
    return list(dict.fromkeys(names))


def _distinct(codes: list[str]) -> list[str]:
    return sorted(set(codes))


def _allow_null(schema: dict[str, Any]) -> None:
    """Say in the JSON Schema that every field may be null."""
    for name, field in schema["properties"].items():
        choices = field.get("anyOf", [])
        if {"type": "null"} in choices:
            continue
        beside = {key: field[key] for key in ("default", "description", "title") if key in field}
        one = {key: value for key, value in field.items() if key not in beside}
        schema["properties"][name] = {
            "anyOf": [*choices, {"type": "null"}] if choices else [one, {"type": "null"}],
            **beside,
        }


class ReadRequest(BaseModel):
    """One document to read; ``schema`` is for the structured operations."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, populate_by_name=True, json_schema_extra=_allow_null
    )

    image: str = Field(
        default="",
        description="The document in base64, with or without a `data:` prefix: PNG, JPEG, WebP, BMP, GIF, TIFF, "
        "HEIC, AVIF or JPEG 2000 with all its frames, PDF with all its pages. An `https:` URL only where the operator "
        "allows its host.",
    )
    model_name: str | None = Field(default=None, max_length=200, description="One of `/models`; else the default.")
    prompt: str | None = Field(default=None, max_length=20_000, description="For models that follow one.")
    use_preprocessing: bool = Field(
        default=False, description="Correct contrast, noise and shadows. Turning and straightening is always done."
    )
    ensemble_size: int = Field(default=1, ge=1, le=10, description="Variants; the robust operations use 3 or more.")
    robust_processing: bool = False
    decoding_options: DecodingOptions = Field(default_factory=DecodingOptions)
    options: Annotated[dict[str, Any], AfterValidator(_bounded)] = Field(
        default_factory=dict, description="Keys that are not known become warnings."
    )
    schema_: dict[str, Any] | None = Field(
        default=None,
        alias="schema",
        description='A JSON Schema, or the short form `{"invoice_number": "string", "total": "number"}`.',
    )
    extraction_type: Literal["structured"] | None = Field(
        default=None, description="Accepted from existing clients, and without effect: the operation decides."
    )
    pages: PageSelection | None = Field(
        default=None, description="Which pages to read, from 1: `1-3,7`, or `2-` for all from the second on."
    )
    output: Annotated[list[OutputFormat], AfterValidator(_once_each)] = Field(
        default_factory=list,
        max_length=MAX_OUTPUTS,
        description="Further formats, returned under `outputs`; naming one twice changes nothing.",
    )
    text_layer: TextLayerMode = Field(
        default="auto",
        description="Where a PDF page carries its own text: `auto` takes it where it can be trusted and reads the "
        "page where not, `never` always reads, `only` takes nothing else.",
    )
    languages: Annotated[list[Annotated[str, Field(pattern=r"^[a-z]{2}$")]], AfterValidator(_distinct)] = Field(
        default_factory=list,
        max_length=MAX_LANGUAGES,
        description="ISO 639-1 codes of the languages that the document may be in, such as `el`: lines are taken for "
        "no other script than theirs, and Latin, Chinese and Japanese. Any language where none is named.",
    )
    priority: Priority = "interactive"
    webhook: str | None = Field(default=None, max_length=2000, description="URL called when the job ends.")
    cache: bool = Field(default=True, description="Whether an equal, earlier result may answer.")

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: Any) -> Any:
        """``null`` stands for the default: most libraries send it for what their callers left out."""
        if not isinstance(data, dict):
            return data
        return {name: value for name, value in data.items() if value is not None or name not in _NAMES}


_NAMES = frozenset(name for key, field in ReadRequest.model_fields.items() for name in (key, field.alias or key))
