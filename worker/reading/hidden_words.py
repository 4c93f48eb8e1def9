"""Words that a fitted model expects under patches and marks, and where lines are interrupted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from worker.imaging.covered import covered_text
from worker.imaging.crop import quad_size
from worker.imaging.hidden import Hidden
from worker.imaging.ink import LetterInk
from worker.imaging.line_edges import line_edges
from worker.imaging.marks import marked_text
from worker.imaging.same_picture import grey_of
from worker.imaging.text_lines import text_lines
from worker.page import Pixels, Quad
from worker.percentiles import median
from worker.reading.loss import LEAST_WORDS, WORD_HEIGHTS, Loss, line_count, words_in
from worker.reading.loss_model import MEASURES, Kind, hides_text

LIKELY: Mapping[Kind, float] = {"patch": 0.4, "mark": 0.5, "edge": 0.4}
"""Probabilities from which something is taken to hide text."""

SURELY = 3
"""Power of such a probability that is its certainty: at .9 three quarters, at .7 a third."""

FILL, SOLID = MEASURES["mark"].index("fill"), 0.8
"""Share of a mark that is ink, from which it is a patch, and judged as one."""

LOST_BESIDE = 1.5
"""Words lost for each doubtful one under a mark: others leave no trace."""


def hidden_words(
    pixels: Pixels,
    ink: LetterInk,
    quads: Sequence[Quad],
    found: Sequence[Quad],
    doubtful: Callable[[], Sequence[Quad]],
) -> list[Loss]:
    """Words under patches and marks and behind edges; what several of them hide counts once.

    Args:
        pixels: The upright page.
        ink: Its ink.
        quads: Of its lines.
        found: The same and those of lines that hold no text.
        doubtful: Tells the quads of words that may be wrong; asked where something hides text.
    """
    patches = covered_text(ink, found)
    marks = marked_text(pixels, quads)
    marks = [mark for mark in marks if mark.measures[FILL] <= SOLID or not any(_meet(mark, one) for one in patches)]
    every: list[tuple[float, Kind, Hidden]] = [(hides_text("patch", one.measures), "patch", one) for one in patches]
    every += [(hides_text("mark", one.measures), "mark", one) for one in marks]
    kept: list[tuple[float, Kind, Hidden]] = []
    for likely, kind, one in sorted(every, key=lambda found: -found[0]):
        if likely >= LIKELY[kind] and not any(_meet(one, other) for _, _, other in kept):
            kept.append((likely, kind, one))
    unit = WORD_HEIGHTS * median([quad_size(quad)[1] for quad in quads] or [1.0])
    losses, unsure = [], doubtful() if kept else ()
    for kind, what in (("patch", "a patch of one colour"), ("mark", "a mark")):
        words = [
            (likely, max(one.length / unit, LOST_BESIDE * sum(map(one.holds, unsure))))
            for likely, own, one in kept
            if own == kind
        ]
        losses += _expected(words, f"words under {what} could not be read")
    return losses + _behind_edges(pixels, quads, [one for _, _, one in kept])


def _behind_edges(pixels: Pixels, quads: Sequence[Quad], hidden: Sequence[Hidden]) -> list[Loss]:
    """Words that lines are interrupted before, and that nothing else hides."""
    grey = grey_of(pixels)
    edges = [(hides_text("edge", edge.measures), edge) for edge in line_edges(grey, text_lines(grey, quads))]
    words, missing = list[tuple[float, float]](), list[Quad]()
    for likely, edge in sorted(edges, key=lambda found: -found[0]):
        if likely < LIKELY["edge"]:
            break
        own = [quad for quad in edge.quads if not any(one.holds(quad) for one in hidden)]
        own = [quad for quad in own if not any(_overlap(quad, other) or _overlap(other, quad) for other in missing)]
        words.append((likely, sum(map(words_in, own))))
        missing += own
    return _expected(words, f"{line_count(len(missing))} interrupted by a patch in the colour of the paper")


def _expected(words: Sequence[tuple[float, float]], what: str) -> list[Loss]:
    """The loss of words with the probability that they are lost."""
    expected = sum(likely * count for likely, count in words)
    if expected < LEAST_WORDS:
        return []
    return [Loss(expected, what, sum(likely**SURELY * count for likely, count in words) / expected)]


def _overlap(quad: Quad, other: Quad) -> bool:
    """Whether the middle of a level quad is in another."""
    return bool(np.all((other[0] <= quad.mean(axis=0)) & (quad.mean(axis=0) <= other[2])))


def _meet(mark: Hidden, other: Hidden) -> bool:
    """Whether two hide the same."""
    return other.holds(mark.outline) or mark.holds(other.outline)
