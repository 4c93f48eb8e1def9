"""Markdown (CommonMark with GitHub's tables): paragraphs, tables where the text stands in columns, rules between pages.

What the page says is escaped, so that it is shown as it stands and never becomes a heading, a link or HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from ocrq.contracts import Page
from worker.formats.blocks import paragraphs
from worker.formats.failures import notice_of
from worker.formats.markup import printable
from worker.formats.protocols import PageSources
from worker.formats.tables import Cell, Row, Table, page_rows, with_tables

media_type = "text/markdown; charset=utf-8"
binary = False

PAGE_BREAK = "\n\n---\n\n"
HARD_BREAK = "\\\n"
FULL_LINE = 0.15  # share of its width by which a line may fall short and still be run on
PROSE_LINE = 30  # characters from which a line may be part of running text; narrow newspaper columns have that many

_INLINE = re.compile(r"([\\`*_\[\]<>|~&])")
_AT_START = re.compile(r"^(?:[#=]|[-+](?=[\s:-]|$)|:(?=-)|\d{1,9}(?=[.)](?:\s|$)))")


def render(pages: Sequence[Page], sources: PageSources) -> bytes:
    """One document; a blank page is a comment, a page that could not be read a quoted note."""
    return (PAGE_BREAK.join(_page(page) for page in pages) + "\n").encode()


def escaped(text: str) -> str:
    """Text as Markdown that shows just that inside a line; white space runs become one space."""
    return _INLINE.sub(r"\\\1", printable(" ".join(text.split())))


def escaped_line(text: str) -> str:
    """As :func:`escaped`, and what would make a heading, list or rule at the start of a line is escaped too."""
    return _AT_START.sub(lambda found: f"{found[0]}\\" if found[0].isdigit() else f"\\{found[0]}", escaped(text))


def _page(page: Page) -> str:
    if notice := notice_of(page):
        return f"> {escaped(notice)}"
    blocks = [_table(item) if isinstance(item, Table) else item for item in _blocks(page)]
    return "\n\n".join(block for block in blocks if block) or f"<!-- page {page.page} is blank -->"


def _blocks(page: Page) -> Iterator[str | Table]:
    if not page.lines:  # a reader that gave no lines: an empty line is all that tells paragraphs apart
        for text in re.split(r"\n\s*\n", page.text):
            yield _paragraph([Row((Cell(line, None),)) for line in text.splitlines() if line.strip()])
        return
    for is_table, items in groupby(with_tables(page_rows(page)), key=lambda item: isinstance(item, Table)):
        if is_table:
            yield from (item for item in items if isinstance(item, Table))
        else:
            yield from map(_paragraph, paragraphs([item for item in items if isinstance(item, Row)]))


def _paragraph(rows: Sequence[Row]) -> str:
    """Long lines that reach the right edge run on; others, as in an address, keep their end."""
    right = max((row.bounds.right for row in rows if row.bounds), default=0.0)
    text = ""
    for row in rows[:-1]:
        text += escaped_line(row.text) + ("\n" if _runs_on(row, right) else HARD_BREAK)
    return text + escaped_line(rows[-1].text) if rows else ""


def _runs_on(row: Row, right: float) -> bool:
    if row.bounds is None or len(row.text) < PROSE_LINE:
        return False
    return right - row.bounds.right <= FULL_LINE * row.bounds.width


def _table(table: Table) -> str:
    rule = tuple("---:" if amount else "---" for amount in table.amounts)
    header = table.header or ("",) * len(rule)
    texts = [tuple(map(escaped, header)), rule, *(tuple(map(escaped, row)) for row in table.rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in texts)
