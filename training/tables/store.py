"""Drawn pages in a folder: a picture and a JSON file each.

python -m training.tables.store FOLDER --first 5000 --pages 1000
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from training.tables.browser import open_renderer
from training.tables.pages import draw_page
from worker.page import Pixels


@dataclass(frozen=True)
class Page:
    """A drawn page.

    Attributes:
        file: Its picture.
        blocks: With boxes in pixels; see :mod:`training.tables.browser`.
    """

    file: Path
    blocks: list[dict[str, Any]]

    def pixels(self) -> Pixels:
        """BGR."""
        return np.asarray(cv2.imread(str(self.file)), np.uint8)


def stored_pages(folder: Path) -> list[Page]:
    """The pages of a folder, by name."""
    return [
        Page(file, json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))["blocks"])
        for file in sorted(folder.glob("*.png"))
        if file.with_suffix(".json").exists()
    ]


def main() -> None:
    """Draw and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--first", type=int, default=0, help="seed of the first page")
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--tables", type=int, help="on each page")
    parser.add_argument("--measuring", action="store_true", help="draw from the half that is not learned from")
    parser.add_argument("--alone", action="store_true", help="tables without other blocks around them")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with open_renderer() as renderer:
        for seed in range(options.first, options.first + options.pages):
            page = draw_page(seed, options.measuring, options.tables, not options.alone)
            pixels, blocks = renderer.render(page)
            file = options.folder / f"{seed:06d}.png"
            cv2.imwrite(str(file), pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])
            truth = {"language": page.language, "scale": page.scale, "blocks": blocks}
            file.with_suffix(".json").write_text(json.dumps(truth, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
