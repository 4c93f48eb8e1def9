"""Plain text, a form feed between pages."""

from __future__ import annotations

from collections.abc import Sequence

from ocrq.contracts import Page
from worker.formats.failures import notice_of
from worker.formats.protocols import PageSources, RenderOptions

binary = False

PAGE_BREAK = "\f"


def render(pages: Sequence[Page], sources: PageSources, options: RenderOptions) -> bytes:
    """Each page's text in reading order; a page that could not be read is a note in brackets.

    A form feed inside a page would count as one page too many, so it becomes a line break.
    """
    return PAGE_BREAK.join(_text(page) for page in pages).encode("utf-8", "replace")


def _text(page: Page) -> str:
    notice = notice_of(page)
    return f"[{notice}]" if notice else page.text.replace(PAGE_BREAK, "\n")
