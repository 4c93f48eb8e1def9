"""Draw losses on pages, read them, and keep what was read: ``python -m training.losses.make OUT --pages PAGES``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np

from tasks.runner import ReadContext
from training.losses.damage import DAMAGES, Boxes
from training.losses.decoration import decorated
from training.losses.paragraphs import draw_paragraphs
from training.losses.sample import Sample, save
from training.pages.make import loaded
from training.random_source import RandomSource
from worker.imaging.crop import quad_size
from worker.page import LineReading, PageImage, Pixels, Quad
from worker.reading.orientation import OrientedReading
from worker.reading.plain import PlainPipeline

FEWEST_READ = 0.8
"""Share of a page's words that must be read before the loss: pages that read worse teach other things."""


MOST_WORDS, FEWEST_WORDS = 240, 30
"""Of a page; larger ones are cut, for reading takes time."""


def normal(text: str) -> str:
    """Letters and digits only, in lower case."""
    return "".join(c for c in text.casefold() if c.isalnum())


def are_read(words: Sequence[str], boxes: Boxes, quads: Sequence[Quad], readings: Sequence[LineReading]) -> Any:
    """Which words stand in the lines at their own places."""
    found = np.zeros(len(words), bool)
    lines = [(quad[0], quad[1] - quad[0], quad_size(quad), quad) for quad in quads]
    for index, (word, box) in enumerate(zip(words, boxes, strict=True)):
        key = normal(word)
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        high = box[3] - box[1]
        for (start, along, (width, _), quad), reading in zip(lines, readings, strict=True):
            if cv2.pointPolygonTest(np.asarray(quad, np.float32), middle, True) < -0.3 * high:
                continue
            unit = along / max(1.0, float(np.linalg.norm(along)))
            left, right = (float((np.array([x, middle[1]]) - start) @ unit) / width for x in (box[0], box[2]))
            slack = 0.8 * high / width
            near = (
                "".join(
                    character
                    for character, (a, b) in zip(reading.text, reading.spans, strict=True)
                    if left - slack <= (a + b) / 2 <= right + slack
                )
                if reading.spans
                else reading.text
            )
            if key in normal(near):
                found[index] = True
                break
    return found


class Reader:
    """Reads pages, and lines that it has seen before from memory."""

    def __init__(self) -> None:
        from worker.engines.ppocr.engine import RapidOcrEngine

        engine = RapidOcrEngine.load()
        recogniser = engine._recogniser
        known: dict[tuple[bytes, Any, Any], LineReading] = {}
        plain = recogniser.read

        def read(crop: Pixels, allowed: Any = None, likely: Any = None) -> LineReading:
            key = (crop.tobytes() + bytes(str(crop.shape), "ascii"), allowed, likely)
            if key not in known:
                known[key] = plain(crop, allowed, likely)
            return known[key]

        recogniser.read = read  # type: ignore[method-assign]
        self.known, self.pipeline = known, PlainPipeline(engine, engine)

    def __call__(self, pixels: Pixels) -> tuple[OrientedReading, dict[str, float]]:
        """The reading of a page, and its measures."""
        return self.pipeline.analyse(PageImage(1, pixels), ReadContext())


def part_of(pixels: Pixels, words: list[str], boxes: Boxes) -> tuple[Pixels, list[str], Boxes] | None:
    """The page's top down to where it has few enough words; None where no row ends there."""
    if len(words) <= MOST_WORDS:
        return pixels, words, boxes
    for y in sorted(set(boxes[:, 3]), reverse=True):
        above = boxes[:, 3] <= y
        if above.sum() <= MOST_WORDS and (boxes[~above, 1] >= y).all():
            if above.sum() < FEWEST_WORDS:
                return None
            kept = [word for word, own in zip(words, above, strict=True) if own]
            return np.ascontiguousarray(pixels[: int(y) + 3]), kept, boxes[above]
    return None


def degraded_page(pixels: Pixels, rng: RandomSource) -> Pixels:
    """A little of what scanners and cameras do; nothing moves."""
    if rng.happens(0.5):
        return pixels
    if rng.happens(0.4):
        pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.4, 0.9)), np.uint8)
    if rng.happens(0.3):
        noise = rng.arrays.normal(0, rng.uniform(2, 10), pixels.shape)
        pixels = np.clip(pixels + noise, 0, 255).astype(np.uint8)
    if rng.happens(0.3):
        light = np.linspace(rng.uniform(0.7, 1), rng.uniform(0.8, 1), pixels.shape[1])[None, :, None]
        pixels = np.asarray(pixels * light, np.uint8)
    if rng.happens(0.5):
        _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, rng.randint(35, 90)])
        pixels = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return pixels


def samples(
    reader: Reader, pixels: Pixels, words: list[str], boxes: Boxes, rng: RandomSource, each: int, held_out: bool
) -> list[Sample]:
    """A page without a loss and with some."""
    reader.known.clear()
    base = decorated(pixels, boxes, rng)
    wear = rng.randint(0, 1 << 30)
    result = []
    readable = np.zeros(0, bool)
    for number in range(each + 1):
        damage = rng.by_share(DAMAGES) if number else None
        damaged = damage(base, boxes, rng, held_out) if damage else None
        page = degraded_page(damaged.pixels if damaged else base, RandomSource(wear))
        upright, measured = reader(page)
        if upright.turns:
            if number == 0:
                return []
            continue
        own = boxes + np.tile(damaged.moved, 2) if damaged else boxes
        read = are_read(words, own, upright.quads, upright.readings)
        if number == 0:
            readable = read
            if read.mean() < FEWEST_READ:
                return []
        lost, placed = readable & ~read, own
        if damaged and damaged.gone:
            lost[list(damaged.gone)] = False
            there = np.array([b for _, b in damaged.foreign])
            unread = ~are_read([w for w, _ in damaged.foreign], there, upright.quads, upright.readings)
            kept = np.array([index not in damaged.gone for index in range(len(words))])
            lost, placed = np.concatenate([lost[kept], unread]), np.concatenate([own[kept], there])
        bare = replace(upright, pixels=np.zeros((0, 0, 3), np.uint8))
        name = damage.__name__ if damage else ""
        result.append(Sample(name, upright.pixels, bare, measured, placed, lost))
    return result


Page = tuple[Pixels, list[str], Boxes]


def pages_of(folder: Path) -> Iterator[tuple[int, Page]]:
    """Pages that Chromium drew, by their seeds."""
    for number, _, page in loaded(folder):
        tokens = [token for token in page.tokens if normal(token.text) and not token.vertical]
        if tokens:
            yield number, (page.pixels, [token.text for token in tokens], np.array([token.box for token in tokens]))


def paragraphs(count: int, seed: int, held_out: bool) -> Iterator[tuple[int, Page]]:
    """Plain pages, drawn now."""
    for number in range(count):
        yield number, draw_paragraphs(RandomSource(seed * 7_000_003 + number), held_out)


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--pages", type=click.Path(exists=True, path_type=Path), help="Folder of training.pages.make.")
@click.option("--paragraphs", "plain", default=0, help="So many plain pages, without a folder.")
@click.option("--each", default=3, show_default=True, help="Losses of each page.")
@click.option("--seed", default=0, show_default=True)
@click.option("--held-out", is_flag=True, help="Stamps, scripts and fonts for measuring only.")
@click.option("--part", "of", default="0/1", show_default=True, help="Of the pages, for several processes.")
def main(out: Path, pages: Path | None, plain: int, each: int, seed: int, held_out: bool, of: str) -> None:
    """Draw losses on pages and read them; pages that OUT has already are left out."""
    out.mkdir(parents=True, exist_ok=True)
    reader = Reader()
    own, parts = map(int, of.split("/"))
    source = pages_of(pages) if pages else paragraphs(plain, seed, held_out)
    for number, page in source:
        path = out / f"{number}-{seed}{'' if pages else 'p'}.pkl"
        if number % parts != own or path.exists():
            continue
        part = part_of(*page)
        if part is not None:
            save(path, samples(reader, *part, RandomSource(seed * 1_000_003 + number), each, held_out))


if __name__ == "__main__":
    main()
