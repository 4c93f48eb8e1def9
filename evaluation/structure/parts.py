"""A document as a list of parts in reading order, out of Markdown; truth and prediction are compared as such."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from html import escape, unescape
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

Kind = Literal["text", "table", "formula", "ignored"]


@dataclass(frozen=True)
class Part:
    """A paragraph, a heading, a list's item, a table.

    Attributes:
        kind: ``ignored`` parts may be in a prediction or not: running headers and the like.
        text: Without marks; of a table its HTML.
    """

    kind: Kind
    text: str


_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_TABLE = re.compile(r"<table.*?</table>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^>]+>|<!--.*?-->", re.DOTALL)
_FORMULA = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)


def parts_of(markdown: str) -> list[Part]:
    """The parts of a Markdown document.

    Items of lists are parts of their own, with their numbers; pictures and comments are none.
    """
    parts: list[Part] = []
    number = ""
    tokens = _PARSER.parse(markdown)
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token.type == "table_open":
            end = next(i for i in range(index, len(tokens)) if tokens[i].type == "table_close")
            parts.append(Part("table", _table_html(tokens[index : end + 1])))
            index = end
        elif token.type == "html_block":
            parts += [Part("table", table) for table in _TABLE.findall(token.content)]
            rest = unescape(_TAG.sub(" ", _TABLE.sub(" ", token.content)))
            parts += [Part("text", rest.strip())] if rest.strip() else []
        elif token.type == "list_item_open" and token.info:
            number = f"{token.info}{token.markup} "
        elif token.type == "inline":
            text, number = number + _plain_text(token), ""
            formulas = _FORMULA.findall(text)
            parts += [Part("formula", formula.strip()) for formula in formulas]
            rest = _FORMULA.sub(" ", text).strip()
            parts += [Part("text", rest)] if rest else []
        elif token.type in ("fence", "code_block"):
            parts.append(Part("text", token.content.strip()))
        index += 1
    return parts


def plain(text: str) -> str:
    """Letters and digits alone, as OmniDocBench compares texts: white, marks and letter forms do not count."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text)).casefold()


def _plain_text(token: Token) -> str:
    written = []
    for child in token.children or ():
        if child.type in ("text", "code_inline"):
            written.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            written.append("\n")
    return "".join(written).strip()


def _table_html(tokens: list[Token]) -> str:
    """A table of Markdown as HTML; a header of empty cells, which Markdown asks for, is left out."""
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(_plain_text(token))
    if rows and not any(rows[0]):
        rows = rows[1:]
    body = "".join(f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in row)}</tr>" for row in rows)
    return f"<table>{body}</table>"
