"""The tags of an HTML text, with their places in it.

Only tags that a page's markup is made of count: what else stands in angle brackets is text of the page. Nothing nests
here and a tag is found where it stands, so a text of any depth, cut anywhere, takes time in proportion to its length.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

BLOCKS = (
    "table|thead|tbody|tfoot|tr|td|th|caption|colgroup|col|p|div|section|article|main|aside|header|footer|nav|ul|ol|li"
    "|dl|dt|dd|h[1-6]|pre|blockquote|figure|figcaption|img|br|hr|math|input|form|label|html|body|head|details|summary"
)
MOST_DIGITS = 6  # of a number in an attribute

_TAG = re.compile(rf"<(/?)({BLOCKS})\b((?:[^<>\"']|\"[^\"<]{{0,4000}}\"|'[^'<]{{0,4000}}'){{0,200}})/?>", re.I)
_ATTRIBUTE = re.compile(r"([\w-]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")
_COMMENT = re.compile(r"<!--[^<>]{0,2000}-->|<!doctype[^<>]{0,200}>", re.I)


@dataclass(frozen=True)
class Tag:
    """A tag.

    Attributes:
        name: In lower case.
        closes: Whether it ends an element.
        first: Where it begins.
        after: Where what follows it begins.
        attributes: By name, in lower case; "" for one without a value.
    """

    name: str
    closes: bool
    first: int
    after: int
    attributes: dict[str, str] = field(default_factory=dict)

    def number(self, name: str) -> int:
        """An attribute as a positive number; 1 where it is none."""
        digits = re.match(r"\s*\+?(\d+)", self.attributes.get(name, ""))
        return max(1, int(digits[1][:MOST_DIGITS])) if digits else 1


def tags_of(text: str) -> Iterator[Tag]:
    """The tags from first to last; comments count as empty ``br``-less tags named ``!``."""
    found = [*_TAG.finditer(text), *_COMMENT.finditer(text)]
    for match in sorted(found, key=lambda match: match.start()):
        if match.re is _COMMENT:
            yield Tag("!", False, *match.span())
            continue
        attributes = {
            name.lower(): html.unescape(double or single or bare)
            for name, double, single, bare in _ATTRIBUTE.findall(match[3])
        }
        yield Tag(match[2].lower(), bool(match[1]), *match.span(), attributes)
