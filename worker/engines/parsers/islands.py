"""Parts of a Markdown text that CommonMark does not know as models write them: HTML tables, display formulas, code.

They are found first, by what begins and ends them, since an empty line in one would end a block of Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

LONGEST_FORMULA = 5000  # characters
ENVIRONMENTS = "equation|align|aligned|alignat|gather|multline|eqnarray|displaymath|math|cases|split|array"
LANGUAGE = r"[ \t]*[\w+#.-]{0,30}[ \t]*"  # of program text, behind the fence
CLOSERS = {"$$": "$$", "\\[": "\\]"}

_OPENER = re.compile(
    rf"^[ ]{{0,3}}(?P<ticks>`{{3,}}|~{{3,}}){LANGUAGE}$|(?P<table><table\b)"
    rf"|^[ \t]*(?P<mark>\$\$|\\\[)|^[ \t]*\\begin\{{(?P<environment>(?:{ENVIRONMENTS})\*?)\}}",
    re.M | re.I,
)
_TABLE_TAG = re.compile(r"<(/?)table\b[^<>]{0,2000}>?", re.I)


@dataclass(frozen=True)
class Island:
    """A part of a text that is read by other rules.

    Attributes:
        kind: Markdown is what stands between the others.
        first: Where it begins.
        after: Where what follows it begins.
        inner: Its content, without what marks it off.
    """

    kind: Literal["markdown", "table", "formula", "code"]
    first: int
    after: int
    inner: tuple[int, int]


def islands_of(text: str) -> Iterator[Island]:
    """The text in parts, from first to last; all of its characters are in one."""
    at = begun = 0
    while opener := _OPENER.search(text, at):
        island = _island(text, opener)
        if island is None:
            at = max(opener.end(), at + 1)
            continue
        if begun < island.first:
            yield Island("markdown", begun, island.first, (begun, island.first))
        yield island
        at = begun = island.after
    if begun < len(text):
        yield Island("markdown", begun, len(text), (begun, len(text)))


def _island(text: str, opener: re.Match[str]) -> Island | None:
    if opener["ticks"]:
        return _code(text, opener)
    if opener["table"]:
        after = _table_end(text, opener.start())
        return Island("table", opener.start(), after, (opener.start(), after))
    first = opener.end()
    closer = CLOSERS.get(opener["mark"] or "") or f"\\end{{{opener['environment']}}}"
    last = text.find(closer, first, first + LONGEST_FORMULA)
    if last < 0 or "\n\n" in text[first:last].strip() or not text[first:last].strip():
        return None
    after = last + len(closer)
    inner = (first, last) if opener["mark"] else (opener.start(), after)
    return Island("formula", opener.start(), after, inner)


def _code(text: str, opener: re.Match[str]) -> Island:
    """Program text up to its fence, or to the end."""
    first = min(opener.end() + 1, len(text))
    closing = re.compile(rf"^[ ]{{0,3}}{opener['ticks']}[`~]*[ \t]*$", re.M).search(text, first)
    last, after = closing.span() if closing else (len(text), len(text))
    return Island("code", opener.start(), after, (first, max(first, last)))


def _table_end(text: str, first: int) -> int:
    """Where a table ends, those in it included; the text's end where it was cut off."""
    depth = 0
    for tag in _TABLE_TAG.finditer(text, first):
        depth += -1 if tag[1] else 1
        if depth == 0:
            return tag.end()
    return len(text)
