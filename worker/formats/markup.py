"""XML that parses whatever a page says: characters XML cannot hold are replaced, the rest is escaped."""

from __future__ import annotations

import re
from xml.etree import ElementTree

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]")


def printable(text: str) -> str:
    """The text with each control character, lone surrogate and non-character replaced by U+FFFD.

    XML 1.0 has no way to write most of them, not even escaped, and discourages the others.
    """
    return _FORBIDDEN.sub(REPLACEMENT, text)


def element(
    parent: ElementTree.Element | None, tag: str, text: str | None = None, /, **attributes: str | float | None
) -> ElementTree.Element:
    """Append an element; attributes that are None are left out, a trailing ``_`` in their names too."""
    kept = {name.rstrip("_"): printable(number(v)) for name, v in attributes.items() if v is not None}
    made = ElementTree.Element(tag, kept) if parent is None else ElementTree.SubElement(parent, tag, kept)
    made.text = None if text is None else printable(text)
    return made


def number(value: str | float) -> str:
    """A number without needless digits: four behind the point below 1, else two."""
    if isinstance(value, str):
        return value
    rounded = round(value, 4 if abs(value) < 1 else 2) + 0.0  # + 0.0 takes the sign off -0.0
    return f"{rounded:.4f}".rstrip("0").rstrip(".")


def document(root: ElementTree.Element, doctype: str = "") -> bytes:
    """The whole document in UTF-8, indented, declaration and doctype first."""
    ElementTree.indent(root)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n' + (f"{doctype}\n" if doctype else "")
    return (head + ElementTree.tostring(root, encoding="unicode") + "\n").encode()
