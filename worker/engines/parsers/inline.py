r"""Marks inside a line: emphasis, links and tags go, formulas are written between ``\(`` and ``\)``."""

from __future__ import annotations

import html
import re

from worker.engines.parsers.answer import Answer, joined

FORMULA = re.compile(
    r"\\\((?P<round>[^\n]{1,1000}?)\\\)"
    r"|(?<![\\$\w])\$(?=[^\s$])(?P<dollars>(?:[^$\\\n]|\\.){1,1000}?)(?<=[^\s\\])\$(?![\d$\w])"
)
"""A formula in running text: between brackets, or between dollars that no price explains."""

PICTURE = re.compile(r"!\[[^\[\]\n]{0,2000}\]\([^()\n]{0,500}\)")
"""Its words describe a figure and are not printed on the page."""

_LINK = re.compile(r"(?<!!)\[([^\[\]\n]{1,500})\]\((?:https?:|mailto:|#)[^()\s]{0,500}\)")
_FOOTNOTE = re.compile(r"\[\^([^\]\s]{1,20})\]:?")
_CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_STRONG = re.compile(r"(?<![\w*])\*\*(?=\S)([^\n]+?)(?<=\S)\*\*(?![\w*])")
_EMPHASIS = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]+?)(?<=\S)\*(?![\w*])")
_STRUCK = re.compile(r"~~(?=\S)([^~\n]+?)(?<=\S)~~")
_ESCAPED = re.compile(r"\\([!-'*-/:-@^-`{-~])")
_HARD_BREAK = re.compile(r"[ \t]*\\$", re.M)
_TAG = re.compile(
    r"</?(?:[abisu]|em|strong|su[bp]|small|big|span|del|ins|mark|code|tt|font|center|div|p|br|hr|img|math|chem|label"
    r"|wbr|nobr|page_number|watermark)\b[^<>\n]{0,500}>",
    re.I,
)
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{1,7}|#x[0-9a-f]{1,6});", re.I)

_MARKS = (PICTURE, _LINK, _FOOTNOTE, _CODE, _STRONG, _EMPHASIS, _STRUCK, _HARD_BREAK)


def without_marks(answer: Answer, markdown: bool = True) -> Answer:
    """The text of some lines, without the marks of HTML and, unless they are HTML's own, those of Markdown."""
    pieces, at = [], 0
    for formula in FORMULA.finditer(answer.text):
        name = "round" if formula["round"] is not None else "dollars"
        if not formula[name].strip():
            continue
        first, after = formula.span(name)
        inner = answer.part(first, after).stripped()
        pieces += [
            _prose(answer.part(at, formula.start()), markdown),
            answer.part(formula.start(), first).as_read("\\("),
            inner if markdown else _unescaped(inner),
            answer.part(after, formula.end()).as_read("\\)"),
        ]
        at = formula.end()
    return joined([*pieces, _prose(answer.part(at, len(answer.text)), markdown)])


def _prose(answer: Answer, markdown: bool) -> Answer:
    if markdown:
        for pattern in _MARKS:
            answer = answer.replaced(pattern) if pattern.groups else answer.replaced(pattern, "")
    answer = answer.replaced(_TAG, "")
    if markdown:
        answer = answer.replaced(_ESCAPED)
    return _unescaped(answer)


def _unescaped(answer: Answer) -> Answer:
    for entity in dict.fromkeys(_ENTITY.findall(answer.text)):
        answer = answer.replaced(re.compile(re.escape(entity)), html.unescape(entity))
    return answer
