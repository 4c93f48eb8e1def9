"""Draw pages into a folder: pictures and truth."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from training.pages import business, templates
from training.pages.chromium import Chromium, DrawnPage, Token
from training.pages.parts import Parts
from training.pages.prose import LANGUAGES, Prose
from training.pages.style import Style
from training.random_source import RandomSource


def drawn(browser: Chromium, seed: int, held_out: bool) -> tuple[str, DrawnPage] | None:
    """The page of a seed and its template's name; None where it came out too tall."""
    rng = RandomSource(seed)
    if held_out:
        from training.pages.held_out import TEMPLATES as pool
    else:
        pool = {**templates.TEMPLATES, **business.TEMPLATES}
    prose = Prose(rng, rng.by_share(LANGUAGES), int(held_out))
    style = Style.drawn(rng, prose.chinese, held_out)
    template = rng.by_share(pool)
    page = browser.draw(style.css(), template(Parts(rng, prose, style)))
    return (template.__name__, page) if page else None


def saved(folder: Path, seed: int, name: str, page: DrawnPage) -> None:
    """Write a page's picture and truth."""
    cv2.imwrite(str(folder / f"{seed}.jpg"), page.pixels, [cv2.IMWRITE_JPEG_QUALITY, 85])
    tokens = [[t.text, *(round(x, 1) for x in t.box), t.block, round(t.size, 1), int(t.vertical)] for t in page.tokens]
    truth = {"template": name, "roles": page.roles, "figures": page.figures, "tokens": tokens}
    (folder / f"{seed}.json").write_text(json.dumps(truth, ensure_ascii=False), encoding="utf-8")


def loaded(folder: Path) -> Iterator[tuple[int, str, DrawnPage]]:
    """Pages of a folder: seed, template, page."""
    for path in sorted(folder.glob("*.json"), key=lambda path: int(path.stem)):
        truth = json.loads(path.read_text(encoding="utf-8"))
        tokens = tuple(
            Token(t, (a, b, c, d), block, size, bool(v)) for t, a, b, c, d, block, size, v in truth["tokens"]
        )
        pixels = cv2.imread(str(path.with_suffix(".jpg")))
        assert pixels is not None
        page = DrawnPage(
            np.asarray(pixels, np.uint8),
            tokens,
            tuple((r, n) for r, n in truth["roles"]),
            tuple(map(tuple, truth["figures"])),
        )
        yield int(path.stem), truth["template"], page


def main() -> None:
    """Draw pages of consecutive seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pages", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--held-out", action="store_true")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with Chromium() as browser:
        for seed in range(given.seed, given.seed + given.pages):
            made = drawn(browser, seed, given.held_out)
            if made:
                saved(given.folder, seed, *made)


if __name__ == "__main__":
    main()
