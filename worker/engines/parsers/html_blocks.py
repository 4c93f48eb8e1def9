"""HTML to blocks: headings, paragraphs, lists, tables, formulas, and layout blocks that carry ``data-label``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from ocrq.contracts.result import BlockType
from worker.engines.parsers.answer import Answer, joined
from worker.engines.parsers.block_writer import BlockWriter
from worker.engines.parsers.html_tags import Tag, tags_of
from worker.engines.parsers.inline import without_marks
from worker.engines.parsers.table_grid import Cell

LABELS: Mapping[str, BlockType] = {
    "caption": "caption",
    "footnote": "footnote",
    "equation-block": "formula",
    "page-header": "header",
    "page-footer": "footer",
    "image": "figure",
    "figure": "figure",
    "diagram": "figure",
    "section-header": "heading",
    "code-block": "code",
    "form": "form",
}
"""Labels of layout blocks that are more than their HTML tells."""

WHOLE: frozenset[BlockType] = frozenset(("figure", "form", "caption", "code"))
"""Types whose paragraphs are one block."""

SECTION_LEVEL = 2  # of a heading without a level

_SPACE = re.compile(r"\s*\n\s*")
_ROW_ENDS = frozenset(("br", "p", "div", "li", "dt", "dd", "tr", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6"))


def write_html(answer: Answer, writer: BlockWriter, markdown: bool = False) -> None:
    """Write the blocks of an HTML text.

    Args:
        answer: Of any quality: what is not closed ends with the text.
        writer: Takes them.
        markdown: Whether its texts may have Markdown's marks in them.
    """
    reader = _Reader(writer, markdown)
    at = 0
    for tag in tags_of(answer.text):
        reader.take_text(answer.part(at, tag.first))
        reader.take_tag(tag)
        at = tag.after
    reader.take_text(answer.part(at, len(answer.text)))
    reader.end()


class _Reader:
    def __init__(self, writer: BlockWriter, markdown: bool) -> None:
        self._writer, self._markdown = writer, markdown
        self._rows: list[list[Answer]] = [[]]  # of the block, or the cell, that is being read
        self._labels: list[BlockType | None] = []  # of the open divs
        self._lists: list[int | None] = []  # of the open lists: the next number, None of one with bullets
        self._level = 0  # of the open heading
        self._in_item = self._in_code = self._in_math = self._in_caption = False
        self._table = _TableReader()

    def take_text(self, text: Answer) -> None:
        """Text between two tags."""
        self._rows[-1].append(text if self._in_code else text.replaced(_SPACE, " "))
        if self._in_code and "\n" in text.text:
            self._rows[-1].pop()
            first, *others = text.rows()
            self._rows[-1].append(first)
            self._rows += [[row] for row in others]

    def take_tag(self, tag: Tag) -> None:
        """A tag."""
        if tag.name == "table":
            self._take_table(tag)
        elif tag.name == "math":
            self._take_math(tag)
        elif tag.name == "input":
            self._take_input(tag)
        elif self._table.depth:
            self._take_in_table(tag)
        elif tag.name in ("br", "tr", "td", "th"):
            self._rows.append([])
        elif tag.name in ("ul", "ol"):
            self._end_block()
            if not tag.closes:
                self._lists.append(tag.number("start") if tag.name == "ol" else None)
            elif self._lists:
                self._lists.pop()
        elif tag.name == "div":
            self._take_div(tag)
        elif tag.name == "img":
            self._take_image()
        elif tag.name in ("caption", "figcaption"):
            self._end_block()
            self._in_caption = not tag.closes
        elif tag.name != "!":
            self._take_block(tag)

    def end(self) -> None:
        """The text ends, and all that is open with it."""
        if self._table.depth:
            self._end_table()
        self._end_block()

    def _take_block(self, tag: Tag) -> None:
        if self._label in WHOLE and not self._level and tag.name != "pre":
            self._rows.append([])
            return
        self._end_block()
        self._level = int(tag.name[1]) if re.fullmatch("h[1-6]", tag.name) and not tag.closes else 0
        if tag.name == "pre":
            self._in_code = not tag.closes
        if tag.name == "li":
            self._in_item = not tag.closes
            number = self._lists[-1] if self._lists else None
            if not tag.closes and number is not None:
                self._rows[-1].append(self._certain(f"{number}. "))
                self._lists[-1] = number + 1

    def _take_div(self, tag: Tag) -> None:
        if not tag.closes:
            self._end_block()
            self._labels.append(LABELS.get(tag.attributes.get("data-label", "").lower(), self._label))
        else:
            self._end_block(closes_figure=self._label == "figure")
            if self._labels:
                self._labels.pop()

    def _take_image(self) -> None:
        if self._label != "figure":
            self._end_block()
            self._writer.add("figure", ())

    def _take_input(self, tag: Tag) -> None:
        if tag.attributes.get("type", "").lower() in ("checkbox", "radio"):
            self._rows[-1].append(self._certain("☑ " if "checked" in tag.attributes else "☐ "))
        elif value := tag.attributes.get("value"):
            self._rows[-1].append(self._certain(f" {value} "))

    def _take_math(self, tag: Tag) -> None:
        block = (tag.attributes.get("display") == "block" or self._label == "formula") and not self._table.depth
        if not tag.closes and block:
            self._end_block()
            self._in_math = True
        elif tag.closes and self._in_math:
            self._end_block()
        else:
            self._rows[-1].append(self._certain("\\)" if tag.closes else "\\("))

    def _take_table(self, tag: Tag) -> None:
        if tag.closes:
            if self._table.depth == 1:
                self._end_table()
            self._table.depth = max(0, self._table.depth - 1)
            return
        if not self._table.depth:
            self._end_block()
            self._table = _TableReader()
        self._table.depth += 1
        self._rows.append([])

    def _take_in_table(self, tag: Tag) -> None:
        table = self._table
        if table.depth == 1 and tag.name in ("tr", "td", "th", "thead", "tbody", "tfoot"):
            self._end_cell()
            table.take(tag)
        elif table.depth == 1 and tag.name == "caption":
            content = self._content()
            if tag.closes:
                self._writer.add("caption", content)
            else:
                table.add_text(content)
        elif tag.name in _ROW_ENDS:
            self._rows.append([])

    def _end_cell(self) -> None:
        self._table.add_text(self._content())

    def _end_table(self) -> None:
        self._end_cell()
        self._writer.add_table(self._table.rows)

    @property
    def _label(self) -> BlockType | None:
        return self._labels[-1] if self._labels else None

    def _certain(self, text: str) -> Answer:
        """Text that a tag stands for."""
        has = any(piece.probabilities for row in self._rows for piece in row) or self._writer.has_probabilities
        return Answer(text, (1.0,) * len(text) if has else ())

    def _content(self) -> tuple[Answer, ...]:
        """The rows read so far; the next ones begin."""
        rows, self._rows = self._rows, [[]]
        content = tuple(joined(row) for row in rows)
        if self._in_code or self._in_math:
            return tuple(row for row in content if row.text.strip())
        return tuple(row for row in (without_marks(row, self._markdown) for row in content) if row.text.strip())

    def _end_block(self, closes_figure: bool = False) -> None:
        content = self._content()
        label = self._label
        if self._in_math:
            self._in_math = False
            unescaped = [without_marks(row, markdown=False) for row in content]
            self._writer.add("formula", unescaped, latex="\n".join(row.text.strip() for row in unescaped))
        elif closes_figure and label == "figure":
            self._writer.add("figure", content)
        elif not content:
            return
        elif self._level or label == "heading":
            self._writer.add_heading(content, self._level or SECTION_LEVEL)
        elif self._in_code:
            self._writer.add("code", content)
        elif self._in_caption:
            self._writer.add("caption", content)
        elif label == "formula":
            self._writer.add("formula", content, latex="\n".join(row.text.strip() for row in content))
        elif self._in_item and label is None:
            self._writer.add("list_item", content)
        else:
            self._writer.add(label or "text", content)


class _TableReader:
    """The rows of one table; tables in its cells are text of these."""

    def __init__(self) -> None:
        self.depth = 0
        self.rows: list[list[Cell]] = []
        self._in_head = False
        self._open = False  # whether a cell takes text

    def take(self, tag: Tag) -> None:
        """A tag that begins or ends a part of the table."""
        if tag.name in ("thead", "tbody", "tfoot"):
            self._in_head, self._open = tag.name == "thead" and not tag.closes, False
        elif tag.name == "tr":
            self._open = False
            if not tag.closes:
                self.rows.append([])
        elif tag.closes:
            self._open = False
        else:
            if not self.rows:
                self.rows.append([])
            header = tag.name == "th" or self._in_head
            self.rows[-1].append(Cell((), header, tag.number("rowspan"), tag.number("colspan")))
            self._open = True

    def add_text(self, content: tuple[Answer, ...]) -> None:
        """Text of the open cell; what stands between cells is one of its own."""
        if not content:
            return
        if not self.rows:
            self.rows.append([])
        if self._open or self.rows[-1]:
            self.rows[-1][-1] = replace(self.rows[-1][-1], rows=(*self.rows[-1][-1].rows, *content))
        else:
            self.rows[-1].append(Cell(content))
