"""The output formats, one file each, found by name.

A new format is a file here with ``render`` and ``binary`` (see ``protocols.Format``), and its name in
the contract's ``OutputFormat``.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import cast, get_args

from ocrq.contracts import OutputFormat, Page
from ocrq.errors import InvalidRequest
from worker.formats.protocols import OPTIONS, Format, PageSources, RenderOptions

__all__ = ["OPTIONS", "Format", "PageSources", "RenderOptions", "binary_formats", "find_format", "render"]

DEFAULTS = RenderOptions()
NAMES: tuple[str, ...] = get_args(OutputFormat)


def find_format(name: str) -> Format:
    """The module of a format, imported on first use.

    Raises:
        InvalidRequest: The contract has no format of this name.
    """
    if name not in NAMES:
        raise InvalidRequest(f"output has no format {name[:60]!r}; use one of {', '.join(NAMES)}", field="output")
    return cast(Format, import_module(f"worker.formats.{name}"))


def render(name: str, pages: Sequence[Page], sources: PageSources, options: RenderOptions = DEFAULTS) -> str:
    """Write a result's pages in a format.

    Args:
        name: One of the contract's formats.
        pages: In document order; pages that could not be read among them.
        sources: The same pages as pictures; only asked by formats that show them.
        options: What the caller wants of it.

    Returns:
        The document; a binary one in base64.

    Raises:
        InvalidRequest: The contract has no format of this name.
    """
    form = find_format(name)
    document = form.render(pages, sources, options)
    return b64encode(document).decode("ascii") if form.binary else document.decode("utf-8")


@cache
def binary_formats() -> frozenset[str]:
    """Names of the formats whose documents come in base64."""
    return frozenset(name for name in NAMES if find_format(name).binary)
