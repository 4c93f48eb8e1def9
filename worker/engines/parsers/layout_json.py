"""dots.ocr's answers: a JSON list of layout elements, each with its category and its text.

The list is read element by element, by place: one that was cut off has its text up to there, and each character keeps
its probability.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from ocrq.contracts.result import BlockType
from worker.engines.parsers.answer import Answer, Parsed, joined
from worker.engines.parsers.block_writer import BlockWriter
from worker.engines.parsers.html_blocks import write_html
from worker.engines.parsers.inline import without_marks
from worker.engines.parsers.markdown import write_markdown
from worker.engines.parsers.markup import parse_markdown

CATEGORIES: Mapping[str, BlockType] = {
    "caption": "caption",
    "footnote": "footnote",
    "formula": "formula",
    "page-footer": "footer",
    "page-header": "header",
    "picture": "figure",
    "section-header": "heading",
    "title": "title",
}
"""Those that are more than the Markdown of their texts tells."""

SECTION_LEVEL = 2  # of a heading without a level

_CATEGORY = re.compile(r"\"category\"\s*:\s*\"([^\"\n]{1,40})\"")
_TEXT = re.compile(r"\s*,\s*\"text\"\s*:\s*\"")
_STRING = re.compile(r"(?:[^\"\\]|\\.)*", re.S)
_PIECE = re.compile(r"\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|\\u[\da-fA-F]{4}|\\.|[^\\]+|\\", re.S)
_SYNTAX = re.compile(r"\"?bbox\"?\s*:\s*\[[^\]]*\]?|[\[\]{},:\s]+|\"(?!bbox)|```(?:json)?")
_MATH_MARKS = re.compile(r"\A\s*(?:\$\$|\\\[)|(?:\$\$|\\\])\s*\Z")


def parse_layout(answer: Answer) -> Parsed:
    """An answer's elements; one that has none is taken as Markdown."""
    writer = BlockWriter(answer)
    at = 0
    for category in _CATEGORY.finditer(answer.text):
        if category.start() < at:
            continue  # in an element's text
        _write_rest(answer.part(at, category.start()), writer)
        at = category.end()
        text = Answer("")
        if begin := _TEXT.match(answer.text, at):
            end = _STRING.match(answer.text, begin.end())
            at = end.end() if end else begin.end()
            text = joined(_decoded(answer.part(begin.end(), at)))
        _write_element(category[1].lower(), text, writer)
    if not at:
        read = parse_markdown(answer)
        return replace(read, warnings=("the model's answer has no layout elements and was taken as text",))
    _write_rest(answer.part(at, len(answer.text)), writer)
    return Parsed(*writer.written())


def _write_element(category: str, text: Answer, writer: BlockWriter) -> None:
    kind = CATEGORIES.get(category)
    if category == "table":
        write_html(text, writer, markdown=True)
    elif kind == "formula":
        latex = text.replaced(_MATH_MARKS, "").stripped()
        writer.add("formula", latex.rows(), latex=latex.text)
    elif kind in ("heading", "title") and not text.text.lstrip().startswith("#"):
        writer.add_heading(without_marks(text).rows(), 1 if kind == "title" else SECTION_LEVEL)
    elif kind is None or kind in ("heading", "title"):
        write_markdown(text, writer)
    else:
        writer.add(kind, without_marks(text).rows())


def _write_rest(answer: Answer, writer: BlockWriter) -> None:
    """What stands between elements and is not JSON's."""
    writer.add("text", answer.replaced(_SYNTAX, " ").rows())


def _decoded(string: Answer) -> Iterator[Answer]:
    """The characters of a JSON string; an escape that JSON does not know stays as it is."""
    for piece in _PIECE.finditer(string.text):
        part = string.part(*piece.span())
        if not piece[0].startswith("\\"):
            yield part
            continue
        try:
            yield part.as_read(json.loads(f'"{piece[0]}"'))
        except ValueError:
            yield part
