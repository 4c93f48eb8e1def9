"""What a page has lost: text that was found and not read, or that is cut off, covered or in a script unknown here."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from worker.imaging.covered import covered_text
from worker.imaging.crop import cut_line, quad_size, span_quad
from worker.imaging.cut_lines import interrupted_text, text_lines
from worker.imaging.gaps import paragraph_gaps
from worker.imaging.hidden import Hidden
from worker.imaging.ink import LetterInk, has_letters, rows_outside
from worker.imaging.marks import marked_text
from worker.page import LineReading, Pixels, Quad
from worker.reading.calibration import Calibration
from worker.reading.confidence import word_confidences, word_ranges
from worker.script_names import SCRIPT_NAMES

WORD_HEIGHTS = 2.4
"""Length of a word with its space, in heights of its line's box."""

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

LEAST_WORDS = 0.5
"""Lost words below which a page is taken for whole."""

DOUBTFUL, LOST_BESIDE = 0.9, 1.5
"""Confidence below which a word under a stamp counts as hidden, and words lost for each: others leave no trace."""

MANY, UNCERTAIN = 0.05, 0.72
"""Share of a page's words that is certainly lost from which the page is not to be relied on, and what its confidence is
multiplied by then, beside the share read: whoever takes pages with .7 or more does not get it."""


@dataclass(frozen=True)
class Loss:
    """Text of a page that is not in its lines.

    Attributes:
        words: Estimated number of them.
        what: A sentence's beginning for the warning, with the number of lines.
        is_certain: Whether hardly any whole page looks like it.
    """

    words: float
    what: str
    is_certain: bool = True


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
    doubtful: Sequence[Quad] = (),
) -> list[Loss]:
    """What a page has lost.

    Args:
        pixels: The upright page.
        ink: Its ink.
        quads: Of its lines.
        dropped: Lines that were found and hold no text.
        behind: Lines that are not the page's own.
        stamps: Rectangles of stamps, with the share of the words in them that they hide.
        doubtful: Of words with a confidence below :data:`DOUBTFUL`.
    """
    others = [line for line in dropped if not line.reading.is_lost]
    rows = rows_outside(ink, [*quads, *behind, *(line.quad for line in dropped)])
    unread = [line.quad for line in others if has_letters(cut_line(pixels, line.quad))]
    found = [
        *_in_other_scripts(dropped),
        *_cut_off(pixels, quads),
        *_hidden(quads, stamps, doubtful),
        *_behind_ink(pixels, ink, quads, dropped, doubtful),
    ]
    if len(rows) + len(unread) >= max(LEAST_ROWS, LEAST_SHARE * len(quads)):
        found += _one(rows, "found that look like text and were not read", is_certain=False)
        found += _one(unread, "that could not be read", is_certain=False)
    return found if sum(loss.words for loss in found) >= LEAST_WORDS else []


def share_read(losses: Sequence[Loss], readings: Sequence[LineReading]) -> float:
    """Share of a page's words that are in its readings, 0 to 1."""
    words = sum(len(reading.text.split()) for reading in readings)
    lost = sum(loss.words for loss in losses)
    return words / (words + lost) if lost else 1.0


def confidence_left(losses: Sequence[Loss], readings: Sequence[LineReading]) -> float:
    """What the confidence of a page's readings is multiplied by, 0 to 1; the less, the more is lost."""
    certainly = 1 - share_read([loss for loss in losses if loss.is_certain], readings)
    return share_read(losses, readings) * (1 - (1 - UNCERTAIN) * min(1.0, certainly / MANY))


def doubtful_words(quads: Sequence[Quad], readings: Sequence[LineReading], calibration: Calibration) -> list[Quad]:
    """Quads of the words that may be wrong."""
    return [
        span_quad(quad, reading.spans[first][0], reading.spans[after - 1][1])
        for quad, reading in zip(quads, readings, strict=True)
        if reading.spans and _may_be_doubtful(reading, calibration)
        for (first, after), sure in zip(word_ranges(reading.text), word_confidences(reading, calibration), strict=True)
        if sure < DOUBTFUL
    ]


def _may_be_doubtful(reading: LineReading, calibration: Calibration) -> bool:
    """Whether a word of a line would be below :data:`DOUBTFUL` if all its characters were like the worst."""
    worst = calibration.character(min(reading.probabilities, default=0.0))
    return calibration.word(worst ** len(reading.text)) < DOUBTFUL


def empty_boxes(readings: Sequence[LineReading]) -> list[Loss]:
    """Words of boxes in place of letters."""
    lengths = [[len(word) for word in reading.text.split() if not word.strip("0")] for reading in readings]
    lines = [own for own in lengths if len(own) >= LEAST_BOXES and sum(own) >= LEAST_ZEROS and len(set(own)) > 1]
    return [Loss(sum(map(len, lines)), f"{_lines(len(lines))} of empty boxes in place of letters")] if lines else []


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


def _words_in(quad: Quad) -> float:
    width, height = quad_size(quad)
    return max(1.0, max(width, height) / (WORD_HEIGHTS * max(1.0, min(width, height))))


def _in_other_scripts(dropped: Sequence[Dropped]) -> list[Loss]:
    lines: Counter[str] = Counter()
    words: defaultdict[str, float] = defaultdict(float)
    for line in dropped:
        if line.reading.is_lost and line.reading.script:
            lines[line.reading.script] += 1
            words[line.reading.script] += _words_in(line.quad)
    return [
        Loss(
            words[script],
            f"{_lines(count)} in {SCRIPT_NAMES.get(script, script)} script could not be read; see `ocrq doctor` for "
            "what reads it",
        )
        for script, count in sorted(lines.items())
    ]


def _hidden(quads: Sequence[Quad], stamps: Sequence[tuple[Quad, float]], doubtful: Sequence[Quad]) -> list[Loss]:
    """Words under stamps whose ink is not transparent."""
    words = 0.0
    for stamp, hidden in stamps:
        under = sum(_share_inside(quad, stamp) >= 0.5 for quad in doubtful)
        words += max(LOST_BESIDE * under, sum(hidden * _words_in(quad) * _share_inside(quad, stamp) for quad in quads))
    return [Loss(words, "words under a stamp could not be read")] if words >= LEAST_WORDS else []


def _behind_ink(
    pixels: Pixels, ink: LetterInk, quads: Sequence[Quad], dropped: Sequence[Dropped], doubtful: Sequence[Quad]
) -> list[Loss]:
    """Words under patches and marks; what several of them hide counts once."""
    patches = covered_text(ink, [*quads, *(line.quad for line in dropped)])
    marks = [mark for mark in marked_text(pixels, quads) if not _meet(mark, patches)]
    lines = text_lines(pixels, quads)
    missing = interrupted_text(lines)
    missing += [quad for quad in paragraph_gaps(lines) if not any(_overlap(quad, other) for other in missing)]
    missing = [quad for quad in missing if not any(one.holds(quad) for one in [*patches, *marks])]
    unit = WORD_HEIGHTS * float(np.median([quad_size(quad)[1] for quad in quads] or [np.float64(1)]))
    found = _one(missing, "interrupted by a patch in the colour of the paper")
    for hidden, what in ((patches, "a patch of one colour"), (marks, "a mark")):
        words = sum(max(one.length / unit, LOST_BESIDE * sum(map(one.holds, doubtful))) for one in hidden)
        found += [Loss(words, f"words under {what} could not be read")] if words >= LEAST_WORDS else []
    return found


def _overlap(quad: Quad, other: Quad) -> bool:
    """Whether the middle of a level quad is in another."""
    return bool(np.all((other[0] <= quad.mean(axis=0)) & (quad.mean(axis=0) <= other[2])))


def _meet(mark: Hidden, patches: Sequence[Hidden]) -> bool:
    """Whether a mark is one of the patches."""
    return any(patch.holds(mark.outline) or mark.holds(patch.outline) for patch in patches)


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
    return [Loss(CUT_WORDS * count, f"{_lines(count)} cut off at the page's edge", is_certain=False)] if count else []


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


def _one(quads: Sequence[Quad], what: str, is_certain: bool = True) -> list[Loss]:
    return [Loss(sum(map(_words_in, quads)), f"{_lines(len(quads))} {what}", is_certain)] if quads else []


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count} lines"
