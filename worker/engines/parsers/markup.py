"""A model's markup to the text on the page and its blocks."""

from __future__ import annotations

import re

from worker.engines.parsers.answer import Answer, Parsed
from worker.engines.parsers.block_writer import BlockWriter
from worker.engines.parsers.html_blocks import write_html
from worker.engines.parsers.markdown import unfenced, write_markdown
from worker.engines.parsers.otsl import is_otsl, write_otsl

_HTML = re.compile(r"\s*<(?:!doctype|html|body|div|section|article|h[1-6]|p|ul|ol)\b", re.I)
_JSON = re.compile(r"\s*(?:```json\s*)?[\[{]\s*[\"{\[]")


def parse_markdown(answer: Answer) -> Parsed:
    """An answer in Markdown with HTML in it, or all in HTML; one in JSON, to a prompt for it, is left as it is."""
    if _JSON.match(answer.text):
        return Parsed(answer.stripped())
    answer = unfenced(answer)
    writer = BlockWriter(answer)
    if _HTML.match(answer.text):
        write_html(answer, writer, markdown=True)
    elif is_otsl(answer):
        write_otsl(answer, writer)
    else:
        write_markdown(answer, writer)
    return Parsed(*writer.written())


def parse_html(answer: Answer) -> Parsed:
    """An answer in HTML; one that does not begin with a tag is taken as Markdown."""
    body = unfenced(answer)
    if not body.text.lstrip().startswith("<"):
        return parse_markdown(answer)
    writer = BlockWriter(body)
    write_html(body, writer)
    return Parsed(*writer.written())


def parse_plain(answer: Answer) -> Parsed:
    """An answer without markup; a table may be in OTSL."""
    if not is_otsl(answer):
        return Parsed(answer.stripped())
    writer = BlockWriter(answer)
    write_otsl(answer, writer)
    return Parsed(*writer.written())
