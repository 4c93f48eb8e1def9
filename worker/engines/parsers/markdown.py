"""Markdown to blocks: CommonMark with GitHub's tables, HTML in it, and formulas in LaTeX.

markdown-it-py finds the blocks; their text is cut out of the answer itself, so that each character keeps its
probability. Lines that belong to none of its blocks are text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby

from markdown_it import MarkdownIt

from ocrq.contracts.result import BlockType
from worker.engines.parsers.answer import Answer, joined
from worker.engines.parsers.block_writer import BlockWriter
from worker.engines.parsers.html_blocks import write_html
from worker.engines.parsers.html_tags import tags_of
from worker.engines.parsers.inline import PICTURE, without_marks
from worker.engines.parsers.islands import LANGUAGE, islands_of
from worker.engines.parsers.table_grid import Cell

DEEPEST = 60  # containers in each other; lines of deeper ones are text

_OUTER_FENCE = re.compile(
    r"\A\s*```(?:markdown|md|html|latex|text)?[ \t]*\n(.*?)(?:\n[ \t]*```[ \t]*\s*)?\Z", re.S | re.I
)
_QUOTE = re.compile(r"(?:[ \t]{0,3}>[ \t]?)+")
_HEADING = re.compile(r"[ \t]*#{1,6}(?:[ \t]+|$)(.*?)(?:[ \t]+#+)?[ \t]*\Z", re.S)
_FENCE = re.compile(rf"[ \t>]*(?:`{{3,}}|~{{3,}})(?:{LANGUAGE}$)?")
_FOOTNOTE = re.compile(r"[ \t]*\[\^[^\]\s]{1,20}\]:")
_PICTURES = re.compile(rf"\s*(?:{PICTURE.pattern}\s*)+")
_BAR = re.compile(r"(?<!\\)\|")
_RULE_CELLS = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_ROW = re.compile(r"[ \t]*\|.*\|[ \t]*")
_ESCAPED_BAR = re.compile(r"\\(\|)")
_BREAK = re.compile(r"<br\s*/?>", re.I)
_HTML_BLOCKS = frozenset(("table", "tr", "td", "th", "ul", "ol", "li", "pre", *(f"h{level}" for level in range(1, 7))))


@cache
def _commonmark() -> MarkdownIt:
    """Without inline marks, which are cut out by place, and without what models do not mean.

    That is: four spaces are not program text, a line over a rule is not a heading, and "[a]: b" is not a reference.
    """
    options = {"html": True, "maxNesting": DEEPEST}
    return MarkdownIt("commonmark", options).enable("table").disable(["inline", "code", "lheading", "reference"])


def unfenced(answer: Answer) -> Answer:
    """An answer without the fence that models put around the whole of it."""
    fence = _OUTER_FENCE.match(answer.text)
    if fence is None or re.search(r"^[ \t]*```", fence[1], re.M):
        return answer
    return answer.part(*fence.span(1))


def write_markdown(answer: Answer, writer: BlockWriter) -> None:
    """Write the blocks of a Markdown text."""
    for island in islands_of(answer.text):
        inner = answer.part(*island.inner)
        match island.kind:
            case "table":
                write_html(inner, writer, markdown=True)
            case "formula":
                writer.add("formula", inner.rows(), latex=inner.text.strip())
            case "code":
                writer.add("code", inner.rows())
            case _:
                _write_blocks(inner, writer)


def _write_blocks(answer: Answer, writer: BlockWriter) -> None:
    lines = list(answer.rows())
    for first, after, kind in _with_gaps(_leaves(answer.text), len(lines)):
        _write_block(kind, lines[first:after], writer)


Leaf = tuple[int, int, str]
"""First line, the line after the last, and the kind: a token's type, or that of the list's item it begins."""


def _leaves(text: str) -> Iterator[Leaf]:
    """The blocks that hold text, with their lines."""
    item: int | None = None  # line on which a list's item begins that has no text yet
    table_end = 0
    heading = 0
    for token in _commonmark().parse(text):
        if token.map is None or token.map[0] < table_end:
            continue
        first, after = token.map
        if token.type == "table_open":
            table_end = after
            yield first, after, "table"
        elif token.type == "list_item_open":
            item = first
        elif token.type == "heading_open":
            heading = int(token.tag[1])
        elif token.type == "inline":
            begins = item is not None and not heading
            yield first, after, f"heading{heading}" if heading else "list_item" if begins else "text"
            heading, item = 0, None
        elif token.type in ("html_block", "hr", "fence"):
            yield first, after, token.type
            item = None


def _with_gaps(leaves: Iterator[Leaf], count: int) -> Iterator[Leaf]:
    """The leaves, and the lines between that are in none, each line once."""
    at = 0
    for first, after, kind in leaves:
        if at < first:
            yield at, first, "text"
        if max(at, first) < after:
            yield max(at, first), after, kind
        at = max(at, after)
    if at < count:
        yield at, count, "text"


def _write_block(kind: str, lines: Sequence[Answer], writer: BlockWriter) -> None:
    if kind == "hr":
        return
    if kind == "table":
        writer.add_table(list(_table_rows(lines)))
    elif kind == "html_block":
        write_html(_glued(lines), writer, markdown=True)
    elif kind == "fence":
        _write_code(lines, writer)
    elif kind.startswith("heading"):
        _write_heading(lines, int(kind[-1]), writer)
    else:
        for empty, paragraph in groupby(map(_unquoted, lines), key=lambda line: not line.text.strip()):
            if not empty:
                _write_paragraph(kind, list(paragraph), writer)
                kind = "text"


def _write_code(lines: Sequence[Answer], writer: BlockWriter) -> None:
    """Program text without its fences; what stands on them and is not a language's name is text."""
    fences = [number for number in sorted({0, len(lines) - 1}) if _FENCE.match(lines[number].text)]
    for number in fences:
        writer.add("text", [without_marks(lines[number].replaced(_FENCE, ""))])
    writer.add("code", [line for number, line in enumerate(lines) if number not in fences])


def _write_heading(lines: Sequence[Answer], level: int, writer: BlockWriter) -> None:
    first = _unquoted(lines[0])
    found = _HEADING.match(first.text)
    head = first.part(*found.span(1)) if found else first
    writer.add_heading([without_marks(head), *map(without_marks, lines[1:])], level)


def _write_paragraph(kind: str, lines: Sequence[Answer], writer: BlockWriter) -> None:
    whole = _glued(lines)
    if all(_ROW.fullmatch(line.text) for line in lines):
        writer.add_table(list(_table_rows(lines)))
    elif _PICTURES.fullmatch(whole.text):
        for _ in PICTURE.finditer(whole.text):
            writer.add("figure", ())
    elif any(tag.name in _HTML_BLOCKS for tag in tags_of(whole.text)):
        write_html(whole, writer, markdown=True)
    else:
        role: BlockType = "list_item" if kind == "list_item" else "text"
        role = "footnote" if _FOOTNOTE.match(whole.text) else role
        writer.add(role, without_marks(whole.replaced(_BREAK, "\n")).rows())


def _table_rows(lines: Sequence[Answer]) -> Iterator[list[Cell]]:
    """The rows of cells between bars; those above a rule are the header."""
    rules = [number for number, line in enumerate(lines) if number < 2 and _RULE_CELLS.fullmatch(line.text)]
    for number, line in enumerate(lines):
        if number in rules:
            continue
        row = _unquoted(line).stripped()
        bars = [match.start() for match in _BAR.finditer(row.text)]
        edges = [-1, *bars, len(row.text)]
        parts = [row.part(first + 1, after) for first, after in zip(edges[:-1], edges[1:], strict=True)]
        parts = parts[1 if row.text.startswith("|") else 0 :]
        if len(parts) > 1 and bars and bars[-1] == len(row.text) - 1:
            parts = parts[:-1]
        header = bool(rules) and number < rules[0]
        yield [Cell(tuple(_cell_rows(part)), header) for part in parts]


def _cell_rows(part: Answer) -> Iterator[Answer]:
    return without_marks(part.replaced(_ESCAPED_BAR).replaced(_BREAK, "\n")).rows()


def _glued(lines: Sequence[Answer]) -> Answer:
    end = Answer("\n", (1.0,) if any(line.probabilities for line in lines) else ())
    return joined(piece for line in lines for piece in (end, line)).part(len(end.text))


def _unquoted(line: Answer) -> Answer:
    """A line without the marks of quotations before it."""
    mark = _QUOTE.match(line.text)
    return line.part(mark.end(), len(line.text)) if mark else line
