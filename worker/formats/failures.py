"""How a format tells of a page that could not be read."""

from __future__ import annotations

from ocrq.contracts import Page


def notice_of(page: Page) -> str | None:
    """A sentence for people; None for a page that was read."""
    if page.error is None:
        return None
    return f"Page {page.page} could not be read: {' '.join(page.error.detail.split())} ({page.error.code})"
