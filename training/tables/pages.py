"""Pages with drawn tables among running text, and other pages whose lines stand in columns and are not tables."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from training.random_source import RandomSource
from training.tables.html import TableWriter
from training.tables.styles import FONTS
from training.tables.words import Words

PAGE_WIDTHS = (620, 700, 800, 900)
"""CSS pixels."""


@dataclass(frozen=True)
class DrawnPage:
    """A page to be rendered.

    Attributes:
        html: The whole document; blocks carry ``data-block``.
        width: CSS pixels.
        scale: Device pixels a CSS pixel.
        language: ISO 639-1.
    """

    html: str
    width: int
    scale: float
    language: str


def draw_page(seed: int, measuring: bool, tables: int | None = None, others: bool = True) -> DrawnPage:
    """A page.

    Args:
        seed: Equal seeds draw equal pages; those for measuring draw from other words, fonts and fills.
        measuring: Which half of the words and styles.
        tables: How many; drawn if not given.
        others: Whether running text, forms, lists and contents stand beside them.
    """
    rng = RandomSource(2 * seed + measuring)
    words = Words(rng, measuring)
    width = rng.choice(PAGE_WIDTHS)
    count = rng.choice((1, 1, 2)) if tables is None else tables
    blocks: list[tuple[str, str]] = []
    for number in range(count):
        if others:
            blocks.extend(_other(rng, words) for _ in range(rng.randint(0, 2)))
        if others and rng.happens(0.5):
            blocks.append(("", f'<p data-block="caption">{escape(f"Table {number}. " + words.phrase(3, 9))}</p>'))
        blocks.append(TableWriter(rng, words, f"t{number}", measuring).write())
    if others:
        blocks.extend(_other(rng, words) for _ in range(rng.randint(0 if count else 2, 3)))
    style = "\n".join(css for css, _ in blocks)
    size = rng.uniform(10, 15)
    html = (
        f'<!doctype html><html lang="{words.language}"><meta charset="utf-8"><style>'
        f"*{{box-sizing:border-box}}html,body{{background:#fff}}"
        f"body{{margin:{rng.randint(14, 50)}px;font:{size:.1f}px {rng.choice(FONTS[measuring])};line-height:1.3}}"
        f"table{{margin:{rng.randint(8, 30)}px 0}}dl{{display:grid;grid-template-columns:auto 1fr;gap:4px 20px}}"
        f"dd{{margin:0}}.toc div{{display:flex;justify-content:space-between}}"
        f".receipt{{width:260px}}.receipt div{{display:flex;justify-content:space-between}}{style}</style>"
        f"<body>{''.join(body for _, body in blocks)}</body></html>"
    )
    return DrawnPage(html, width, rng.choice((1.2, 1.5, 1.8, 2.0)), words.language)


def _other(rng: RandomSource, words: Words) -> tuple[str, str]:
    kind = rng.by_share({"text": 50, "columns": 16, "form": 10, "toc": 6, "receipt": 6, "list": 6, "heading": 6})

    def paragraph(least: int, most: int) -> str:
        return " ".join(escape(words.sentence(6, 16)) for _ in range(rng.randint(least, most)))

    match kind:
        case "columns":
            count = rng.choice((2, 2, 3))
            css = f"columns:{count};column-gap:{rng.randint(10, 30)}px;"
            css += "text-align:justify" if rng.happens(0.5) else ""
            body = "".join(f"<p>{paragraph(3, 7)}</p>" for _ in range(rng.randint(2, 4)))
            return "", f'<div data-block="columns" style="{css}">{body}</div>'
        case "form":
            pairs = [
                f"<dt>{escape(words.name())}:</dt><dd>{escape(words.value(words.maker()))}</dd>"
                for _ in range(rng.randint(3, 8))
            ]
            return "", f'<dl data-block="form">{"".join(pairs)}</dl>'
        case "toc":
            lines = [
                f"<div><span>{n}. {escape(words.phrase(2, 6))}</span><span>{n * rng.randint(2, 9)}</span></div>"
                for n in range(1, rng.randint(4, 12))
            ]
            return "", f'<div class="toc" data-block="toc">{"".join(lines)}</div>'
        case "receipt":
            lines = [
                f"<div><span>{escape(words.phrase(1, 3))}</span><span>{rng.uniform(1, 99):.2f}</span></div>"
                for _ in range(rng.randint(3, 9))
            ]
            return "", f'<div class="receipt" data-block="receipt">{"".join(lines)}</div>'
        case "list":
            items = "".join(f"<li>{escape(words.phrase(3, 18))}</li>" for _ in range(rng.randint(2, 6)))
            return "", f'<ul data-block="list">{items}</ul>'
        case "heading":
            return "", f'<h2 data-block="heading">{escape(words.phrase(2, 6))}</h2>'
        case _:
            return "", f'<p data-block="text">{paragraph(1, 6)}</p>'
