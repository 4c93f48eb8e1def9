"""Text as Markdown that shows just that, with as few escapes as it needs.

What is escaped follows CommonMark 0.31 and GitHub's tables and strikethrough.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from worker.formats.markup import printable

_PUNCTUATION = r"!-/:-@\[-`{-~"
_ENTITY = re.compile(r"&(?=#\d{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z][A-Za-z0-9]*;)")
_BACKSLASH = re.compile(rf"\\(?=[{_PUNCTUATION}]|$)")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_LINK = re.compile(r"\](?=[(\[])")
_CLOSE_STAR = re.compile(r"\*\S|\S\*")
_UNDERSCORES = re.compile(r"_+")
_MATH = re.compile(r"\$(?=\S[^$]*(?<=\S)\$(?!\d))|\$(?=\$)")

_FORMULA = re.compile(r"\\\(\s*(\S[^\n]*?)\s*\\\)")
"""A formula in running text, as models' LaTeX has it."""

_LAST_DOLLAR = re.compile(r"(?<!\\)\$$")
_BLOCK_START = re.compile(r"(?:#{1,6}(?=\s|$)|[-+*](?=\s|$)|>|\[(?=[^\]]*\]:)|:(?=-))")
_RULE = re.compile(r"(?:[-_*]\s*){3,}$|=+\s*$|-+\s*$|[|:\s-]+$")
_NUMBERED = re.compile(r"(\d{1,9})([.)])(?=\s|$)")
_FIRST_NUMBER = re.compile(r"1[.)](?=\s|$)")
_TASK = re.compile(r"\[(?=[ xX]\](?:\s|$))")


def inline(text: str, whole: str | None = None) -> str:
    """A text inside a line; white space runs become one space.

    Args:
        text: What it says.
        whole: The paragraph it stands in: a mark that stands there alone opens nothing.
    """
    whole = text if whole is None else whole
    text = printable(" ".join(text.split()))
    pieces, at = [], 0
    for formula in _FORMULA.finditer(text):
        before = _LAST_DOLLAR.sub(r"\\$", _prose(text[at : formula.start()], whole))
        pieces += [before, f"${formula[1].replace('$', '')}$"]
        at = formula.end()
    return "".join([*pieces, _prose(text[at:], whole)])


def _prose(text: str, whole: str) -> str:
    text = _BACKSLASH.sub(r"\\\\", text)
    text = _ENTITY.sub(r"\\&", text)
    text = _TAG.sub(r"\\<", text)
    text = _LINK.sub(r"\\]", text)
    text = _UNDERSCORES.sub(_escaped_underscores, text)
    text = _MATH.sub(r"\\$", text)
    if whole.count("*") > 1:
        text = text.replace("*", "\\*") if _CLOSE_STAR.search(whole) else text
    for mark in "`~":
        if whole.count(mark) > 1:
            text = text.replace(mark, f"\\{mark}")
    return text


def paragraph(lines: Sequence[str], *, numbered: bool = True) -> list[str]:
    """The lines of a paragraph, which stays one.

    Args:
        lines: At least one.
        numbered: Whether a number at its beginning, "1. ", is escaped. A reader sees the number either way, unless
            several paragraphs become items of one list.
    """
    whole = "\n".join(lines)
    first, *others = (_not_a_block(inline(line, whole)) for line in lines)
    if numbered and (found := _NUMBERED.match(first)):
        first = f"{found[1]}\\{first[found.end(1) :]}"
    return [first, *(f"1\\{other[1:]}" if _FIRST_NUMBER.match(other) else other for other in others)]


def item(lines: Sequence[str]) -> list[str]:
    """The lines of a list's item, its marker aside."""
    first, *others = paragraph(lines)
    return [f"\\{first}" if _TASK.match(first) else first, *others]


def alternative(text: str) -> str:
    """The text of a picture."""
    return re.sub(r"(?<!\\)([\[\]])", r"\\\1", inline(text))


def heading(text: str) -> str:
    """What stands behind a heading's marks."""
    return re.sub(r"(^|\s)(#+)$", r"\1\\\2", inline(text))


def cell(text: str) -> str:
    """A cell of a table."""
    return inline(text).replace("|", "\\|")


def _not_a_block(line: str) -> str:
    """A line that would begin a heading, a list, a quotation, a rule or the like, with its first mark escaped."""
    return f"\\{line}" if _BLOCK_START.match(line) or _RULE.match(line) else line


def _escaped_underscores(found: re.Match[str]) -> str:
    """Underscores between two letters or digits, and between spaces, mean themselves."""
    before, after = found.string[: found.start()][-1:], found.string[found.end() :][:1]
    if (before.isalnum() and after.isalnum()) or not (before.strip() or after.strip()):
        return found[0]
    return found[0].replace("_", "\\_")
