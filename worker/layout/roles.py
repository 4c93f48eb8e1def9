"""The roles of lines."""

from __future__ import annotations

from ocrq.contracts.result import BlockType

ROLES: tuple[BlockType, ...] = (
    "text",
    "title",
    "heading",
    "list_item",
    "table",
    "form",
    "figure",
    "caption",
    "formula",
    "code",
    "footnote",
    "header",
    "footer",
    "page_number",
    "checkbox",
)
"""In the order of the network's classes."""
