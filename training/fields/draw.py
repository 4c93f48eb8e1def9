"""Draw documents into a folder: pages as the product's layout gives them, and the place of every value."""

from __future__ import annotations

import argparse
import json
import os
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ocrq.contracts import Line, Page, Word
from ocrq.contracts.result import Box
from training.fields.documents import DOCUMENTS
from training.fields.facts import WORDS, Facts, Vocabulary, facts
from training.fields.parts import Parts
from training.pages.chromium import Chromium, DrawnPage
from training.pages.make import saved
from training.random_source import RandomSource
from training.tables.samples import lines_of
from worker.layout.tree import LayoutLine
from worker.page import LineReading, Quad
from worker.reading.page_tree import read_tree

FONTS = ("Liberation Sans", "Liberation Serif", "Liberation Sans Narrow", "Noto Sans", "Noto Serif", "Liberation Mono")
HELD_FONTS = ("DejaVu Sans", "DejaVu Serif", "DejaVu Sans Mono", "DejaVu Sans Condensed")
PLAIN_SHARE = 0.4
"""Of the documents to learn from that have no blocks, as pages of readers without a layout: they cost a third."""

COLUMNS = 3
"""Of a table, at least; what has fewer shows labels and values."""

TABLE = re.compile(r"<table(?P<row>.*?</tr>)", re.DOTALL)

CONFUSED = {
    "0": "O",
    "O": "0",
    "1": "l",
    "l": "1",
    "I": "l",
    "5": "S",
    "S": "5",
    "8": "B",
    "B": "8",
    "6": "G",
    "2": "Z",
    "m": "rn",
    "e": "c",
    "a": "o",
    "é": "e",
    "ü": "u",
    ".": ",",
    ",": ".",
}


def drawn(
    browser: Chromium, seed: int, held_out: bool, picture: bool = True, kind: str | None = None
) -> tuple[dict[str, Any], DrawnPage] | None:
    """The document of a seed: its truth and its picture; None where it came out too tall."""
    document = compose(seed, held_out, kind)
    page = browser.draw(document.css, document.html, picture)
    if page is None:
        return None
    return {
        "kind": document.kind,
        "language": document.parts.facts.language,
        "dayfirst": document.parts.write.dayfirst,
        "truth": _truth(document.parts.facts, page),
    }, page


def tables_drawn(browser: Chromium, seed: int, held_out: bool) -> tuple[str, DrawnPage] | None:
    """The kind of a seed's document, and its page with its tables as blocks of their own.

    Those of three columns and more have the role of a table, those of labels and values the role of a form.
    """
    document = compose(seed, held_out)
    page = browser.draw(document.css, TABLE.sub(_with_role, document.html))
    return (document.kind, page) if page else None


def _with_role(table: re.Match[str]) -> str:
    role = "table" if len(re.findall("<t[dh]", table["row"])) >= COLUMNS else "form"
    return f'<table data-r="{role}" data-l="0"{table["row"]}'


@dataclass(frozen=True)
class Composed:
    """A document before it is drawn."""

    kind: str
    css: str
    html: str
    parts: Parts


def compose(seed: int, held_out: bool, kind: str | None = None) -> Composed:
    """The document of a seed."""
    rng = RandomSource(seed * 2 + held_out)
    document = rng.by_share({one: share for one, share in DOCUMENTS.items() if kind in (None, one.__name__)})
    words = Vocabulary(rng, rng.choice(sorted(WORDS)), held_out)
    facts_shown = facts(rng, words, document.__name__ == "receipt")
    parts = Parts(rng, facts_shown, words, held_out)
    font = rng.choice(HELD_FONTS if held_out else FONTS)
    slip = document.__name__ == "receipt"
    width, size = (rng.randint(330, 560), rng.uniform(15, 22)) if slip else (1000, rng.uniform(12.5, 18))
    margin = rng.randint(8, 30) if slip else rng.randint(30, 90)
    css = (
        f"body{{margin:0;width:{width}px;font:{size:.1f}px/{rng.uniform(1.15, 1.5):.2f} '{font}'}}"
        f".page{{padding:{margin}px;display:flex;flex-direction:column;min-height:{rng.choice((0, 1200, 1414))}px;box-sizing:border-box}}"
        f".slip{{padding:{margin}px}}.flex{{display:flex;justify-content:space-between;gap:{rng.randint(10, 50)}px}}.grow{{flex:1}}"
        ".nw{white-space:nowrap}table{border-spacing:0}"
    )
    return Composed(document.__name__, css, f'<div data-r="text" data-l="0">{document(parts)}</div>', parts)


def _truth(facts_shown: Facts, page: DrawnPage) -> dict[str, Any]:
    """Canonical values of what the page shows."""
    shown = {token.mark for token in page.tokens if token.mark}
    total = facts_shown.total + facts_shown.rounding if "rounding" in shown else facts_shown.total
    values: dict[str, Any] = {
        "company": facts_shown.seller.name, "customer": facts_shown.buyer.name, "vat_id": facts_shown.seller.vat_id, "customer_vat": facts_shown.buyer.vat_id,
        "iban": facts_shown.seller.iban, "bic": facts_shown.seller.bic, "phone": facts_shown.seller.phone, "fax": facts_shown.seller.fax,
        "email": facts_shown.seller.email, "website": facts_shown.seller.website, "registration_number": facts_shown.seller.registration,
        "subtotal": facts_shown.net / 100, "tax": facts_shown.tax / 100, "total": total / 100, "discount": facts_shown.discount / 100,
        "shipping": facts_shown.shipping / 100, "rounding": facts_shown.rounding / 100, "cash": facts_shown.paid / 100,
        "change": (facts_shown.paid - total) / 100,
        "count": sum(item.quantity for item in facts_shown.items),
        **{name: day.isoformat() for name, day in facts_shown.dates.items()},
        **facts_shown.codes,
    }  # fmt: skip
    for name in ("invoice_number", "receipt_number", "order_number", "delivery_number"):
        if name in shown and any(token.mark == name and token.text in facts_shown.number for token in page.tokens):
            values[name] = facts_shown.number
    for role, party in (("", facts_shown.seller), ("customer_", facts_shown.buyer)):
        values[f"{role}address"] = ", ".join(filter(None, (party.street, party.town)))
    for name in ("cashier", "payment_terms", "payment_method"):
        values[name] = " ".join(token.text for token in page.tokens if token.mark == name)
    items = []
    for number, item in enumerate(facts_shown.items):
        row = {
            "description": item.description,
            "quantity": item.quantity,
            "unit_price": item.price / 100,
            "line_total": item.amount / 100,
            "sku": item.sku,
        }
        items.append({name: one for name, one in row.items() if f"items.{number}.{name}" in shown})
    return {
        **{name: values[name] for name in shown if name in values},
        "items": items,
        "currency": facts_shown.currency,
    }


def as_read(page: DrawnPage, rng: RandomSource, noisy: bool, layout: bool = True) -> Page:
    """The page as detector, reader and layout would give it, with letters misread.

    Args:
        page: As drawn.
        rng: Of the reading.
        noisy: Whether letters are misread.
        layout: Whether it has blocks; without, its lines stand as they were drawn.
    """
    words = [{"text": token.text, "box": list(token.box), "cell": 0} for token in page.tokens]
    rate = rng.choice((0.0, 0.0, 0.002, 0.006, 0.015)) if noisy else 0.0
    found = lines_of(words, rng)
    readings, lines = [], []
    for line in found:
        texts = [_misread(word.text, rate, rng) for word in line.words]
        sure = [_confidence(word.text == text, rng) for word, text in zip(line.words, texts, strict=True)]
        readings.append(LineReading(" ".join(texts), (0.99,) * len(" ".join(texts)), _spans(line, texts)))
        boxes = [_box(word.quad) for word in line.words if word.quad is not None]
        lines.append(
            Line(
                text=" ".join(texts),
                confidence=round(float(np.prod(sure)), 4),
                box=_box(line.quad),
                words=[Word(text=t, confidence=s, box=b) for t, s, b in zip(texts, sure, boxes, strict=True)],
            )
        )
    height, width = page.pixels.shape[:2]
    if not layout:
        text = "\n".join(line.text for line in lines)
        return Page(page=1, width=width, height=height, text=text, confidence=0.97, lines=lines)
    tree = read_tree(readings, lines, [line.quad for line in found], page.pixels, _box)
    return Page(
        page=1, width=width, height=height, text=tree.text, confidence=0.97, lines=tree.lines, blocks=tree.blocks
    )


def _spans(line: LayoutLine, texts: list[str]) -> tuple[tuple[float, float], ...]:
    """Each character's place along its line, as shares."""
    left, right = float(line.quad[0][0]), float(line.quad[1][0])
    spans: list[tuple[float, float]] = []
    for place, (word, text) in enumerate(zip(line.words, texts, strict=True)):
        assert word.quad is not None
        start, end = ((float(word.quad[side][0]) - left) / max(1.0, right - left) for side in (0, 1))
        if place:
            spans.append((spans[-1][1], start))
        step = (end - start) / len(text)
        spans += [(start + step * n, start + step * (n + 1)) for n in range(len(text))]
    return tuple(spans)


def _misread(text: str, rate: float, rng: RandomSource) -> str:
    return "".join(CONFUSED.get(c, c) if rate and rng.happens(rate * 2) else c for c in text) or text


def _confidence(right: bool, rng: RandomSource) -> float:
    low, high = (0.93, 0.999) if right else (0.35, 0.97)
    return round(rng.uniform(low, high), 4) if not rng.happens(0.03) else round(rng.uniform(0.6, 0.99), 4)


def _box(quad: Quad) -> Box:
    a, b, c, d = ((round(float(x), 1), round(float(y), 1)) for x, y in quad)
    return (a, b, c, d)


def main() -> None:
    """Draw documents of consecutive seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--documents", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--kind", help="Only documents of a kind, as its function is called.")
    parser.add_argument("--pictures", action="store_true", help="Keep the pictures, for the reader.")
    parser.add_argument("--tables", action="store_true", help="Pages of training.pages.make, for what tables are.")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    if given.tables:
        with Chromium() as browser:
            for seed in range(given.seed, given.seed + given.documents):
                if with_tables := tables_drawn(browser, seed, given.held_out):
                    saved(given.folder, seed, *with_tables)
        return
    with Chromium() as browser, (given.folder / "documents.jsonl").open("a", encoding="utf-8") as out:
        for seed in range(given.seed, given.seed + given.documents):
            layout = given.held_out or not RandomSource(seed).happens(PLAIN_SHARE)
            made = drawn(browser, seed, given.held_out, layout, given.kind)
            if made is None:
                continue
            facts_shown, page = made
            marks: dict[str, list[list[float]]] = defaultdict(list)
            for token in page.tokens:
                if token.mark:
                    marks[token.mark].append([round(x, 1) for x in token.box])
            read = as_read(page, RandomSource(seed), not given.pictures, layout)
            line = {
                "seed": seed,
                **facts_shown,
                "marks": marks,
                "page": read.model_dump(mode="json", exclude_none=True),
            }
            if given.pictures:
                line["file"] = f"{seed}.png"
                cv2.imwrite(str(given.folder / line["file"]), page.pixels)
            out.write(json.dumps(line, ensure_ascii=False) + os.linesep)
            out.flush()


if __name__ == "__main__":
    main()
