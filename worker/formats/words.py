"""Words as JSON: one list over all pages, each with the line it stands in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ocrq.contracts import Page
from worker.formats.page_lines import lines_of, words_of
from worker.formats.protocols import PageSources, RenderOptions

binary = False


def render(pages: Sequence[Page], sources: PageSources, options: RenderOptions) -> bytes:
    """A list of ``{page, line, text, confidence, box}`` in reading order.

    ``line`` counts the page's lines with text, from 1. Where the engine gave lines only, their boxes are cut
    by the width of the characters and the words have the line's confidence; ``box`` is null where the line has none.
    A page that could not be read is one entry with ``line`` null, empty text and ``error``: ``{code, detail}``.
    """
    entries = [entry for page in pages for entry in _entries(page)]
    return json.dumps(entries, ensure_ascii=False).encode("utf-8", "replace")


def _entries(page: Page) -> list[dict[str, Any]]:
    if page.error:
        error = page.error.model_dump()
        return [{"page": page.page, "line": None, "text": "", "confidence": 0.0, "box": None, "error": error}]
    return [
        {"page": page.page, "line": number, "text": word.text, "confidence": word.confidence, "box": word.box}
        for number, line in enumerate(lines_of(page), start=1)
        for word in words_of(line)
    ]
