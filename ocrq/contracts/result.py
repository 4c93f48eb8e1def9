"""What comes back: pages, lines and words with boxes and confidence, and the structured result."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Point = tuple[float, float]
Box = Annotated[
    tuple[Point, Point, Point, Point],
    Field(
        description="Four [x, y] points in pixels of the page as sent (after the EXIF rotation, before any by ocrq), "
        "clockwise from the text's own top left."
    ),
]
Confidence = Annotated[float, Field(ge=0, le=1)]


class Model(BaseModel):
    """Base of the results: unknown members are a programming error."""

    model_config = ConfigDict(extra="forbid")


class Word(Model):
    """One word of a line."""

    text: str
    confidence: Confidence
    box: Box | None = None


class Line(Model):
    """One text line; its confidence is the probability that it is right."""

    text: str
    confidence: Confidence
    box: Box | None = Field(default=None, description="Null where the model gives none and it cannot be found.")
    words: list[Word] | None = None


BlockType = Literal[
    "title",
    "heading",
    "text",
    "list_item",
    "table",
    "figure",
    "caption",
    "formula",
    "code",
    "footnote",
    "header",
    "footer",
    "page_number",
    "form",
    "stamp",
    "checkbox",
]


class TableCell(Model):
    """One cell of a table; rows and columns count from 0."""

    row: int = Field(ge=0)
    column: int = Field(ge=0)
    row_span: int = Field(default=1, ge=1)
    column_span: int = Field(default=1, ge=1)
    header: bool = False
    text: str = ""
    box: Box | None = None
    lines: list[int] = Field(default_factory=list, description="Indices into the page's lines.")


class Table(Model):
    """The structure of a table block."""

    rows: int = Field(ge=0)
    columns: int = Field(ge=0)
    cells: list[TableCell] = Field(default_factory=list, description="Row by row; no two cover the same place.")


class Block(Model):
    """A part of the page that is read as one: a paragraph, a heading, a table."""

    type: BlockType
    box: Box | None = None
    confidence: Confidence = 0.0
    text: str = ""
    lines: list[int] = Field(default_factory=list, description="Indices into the page's lines, in reading order.")
    level: int | None = Field(default=None, ge=1, le=6, description="Of a heading.")
    table: Table | None = Field(default=None, description="Of a table.")
    latex: str | None = Field(default=None, description="Of a formula, where the model wrote it.")
    checked: bool | None = Field(default=None, description="Of a checkbox.")


class PageError(Model):
    """Why a page could not be read."""

    code: str
    detail: str


class Page(Model):
    """One page. Its confidence is the expected share of words that are right."""

    page: int = Field(ge=1)
    width: int = Field(ge=0, description="Pixels of the page as sent, after the EXIF rotation.")
    height: int = Field(ge=0)
    angle: float = Field(default=0.0, description="Degrees clockwise by which the page's text was turned.")
    dpi: float | None = Field(default=None, description="For PDF pages: the resolution they were rendered at.")
    text: str = ""
    confidence: Confidence = 0.0
    lines: list[Line] = Field(default_factory=list)
    blocks: list[Block] = Field(
        default_factory=list, description="In reading order; every line belongs to exactly one of them."
    )
    text_source: Literal["layer", "ocr", "mixed"] = Field(
        default="ocr", description="Whether the text is the PDF's own, was read, or both."
    )
    error: PageError | None = None


class Metadata(Model):
    """How the result came about."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())

    model_name: str = Field(description="The requested model.")
    served_by: str = Field(description="engine/model that really read it.")
    variants_processed: int = 1
    preprocessing_enabled: bool = False
    ensemble_size: int | None = None
    robust_processing: bool | None = None
    cached: bool = False
    warnings: list[str] = Field(default_factory=list)


class TextResult(Model):
    """The answer of `/extract_text` and `/extract_text_robust`."""

    text: str
    confidence: Confidence
    language: str | None = Field(description="ISO 639-1, detected; null where there is too little text.")
    processing_time: float = Field(ge=0, description="Seconds from start to result.")
    pages: list[Page]
    outputs: dict[str, str] | None = Field(default=None, description="Format to document; binary ones in base64.")
    metadata: Metadata


class FieldEvidence(Model):
    """One extracted field and where it stands."""

    value: Any = Field(default=None, description="In the schema's type; dates as ISO 8601. Null where none was found.")
    confidence: Confidence = Field(default=0.0, description="The probability that the value is right.")
    text: str | None = Field(default=None, description="As it stands on the page.")
    page: int | None = None
    box: Box | None = Field(default=None, description="Where the text stands; null where the model gives no places.")
    boxes: list[Box] | None = Field(
        default=None, description="One a line where the text stands on several, in reading order; `box` is around all."
    )
    reason: str | None = Field(default=None, description="Why the value is null, or which check it failed.")


class StructuredMetadata(Metadata):
    """Metadata of the structured operations."""

    source_text: str = ""
    schema_keys: list[str] = Field(default_factory=list)
    extraction_method: str = ""


class StructuredResult(Model):
    """The answer of `/extract_structured` and `/extract_structured_robust`."""

    structured_data: dict[str, Any] = Field(description="Valid under the schema.")
    confidence: Confidence = Field(description="The expected share of the values given that are right.")
    processing_time: float = Field(ge=0)
    fields: dict[str, FieldEvidence] = Field(
        default_factory=dict, description="By name: `seller.name` in objects, `items[0].amount` in lists."
    )
    metadata: StructuredMetadata
