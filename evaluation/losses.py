"""How well confidence tells pages that lost words: ``python -m evaluation.losses --pages 60``.

Pages are drawn, and a part of most of them is lost on the way: a tile is covered, a stamp stands on the text, a
paragraph is in a script that is not read here, the page is cut off. What was lost is counted in what is read.
"""

from __future__ import annotations

import collections
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from wordfreq import top_n_list

from training.chance import Chance
from training.fonts import OFFICE_FAMILIES, installed
from training.scripts.script_samples import LANGUAGES, fonts_with, text_in
from worker.page import PageImage, Pixels

WIDTH, HEIGHT = 1240, 1754
LOST = 0.05
"""Share of a page's words from which it has lost some."""

SCRIPTS = ("Deva", "Thai", "Arab", "Hang", "Hebr", "Taml", "Beng", "Geor", "Armn")
WORDS_OF = ("en", "de", "fr", "es", "it", "pl")
HELD_OUT_FONTS = ("Carlito", "LiberationSerif", "NotoSans-", "Roboto", "texgyre")


@dataclass(frozen=True)
class LossPage:
    """A drawn page.

    Attributes:
        pixels: BGR.
        words: That stood on it before the loss.
        kind: Of the loss.
    """

    pixels: Pixels
    words: tuple[str, ...]
    kind: str


def draw_page(chance: Chance, held_out: bool) -> LossPage:
    """A page of paragraphs with one loss or none."""
    fonts = [path for path in installed() if path.name.startswith(OFFICE_FAMILIES)]
    fonts = [path for path in fonts if path.name.startswith(HELD_OUT_FONTS) == held_out and "Mono" not in path.name]
    size = chance.randint(20, 34)
    font = ImageFont.truetype(str(chance.choice(fonts)), size)
    image = Image.new("RGB", (WIDTH, HEIGHT), (chance.randint(244, 255),) * 3)
    pen, words, y = ImageDraw.Draw(image), list[str](), chance.randint(60, 200)
    vocabulary = top_n_list(chance.choice(WORDS_OF), 4000)
    kind = chance.choice(tuple(LOSSES))
    paragraphs = chance.randint(2, 7)
    foreign = chance.randrange(paragraphs) if kind == "foreign" else -1
    for number in range(paragraphs):
        lines = chance.randint(2, 9)
        if number == foreign:
            y = _foreign(pen, y, chance.randint(1, 6), size, words, chance)
        for line in range(lines):
            text = _line(
                vocabulary, font, WIDTH - 240 if line < lines - 1 else chance.randint(150, WIDTH - 240), chance
            )
            if y > HEIGHT - 140:
                break
            pen.text((120, y), text, (20, 20, 30), font)
            words += text.split()
            y += round(size * 1.45)
        y += size
    pixels = np.asarray(cv2.cvtColor(np.asarray(image), cv2.COLOR_RGB2BGR), np.uint8)
    return LossPage(LOSSES[kind](pixels, y, chance), tuple(words), kind)


def _line(vocabulary: Sequence[str], font: ImageFont.FreeTypeFont, width: int, chance: Chance) -> str:
    text = ""
    while True:
        word = vocabulary[int(len(vocabulary) * chance.random() ** 2)]
        word = word.capitalize() if chance.happens(0.15) else word
        if font.getlength(f"{text} {word}") > width:
            return text or word
        text = f"{text} {word}".strip()


def _foreign(pen: ImageDraw.ImageDraw, y: int, lines: int, size: int, words: list[str], chance: Chance) -> int:
    script = chance.choice(SCRIPTS)
    language = chance.choice(LANGUAGES[script])
    for _ in range(lines):
        text = text_in(language, 60, chance)
        font = ImageFont.truetype(str(chance.choice(fonts_with(max(text)))), size)
        while font.getlength(text) > WIDTH - 240:
            text = text[:-1]
        pen.text((120, y), text, (20, 20, 30), font)
        words += text.split()
        y += round(size * 1.6)
    return y + size


def _whole(pixels: Pixels, _bottom: int, _chance: Chance) -> Pixels:
    return pixels


def _box(bottom: int, chance: Chance) -> tuple[int, int, int, int]:
    width, height = chance.randint(120, 800), chance.randint(60, max(80, min(600, bottom // 2)))
    left, top = chance.randint(80, WIDTH - 100 - width), chance.randint(60, max(61, bottom - height))
    return left, top, left + width, top + height


def _tiled(pixels: Pixels, bottom: int, chance: Chance) -> Pixels:
    """A tile in one colour, as a broken decoder leaves it."""
    left, top, right, low = _box(bottom, chance)
    result = pixels.copy()
    result[top:low, left:right] = [chance.choice(((128, 128, 128), (0, 0, 0), (200, 200, 200), (90, 160, 60)))]
    return result


def _smudged(pixels: Pixels, bottom: int, chance: Chance) -> Pixels:
    """A tile of too few pixels, as a broken stream or a redaction leaves it."""
    left, top, right, low = _box(bottom, chance)
    result, part = pixels.copy(), pixels[top:low, left:right]
    step = chance.randint(12, 24)
    small = cv2.resize(
        part, (max(1, part.shape[1] // step), max(1, part.shape[0] // step)), interpolation=cv2.INTER_AREA
    )
    result[top:low, left:right] = cv2.resize(small, part.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    return result


def _stamped(pixels: Pixels, bottom: int, chance: Chance) -> Pixels:
    """A stamp of thick ink across the text."""
    left, top, right, low = _box(bottom, chance)
    height = max(60, (low - top) // 2)
    colour = chance.choice(((190, 60, 40), (40, 40, 190), (30, 30, 30), (90, 140, 30)))
    canvas = np.full((height + 200, right - left + 200, 3), 255, np.uint8)
    word = chance.choice(("PAID", "RECEIVED", "COPY", "APPROVED", "URGENT"))
    scale = height / 30
    cv2.rectangle(canvas, (60, 60), (canvas.shape[1] - 60, canvas.shape[0] - 60), colour, max(4, height // 16))
    cv2.putText(canvas, word, (80, 100 + height // 2), cv2.FONT_HERSHEY_DUPLEX, scale, colour, max(3, height // 10))
    turn = cv2.getRotationMatrix2D((canvas.shape[1] / 2, canvas.shape[0] / 2), chance.uniform(-25, 25), 1)
    canvas = cv2.warpAffine(canvas, turn, canvas.shape[1::-1], borderValue=(255, 255, 255))
    result = pixels.copy()
    y, x = max(0, top - 100), max(0, left - 100)
    part = result[y : y + canvas.shape[0], x : x + canvas.shape[1]]
    canvas = canvas[: part.shape[0], : part.shape[1]]
    inked = canvas.min(axis=2) < 200
    part[inked] = canvas[inked] if chance.happens(0.6) else np.minimum(part, canvas)[inked]
    return result


def _cut(pixels: Pixels, bottom: int, chance: Chance) -> Pixels:
    """The page's right or lower part is not in the picture."""
    if chance.happens(0.6):
        return np.ascontiguousarray(pixels[:, : chance.randint(WIDTH // 2, WIDTH - 170)])
    return np.ascontiguousarray(pixels[: chance.randint(bottom // 2, bottom - 30)])


LOSSES: dict[str, Callable[[Pixels, int, Chance], Pixels]] = {
    "none": _whole,
    "none as well": _whole,
    "tile": _tiled,
    "smudge": _smudged,
    "stamp": _stamped,
    "foreign": _whole,
    "cut": _cut,
}
"""By kind; a paragraph in another script is drawn with the page."""


def lost_share(read: str, words: Sequence[str]) -> float:
    """Share of the words that are not in what was read."""
    there = collections.Counter(read.split())
    missing = collections.Counter(words) - there
    return sum(missing.values()) / max(1, len(words))


def auroc(scores: Sequence[float], positive: Sequence[bool]) -> float:
    """Probability that a positive one scores higher than another."""
    first = [score for score, own in zip(scores, positive, strict=True) if own]
    others = [score for score, own in zip(scores, positive, strict=True) if not own]
    wins = sum((a > b) + 0.5 * (a == b) for a in first for b in others)
    return wins / max(1, len(first) * len(others))


@click.command()
@click.option("--pages", default=60, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--held-out", is_flag=True, help="Fonts for measuring only.")
@click.option("--out", type=click.Path(path_type=Path), help="Keep what each page gave, as JSON lines.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep the pages' pictures in this folder.")
def main(pages: int, seed: int, held_out: bool, out: Path | None, keep: Path | None) -> None:
    """Draw pages with losses, read them, and tell whether confidence knows."""
    from tasks.runner import ReadContext
    from worker.engines.ppocr.engine import RapidOcrEngine
    from worker.reading.plain import PlainPipeline

    cv2.setNumThreads(1)
    engine = RapidOcrEngine.load()
    pipeline = PlainPipeline(engine, engine)
    rows = []
    for number in range(pages):
        drawn = draw_page(Chance(seed * 10_000 + number), held_out)
        if keep:
            keep.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(keep / f"{number:03d}-{drawn.kind.replace(' ', '-')}.png"), drawn.pixels)
        read = pipeline.read_pages([PageImage(1, drawn.pixels)], ReadContext())[0]
        lost = lost_share(read.page.text, drawn.words)
        rows.append(
            {"number": number, "kind": drawn.kind, "lost": round(lost, 4), "confidence": read.page.confidence}
            | {"warnings": list(read.warnings)}
        )
        if out:
            out.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    scores, lost_some = [1 - row["confidence"] for row in rows], [row["lost"] >= LOST for row in rows]
    click.echo(f"{pages} pages, {sum(lost_some)} lost {LOST:.0%} or more: AUROC {auroc(scores, lost_some):.4f}")
    for kind in LOSSES:
        own = [row for row in rows if row["kind"] == kind]
        if own:
            means = [np.mean([row[name] for row in own]) for name in ("lost", "confidence")]
            click.echo(f"{kind:14} {len(own):3} lost {means[0]:.3f} confidence {means[1]:.3f}")


if __name__ == "__main__":
    main()
