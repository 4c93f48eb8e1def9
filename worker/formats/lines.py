"""Lines as JSON: one list over all pages, for programs that want no tree."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ocrq.contracts import Page
from worker.formats.page_lines import lines_of
from worker.formats.protocols import PageSources, RenderOptions

binary = False


def render(pages: Sequence[Page], sources: PageSources, options: RenderOptions) -> bytes:
    """A list of ``{page, text, confidence, box}`` in reading order.

    ``box`` is null where it is not known. A page that could not be read is one entry with empty text, confidence 0
    and ``error``: ``{code, detail}``.
    """
    entries = [entry for page in pages for entry in _entries(page)]
    return json.dumps(entries, ensure_ascii=False).encode("utf-8", "replace")


def _entries(page: Page) -> list[dict[str, Any]]:
    if page.error:
        error = page.error.model_dump()
        return [{"page": page.page, "text": "", "confidence": 0.0, "box": None, "error": error}]
    return [
        {"page": page.page, "text": line.text, "confidence": line.confidence, "box": line.box}
        for line in lines_of(page)
    ]
