"""A table in HTML, with the cells that span others."""

from __future__ import annotations

from html import escape

from ocrq.contracts import Table, TableCell
from worker.formats.grid import covered, grid, header_rows
from worker.formats.markup import printable


def table_html(table: Table, caption: str | None = None) -> str:
    """The table's element; it has no empty line in it, so that it may stand in Markdown.

    Args:
        table: Places that no cell covers become empty cells.
        caption: Its caption.
    """
    heads, taken = header_rows(table), covered(table)
    rows = []
    for number, places in enumerate(grid(table)):
        cells = [_cell(cell) for column, cell in enumerate(places) if cell or (number, column) not in taken]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    parts = ["<table>"]
    if caption:
        parts.append(f"<caption>{text_html(caption)}</caption>")
    if heads:
        parts += ["<thead>", *rows[:heads], "</thead>"]
    if rows[heads:]:
        parts += ["<tbody>", *rows[heads:], "</tbody>"]
    return "\n".join([*parts, "</table>"])


def text_html(text: str) -> str:
    """A text as HTML that shows just that; white space runs become one space."""
    return escape(printable(" ".join(text.split())), quote=False)


def _cell(cell: TableCell | None) -> str:
    if cell is None:
        return "<td></td>"
    tag = "th" if cell.header else "td"
    spans = f' rowspan="{cell.row_span}"' if cell.row_span > 1 else ""
    spans += f' colspan="{cell.column_span}"' if cell.column_span > 1 else ""
    return f"<{tag}{spans}>{text_html(cell.text)}</{tag}>"
