"""The tables, one below the other, as comma-separated values (RFC 4180)."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO

from ocrq.contracts import Page, Table
from worker.formats.grid import texts
from worker.formats.protocols import PageSources, RenderOptions
from worker.formats.tree import blocks_of

binary = False


def render(pages: Sequence[Page], sources: PageSources, options: RenderOptions) -> bytes:
    """Tables in document order, an empty line between two; nothing where there are none.

    A cell that spans others has its text at its first place, and the others are empty.
    """
    tables = (block.table for page in pages for block in blocks_of(page) if block.table)
    return "\r\n".join(written for table in tables if (written := _written(table))).encode("utf-8", "replace")


def _written(table: Table) -> str:
    target = StringIO(newline="")
    csv.writer(target).writerows(row or [""] for row in texts(table))
    return target.getvalue()
