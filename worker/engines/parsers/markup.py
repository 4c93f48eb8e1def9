"""Removes Markdown and HTML from an answer, so that the text printed on the page remains."""

from __future__ import annotations

import html
import re

from worker.engines.parsers.answer import Answer, joined

_FENCE = re.compile(r"^[ \t]*```[\w-]*[ \t]*(?:\n|\Z)", re.M)
_PICTURE = re.compile(r"!\[[^\]\n]*\]\([^)\n]*\)")  # its words describe a figure and are not printed on the page
_LINK = re.compile(r"(?<!!)\[([^\]\n]+)\]\((?:https?:|mailto:)[^)\s]*\)")
_HEADING = re.compile(r"^[ \t]*#{1,6}[ \t]+(.*?)[ \t]*$", re.M)
_STRONG = re.compile(r"(?<![\w*])\*\*(?=\S)([^\n]+?)(?<=\S)\*\*(?![\w*])")
_EMPHASIS = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]+?)(?<=\S)\*(?![\w*])")
_RULE = re.compile(r"^[ \t]*(?:-{3,}|\*{3,})[ \t]*(?:\n|\Z)", re.M)
_COLUMN_RULE = re.compile(r"^[ \t]*\|?[ \t]*:?-{3,}:?[ \t]*(?:\|[ \t]*:?-{3,}:?[ \t]*)*\|?[ \t]*(?:\n|\Z)", re.M)
_ROW = re.compile(r"^[ \t]*\|[ \t]*(.*?)[ \t]*\|[ \t]*$", re.M)
_BAR = re.compile(r"[ \t]+\|[ \t]+")
_CELL_END = re.compile(r"</t[dh]>\s*<t[dh]\b[^>]*>", re.I)
_LINE_END = re.compile(r"\s*(?:<br\s*/?>|</(?:tr|p|div|caption|li|h[1-6])>)\s*", re.I)
_TAG = re.compile(
    r"</?(?:table|thead|tbody|tfoot|tr|t[dh]|caption|p|div|span|br|hr|[bisu]|em|strong|su[bp]|[ou]l|li|h[1-6]|img)"
    r"\b[^<>]*>",
    re.I,
)
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{1,7}|#x[0-9a-f]{1,6});", re.I)
_SPACE_AT_ENDS = re.compile(r"[ \t]+(?=\n|\Z)|(?<=\n)[ \t]+(?=\n)")
_EMPTY_LINES = re.compile(r"\n{3,}")


def without_markup(answer: Answer) -> Answer:
    """The text of an answer in Markdown, tables in it row by row, cells parted by a space.

    Formulas are left as the model wrote them.
    """
    for pattern in (_FENCE, _PICTURE, _LINK, _COLUMN_RULE, _RULE, _HEADING, _STRONG, _EMPHASIS):
        answer = answer.replaced(pattern) if pattern.groups else answer.replaced(pattern, "")
    answer = _without_bars(answer)
    answer = answer.replaced(_CELL_END, " ").replaced(_LINE_END, "\n").replaced(_TAG, "")
    for entity in dict.fromkeys(_ENTITY.findall(answer.text)):
        answer = answer.replaced(re.compile(re.escape(entity)), html.unescape(entity))
    return answer.replaced(_SPACE_AT_ENDS, "").replaced(_EMPTY_LINES, "\n\n").stripped()


def _without_bars(answer: Answer) -> Answer:
    """Without the bars of Markdown's tables; a bar in running text stays."""
    pieces, at = [], 0
    for row in _ROW.finditer(answer.text):
        pieces += [answer.part(at, row.start()), answer.part(*row.span(1)).replaced(_BAR, " ")]
        at = row.end()
    return joined([*pieces, answer.part(at, len(answer.text))])
