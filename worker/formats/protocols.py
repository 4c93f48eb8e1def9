"""What an output format promises, and what it may ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ocrq.contracts import Page
from worker.imaging.text_layer import TextLayer
from worker.page import Pixels

OPTIONS = frozenset({"furniture"})
"""``options`` of a request that formats read: whether Markdown and HTML show running headers, footers, page numbers."""


@dataclass(frozen=True)
class RenderOptions:
    """What a caller may want of a format.

    Attributes:
        furniture: Show running headers, footers and page numbers.
    """

    furniture: bool = False

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> RenderOptions:
        """From a request's ``options``."""
        return cls(furniture=options.get("furniture") is True)


class PageSources(Protocol):
    """Gives the document and its pages as pictures, one at a time, to formats that show them."""

    def original(self) -> bytes | None:
        """The document's bytes where it is a PDF; None where it is of another kind."""

    def layer(self, number: int) -> TextLayer | None:
        """The text that the page itself carries; None where it has none.

        Args:
            number: The page's number in the document, from 1.

        Raises:
            OcrqError: The page is damaged.
        """

    def pixels(self, number: int) -> Pixels:
        """The page as sent (after the EXIF rotation, before any by ocrq), height x width x 3, BGR.

        Args:
            number: The page's number in the document, from 1.

        Raises:
            OcrqError: The page cannot be shown; the format then goes on without its picture.
        """


class Format(Protocol):
    """A module of this package that is named like a format of the contract.

    Attributes:
        binary: Whether the document is not text and travels in base64.
    """

    binary: bool

    def render(self, pages: Sequence[Page], sources: PageSources, options: RenderOptions) -> bytes:
        """The document, in UTF-8 where it is text. Never fails because of what a page says."""
