"""Documents with known structure: a manifest's, and pages that were drawn.

Known lines of a manifest: ``{file, markdown}`` (a file with the document's Markdown), ``{file, html}`` (a picture of
one table) and ``{file, blocks: [{type, text, html?}]}`` (in reading order). A folder of drawn pages holds a JSON file
beside each picture: ``{blocks: [{type, words, cells}]}`` or ``{roles: [[type, level]], tokens: [[text, left, top,
right, bottom, block, …]]}``, both in reading order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from evaluation.structure.parts import Part, parts_of

PICTURES = (".png", ".jpg", ".jpeg")
FURNITURE = frozenset(("header", "footer", "page_number", "figure"))
"""Types that a Markdown document has no need of."""

UNSPACED = 0x2E80
"""Characters from here on, Chinese and Japanese, are set without spaces between."""


@dataclass(frozen=True)
class Truth:
    """A document and what it holds.

    Attributes:
        path: Where it lies.
        kind: ``document``, ``table`` or the template a page was drawn from.
        parts: In reading order.
    """

    path: Path
    kind: str
    parts: tuple[Part, ...]


def truths_at(path: Path) -> Iterator[Truth]:
    """All documents of a manifest or of a folder of drawn pages."""
    if path.is_dir():
        for file in sorted(path.glob("*.json")):
            picture = next((p for suffix in PICTURES if (p := file.with_suffix(suffix)).exists()), None)
            if picture:
                yield _drawn(picture, json.loads(file.read_text(encoding="utf-8")))
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        file = path.parent / entry["file"]
        if entry.get("markdown"):
            markdown = (path.parent / entry["markdown"]).read_text(encoding="utf-8")
            yield Truth(file, "document", tuple(parts_of(markdown)))
        elif "html" in entry:
            yield Truth(file, "table", (Part("table", entry["html"]),))
        elif any("text" in block for block in entry.get("blocks", ())):
            yield Truth(file, entry.get("kind", "page"), tuple(map(_block, entry["blocks"])))


def _drawn(picture: Path, truth: dict[str, Any]) -> Truth:
    if "blocks" in truth:
        return Truth(picture, "tables", tuple(map(_block, truth["blocks"])))
    words: list[list[str]] = [[] for _ in truth["roles"]]
    for token in truth["tokens"]:
        words[token[5]].append(token[0])
    blocks = ({"type": role, "text": _written(shown)} for (role, _), shown in zip(truth["roles"], words, strict=True))
    return Truth(picture, truth.get("template", "page"), tuple(_block(block) for block in blocks if block["text"]))


def _block(block: dict[str, Any]) -> Part:
    if block.get("cells"):
        return Part("table", _html(block["cells"]))
    if "html" in block:
        return Part("table", block["html"])
    text = block["text"] if "text" in block else _written([word["text"] for word in block.get("words", ())])
    return Part("ignored" if block["type"] in FURNITURE else "text", text)


def _written(words: Sequence[str]) -> str:
    text = ""
    for word in words:
        close = text and ord(text[-1]) >= UNSPACED and ord(word[0]) >= UNSPACED
        text += word if close or not text else f" {word}"
    return text


def _html(cells: Sequence[dict[str, Any]]) -> str:
    rows: dict[int, list[dict[str, Any]]] = {}
    for cell in sorted(cells, key=lambda cell: (cell["row"], cell["column"])):
        rows.setdefault(cell["row"], []).append(cell)
    written = []
    for row in range(max(rows) + 1):
        texts = [
            f'<td rowspan="{cell["row_span"]}" colspan="{cell["column_span"]}">{escape(cell["text"])}</td>'
            for cell in rows.get(row, ())
        ]
        written.append(f"<tr>{''.join(texts)}</tr>")
    return f"<table>{''.join(written)}</table>"
