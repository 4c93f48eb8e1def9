"""Measure blocks, roles and reading order on held-out drawn pages, with the detector's own lines."""

from __future__ import annotations

import argparse
import collections
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rapidfuzz.distance import Levenshtein

from training.layout.lines import TrueLine, matched, text_of
from training.pages.chromium import DrawnPage
from training.pages.make import loaded
from worker.engines.protocols import Detector
from worker.layout.analysis import analyse_layout
from worker.layout.line_order import arrange
from worker.layout.rivers import cut_at_rivers
from worker.layout.tree import BlockLayout
from worker.page import Quad


def detector() -> Detector:
    """The default engine's."""
    from worker.engines.ppocr.engine import RapidOcrEngine

    return RapidOcrEngine.load()


def quads_of(path: Path, page: DrawnPage, finder: list[Detector]) -> list[Quad]:
    """The detector's quads, kept beside the page."""
    if not path.exists():
        if not finder:
            finder.append(detector())
        np.save(path, np.array(finder[0].find_lines(page.pixels)).reshape(-1, 4, 2))
    return list(np.load(path))


def compact(text: str) -> str:
    """Without white: line ends and spaces do not count."""
    return "".join(text.split())


def order_of(blocks: Sequence[BlockLayout]) -> list[int]:
    """Lines as they are read."""
    return [index for block in blocks for row in block.rows for index in row]


def order_distance(lines: Sequence[TrueLine], order: Sequence[int]) -> float:
    """Edit distance of the true blocks' sequence, by the mean place of their lines; 0 to 1."""
    places = collections.defaultdict(list)
    for place, index in enumerate(order):
        places[lines[index].block].append(place)
    sequence = sorted(places, key=lambda block: float(np.mean(places[block])))
    return float(Levenshtein.normalized_distance(sequence, sorted(places)))


def block_pairs(labels: Sequence[int]) -> set[tuple[int, int]]:
    """Pairs of lines in one block."""
    groups = collections.defaultdict(list)
    for index, label in enumerate(labels):
        groups[label].append(index)
    return {(a, b) for group in groups.values() for a in group for b in group if a < b}


def main() -> None:
    """Print means by template, for the order by geometry alone and for the layout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, default=10**9)
    given = parser.parse_args()
    finder: list[Detector] = []
    rows = collections.defaultdict(list)
    seconds = []
    for number, (seed, template, page) in enumerate(loaded(given.folder)):
        if number >= given.limit:
            break
        quads = quads_of(given.folder / f"{seed}.npy", page, finder)
        quads = cut_at_rivers(quads, page.pixels)
        lines = matched(page, quads)
        plain = [one.line for one in lines]
        begun = time.process_time()
        blocks = analyse_layout(plain, page.pixels)
        seconds.append(time.process_time() - begun)
        order = order_of(blocks)
        assert sorted(order) == list(range(len(lines)))
        old = [index for block in arrange([line.quad for line in plain]) for row in block for index in row]
        truth = compact(text_of(page.tokens))
        written = [compact("".join(plain[index].text for index in one)) for one in (old, order)]
        label = {index: n for n, block in enumerate(blocks) for row in block.rows for index in row}
        mine, theirs = block_pairs([label[i] for i in range(len(lines))]), block_pairs([one.block for one in lines])
        shared = 2 * len(mine & theirs) / max(len(mine) + len(theirs), 1)
        kind = {index: block.type for block in blocks for row in block.rows for index in row}
        role = float(np.mean([kind[i] == one.role for i, one in enumerate(lines)]))
        rows[template].append(
            (
                order_distance(lines, old),
                order_distance(lines, order),
                Levenshtein.normalized_distance(written[0], truth),
                Levenshtein.normalized_distance(written[1], truth),
                shared,
                role,
                seed,
            )
        )
    print(f"{'template':18} pages  order: old  new   text: old  new   blocks  roles")
    everything = [row for group in rows.values() for row in group]
    for name, group in [*sorted(rows.items()), ("all", everything)]:
        means = np.mean([row[:6] for row in group], axis=0)
        worst = max(group, key=lambda row: row[3])
        order, text = f"{means[0]:9.3f} {means[1]:.3f}", f"{means[2]:9.3f} {means[3]:.3f}"
        print(f"{name:18} {len(group):4}  {order}  {text}  {means[4]:.3f}  {means[5]:.3f}", end="")
        print(f"  worst {worst[6]}: {worst[3]:.3f}")
    print(f"layout: {1000 * np.mean(seconds):.0f} ms a page")


if __name__ == "__main__":
    main()
