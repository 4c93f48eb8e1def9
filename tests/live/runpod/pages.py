"""Small documents for tests in which nothing is really read."""

from __future__ import annotations

import base64

from tests.documents import as_png, as_tiff, text_page


def encoded(document: bytes) -> str:
    return base64.b64encode(document).decode()


def page(width: int = 60) -> str:
    return encoded(as_png(text_page(["x"], size=(width, 40))))


def pages(count: int) -> str:
    return encoded(as_tiff([text_page(["x"], size=(60, 40))] * count))
