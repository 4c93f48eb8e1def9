"""What a page has lost: text that was found and not read, or that is cut off, covered or in a script unknown here."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from worker.imaging.crop import cut_line, quad_size, span_quad
from worker.imaging.ink import LetterInk, has_letters, rows_outside
from worker.page import LineReading, Pixels, Quad
from worker.reading.calibration import Calibration
from worker.reading.confidence import word_confidences, word_ranges
from worker.reading.hidden_words import LOST_BESIDE, hidden_words
from worker.reading.loss import LEAST_WORDS, Loss, line_count, words_in
from worker.script_names import SCRIPT_NAMES

CUT_WORDS = 3.0
"""Words lost where a line is cut off at the page's edge: part of one, and those behind it."""

EDGE_SHARE = 0.35
"""Heights of a line within which its box ends at the page's edge."""

EDGE_CONTRAST = 60
"""Grey values by which ink at the very edge differs from the paper."""

EDGE_PIXELS = 2
SAMPLES = 24
"""Points of a line at which it is looked whether a stamp is there."""

LEAST_ROWS, LEAST_SHARE = 3, 0.06
"""Rows of ink that were not read, at least, and as a share of the lines read: fewer are logos, scribbles and grain,
which the page's calibration knows."""

LEAST_BOXES, LEAST_ZEROS = 3, 10
"""Words and characters of a line in zeros: what a font draws for letters that it lacks is read as 0."""

WELL, BADLY, LONG_LINE = 0.95, 0.75, 12.0
"""Mean probabilities of a page's lines and of one among them, and its length in heights: short ones are scribbles."""

DOUBTFUL = 0.9
"""Confidence below which a word under a stamp counts as hidden."""

MANY, UNCERTAIN = 0.05, 0.72
"""Share of a page's words that is certainly lost from which the page is not to be relied on, and what its confidence is
multiplied by then, beside the share read: whoever takes pages with .7 or more does not get it."""


@dataclass(frozen=True)
class Dropped:
    """A line that was found and is not in the page's text, with its reading."""

    quad: Quad
    reading: LineReading


def losses_of(
    pixels: Pixels,
    ink: LetterInk,
    quads: Sequence[Quad],
    dropped: Sequence[Dropped],
    behind: Sequence[Quad] = (),
    stamps: Sequence[tuple[Quad, float]] = (),
    doubtful: Callable[[], Sequence[Quad]] = tuple,
) -> list[Loss]:
    """What a page has lost.

    Args:
        pixels: The upright page.
        ink: Its ink.
        quads: Of its lines.
        dropped: Lines that were found and hold no text.
        behind: Lines that are not the page's own.
        stamps: Rectangles of stamps, with the share of the words in them that they hide.
        doubtful: Tells the quads of words with a confidence below :data:`DOUBTFUL`; asked where something hides text.
    """
    others = [line for line in dropped if not line.reading.is_lost]
    rows = rows_outside(ink, [*quads, *behind, *(line.quad for line in dropped)])
    unread = [line.quad for line in others if has_letters(cut_line(pixels, line.quad))]
    found = [
        *_in_other_scripts(dropped),
        *_cut_off(pixels, quads),
        *_hidden(quads, stamps, doubtful),
        *hidden_words(pixels, ink, quads, [*quads, *(line.quad for line in dropped)], doubtful),
    ]
    if len(rows) + len(unread) >= max(LEAST_ROWS, LEAST_SHARE * len(quads)):
        found += _one(rows, "found that look like text and were not read", certainty=0.0)
        found += _one(unread, "that could not be read", certainty=0.0)
    return found if sum(loss.words for loss in found) >= LEAST_WORDS else []


def share_read(losses: Sequence[Loss], readings: Sequence[LineReading]) -> float:
    """Share of a page's words that are in its readings, 0 to 1."""
    words = sum(len(reading.text.split()) for reading in readings)
    lost = sum(loss.words for loss in losses)
    return words / (words + lost) if lost else 1.0


def confidence_left(losses: Sequence[Loss], readings: Sequence[LineReading]) -> float:
    """What the confidence of a page's readings is multiplied by, 0 to 1; the less, the more is lost."""
    certain = [loss for loss in losses if loss.certainty > 0]
    expected = sum(loss.words for loss in certain)
    sure = sum(loss.words * loss.certainty for loss in certain) / expected if expected else 0.0
    lost = sure * (1 - share_read(certain, readings))
    return share_read(losses, readings) * (1 - (1 - UNCERTAIN) * sure * min(1.0, lost / MANY))


def doubtful_words(quads: Sequence[Quad], readings: Sequence[LineReading], calibration: Calibration) -> list[Quad]:
    """Quads of the words that may be wrong."""
    return [
        span_quad(quad, reading.spans[first][0], reading.spans[after - 1][1])
        for quad, reading in zip(quads, readings, strict=True)
        if reading.spans
        for (first, after), sure in zip(word_ranges(reading.text), word_confidences(reading, calibration), strict=True)
        if sure < DOUBTFUL
    ]


def empty_boxes(readings: Sequence[LineReading]) -> list[Loss]:
    """Words of boxes in place of letters."""
    lengths = [[len(word) for word in reading.text.split() if not word.strip("0")] for reading in readings]
    lines = [own for own in lengths if len(own) >= LEAST_BOXES and sum(own) >= LEAST_ZEROS and len(set(own)) > 1]
    return [Loss(sum(map(len, lines)), f"{line_count(len(lines))} of empty boxes in place of letters")] if lines else []


def garbled_lines(quads: Sequence[Quad], readings: Sequence[LineReading]) -> list[Loss]:
    """Long lines that read badly among others that read well: mostly in a script that is not known here."""
    if not readings or np.median([reading.mean_probability for reading in readings]) < WELL:
        return []
    lines = [
        quad
        for quad, reading in zip(quads, readings, strict=True)
        if reading.mean_probability < BADLY and quad_size(quad)[0] >= LONG_LINE * quad_size(quad)[1]
    ]
    return _one(lines, "that could not be read for certain")


def warnings_for(page: int, losses: Sequence[Loss]) -> tuple[str, ...]:
    """One sentence for each loss."""
    return tuple(f"page {page}: {loss.what}" for loss in losses)


def _in_other_scripts(dropped: Sequence[Dropped]) -> list[Loss]:
    lines: Counter[str] = Counter()
    words: defaultdict[str, float] = defaultdict(float)
    for line in dropped:
        if line.reading.is_lost and line.reading.script:
            lines[line.reading.script] += 1
            words[line.reading.script] += words_in(line.quad)
    return [
        Loss(
            words[script],
            f"{line_count(count)} in {SCRIPT_NAMES.get(script, script)} script could not be read; see `ocrq doctor` "
            "for what reads it",
        )
        for script, count in sorted(lines.items())
    ]


def _hidden(
    quads: Sequence[Quad], stamps: Sequence[tuple[Quad, float]], doubtful: Callable[[], Sequence[Quad]]
) -> list[Loss]:
    """Words under stamps whose ink is not transparent."""
    words, unsure = 0.0, doubtful() if stamps else ()
    for stamp, hidden in stamps:
        under = sum(_share_inside(quad, stamp) >= 0.5 for quad in unsure)
        words += max(LOST_BESIDE * under, sum(hidden * words_in(quad) * _share_inside(quad, stamp) for quad in quads))
    return [Loss(words, "words under a stamp could not be read")] if words >= LEAST_WORDS else []


def _share_inside(quad: Quad, outline: Quad) -> float:
    """Share of a line's middle that is within an outline."""
    start, end = (quad[0] + quad[3]) / 2, (quad[1] + quad[2]) / 2
    points = [start + (end - start) * step / SAMPLES for step in range(SAMPLES + 1)]
    return sum(cv2.pointPolygonTest(outline, (float(x), float(y)), False) >= 0 for x, y in points) / len(points)


def _cut_off(pixels: Pixels, quads: Sequence[Quad]) -> list[Loss]:
    """Lines that run into the page's edge."""
    height, width = pixels.shape[:2]
    near = (quad for quad in quads if _is_near_edge(quad, width, height))
    count = sum(_is_cut(pixels, quad) for quad in near)
    return [Loss(CUT_WORDS * count, f"{line_count(count)} cut off at the page's edge", certainty=0.0)] if count else []


def _is_near_edge(quad: Quad, width: int, height: int) -> bool:
    xs, ys = zip(*quad.tolist(), strict=True)
    near = EDGE_SHARE * quad_size(quad)[1]
    beside = min(xs) <= near or max(xs) >= width - near
    return beside or any(abs(y - edge) <= EDGE_PIXELS for y in (min(ys), max(ys)) for edge in (0, height))


def _is_cut(pixels: Pixels, quad: Quad) -> bool:
    """Whether there is ink on the page's very edge, at the end of a line's box."""
    height, width = pixels.shape[:2]
    near = EDGE_SHARE * quad_size(quad)[1]
    left, right = float(quad[:, 0].min()), float(quad[:, 0].max())
    top, bottom = (int(np.clip(value, 0, height)) for value in (quad[:, 1].min(), quad[:, 1].max()))
    if any(_runs_over(pixels, quad, edge) for edge in (0, height)):
        return True
    columns = [pixels[top:bottom, :EDGE_PIXELS]] if left <= near else []
    columns += [pixels[top:bottom, width - EDGE_PIXELS :]] if right >= width - near else []
    return any(_has_ink(part, pixels[top:bottom]) for part in columns)


def _runs_over(pixels: Pixels, quad: Quad, edge: int) -> bool:
    """Whether a line's letters are cut along the page's upper or lower edge."""
    if min(abs(float(y) - edge) for y in (quad[:, 1].min(), quad[:, 1].max())) > EDGE_PIXELS:
        return False
    left, right = (int(np.clip(value, 0, pixels.shape[1])) for value in (quad[:, 0].min(), quad[:, 0].max()))
    rows = slice(0, EDGE_PIXELS) if edge == 0 else slice(edge - EDGE_PIXELS, edge)
    return _has_ink(np.swapaxes(pixels[rows, left:right], 0, 1), pixels[:, left:right])


def _has_ink(part: Pixels, line: Pixels) -> bool:
    if not part.size:
        return False
    paper = np.median(line.reshape(-1, 3), axis=0)
    dark = np.abs(part.astype(np.float32) - paper).max(axis=2) > EDGE_CONTRAST
    rows = dark.any(axis=1)
    return bool(0.1 * len(rows) < rows.sum() < 0.9 * len(rows))  # a frame or a shadow runs along all of it


def _one(quads: Sequence[Quad], what: str, certainty: float = 1.0) -> list[Loss]:
    return [Loss(sum(map(words_in, quads)), f"{line_count(len(quads))} {what}", certainty)] if quads else []
