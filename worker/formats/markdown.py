"""Markdown (CommonMark with GitHub's tables), as a person would write the document down.

What the page says is escaped where it must be, so that it is shown as it stands and never becomes a heading, a link or
HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ocrq.contracts import Page, Table
from worker.formats import escaping
from worker.formats.elements import Element, elements_of
from worker.formats.grid import amount_columns, is_simple, size, texts
from worker.formats.html_table import table_html
from worker.formats.markdown_list import ListWriter
from worker.formats.markup import printable
from worker.formats.protocols import PageSources, RenderOptions
from worker.layout.text import BOX_CHECKED, BOX_EMPTY

binary = False

HARD_BREAK = "  \n"
SHORTEST_FENCE = 3
_NUMBERED = re.compile(r"\d{1,9}[.)](?:\s|$)")


def render(pages: Sequence[Page], sources: PageSources, options: RenderOptions) -> bytes:
    """One document. A blank page leaves no trace, a page that could not be read is a quoted note."""
    elements = elements_of(pages, options)
    return ("\n\n".join(_blocks(elements)) + "\n").encode()


def _blocks(elements: Sequence[Element]) -> Iterator[str]:
    items = ListWriter()
    for index, element in enumerate(elements):
        if element.type == "list_item":
            items.add(element)
            continue
        yield from items.written()
        neighbours = (*elements[max(0, index - 1) : index], *elements[index + 1 : index + 2])
        if block := _block(element, alone=not any(map(_is_numbered, neighbours))):
            yield block
    yield from items.written()


def _block(element: Element, *, alone: bool) -> str:
    text = " ".join(element.lines)
    match element.type:
        case "title":
            return f"# {escaping.heading(text)}"
        case "heading":
            return f"{'#' * element.level} {escaping.heading(text)}"
        case "table" if element.table is not None:
            return _table(element.table)
        case "figure":
            return f"![{escaping.alternative(text)}]()"
        case "formula" if element.latex:
            return f"$$\n{_latex(element.latex)}\n$$"
        case "code":
            return _code(element.lines)
        case "checkbox":
            return f"{BOX_CHECKED if element.checked else BOX_EMPTY} {escaping.inline(text)}".rstrip()
        case "notice":
            return f"> {escaping.inline(text)}"
        case _:
            return HARD_BREAK.join(escaping.paragraph(element.lines, numbered=not alone))


def _is_numbered(element: Element) -> bool:
    return element.type == "list_item" or bool(element.lines and _NUMBERED.match(element.lines[0]))


def _table(table: Table) -> str:
    """GitHub's tables have one header row; where a table has none, its first row stands there."""
    if not all(size(table)):
        return ""
    if not is_simple(table):
        return table_html(table)
    rows = texts(table)
    rule = ["---:" if amount else "---" for amount in amount_columns(rows)]
    written = [[escaping.cell(text) for text in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in [written[0], rule, *written[1:]])


def _latex(latex: str) -> str:
    return "\n".join(line for line in printable(latex).replace("$", "").splitlines() if line.strip())


def _code(lines: Sequence[str]) -> str:
    longest = max((len(run) for line in lines for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(SHORTEST_FENCE, longest + 1)
    return "\n".join([fence, *map(printable, lines), fence])
