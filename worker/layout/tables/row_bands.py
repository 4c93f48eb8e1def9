"""Rows of a table as a whole: of all ways to take its visual rows together, the one that is likeliest.

A semi-Markov model: a small network scores every band of visual rows as one row of the table, and a dynamic program
finds the bands that score best together. What holds for a whole table but is not known, how its cells are aligned and
how far one row stands from the next, is tried in all ways (Sarawagi and Cohen, Semi-Markov conditional random fields).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.layout.tables.network import WEIGHTS, Floats
from worker.layout.tables.tokens import Token

MOST_ROWS = 20
"""Visual rows of one row of a table."""

MOST_GAPS = 4
"""Distances between rows that are tried."""

SAME_GAP = 0.12
"""Text heights between two distances that count as one."""

FAR, NEAR = 4.0, 2.0
"""Text heights; measures and differences of distances are cut off here."""

SURE = 6.0
"""Logits of the boundaries' judge are cut off here, and scaled measures."""

FITS = 0.3
"""Text heights of free space behind a line, from which the next line's first word would have stood there."""

TIGHT, LEAST = 10, 0.8
"""Percentile of the distances of lines in a column that is taken for that of two lines of a cell, and its least."""

OPENING = tuple("([{-–/&,")
"""What a text that goes on in the next line may end with."""

Parts = Mapping[int, Sequence[Token]]
Places = NDArray[np.float64]


@dataclass(frozen=True)
class Boundaries:
    """What is known of the boundaries between visual rows: shares with lines and fills, and the judge's logits."""

    ruled: Floats
    filled: Floats
    logits: Floats


@dataclass(frozen=True)
class Bands:
    """The measures of all bands.

    Attributes:
        known: Length x start x measures, the same whatever is tried.
        tried: Tries x length x start x measures.
    """

    known: Floats
    tried: Floats


def likeliest_bands(bands: Bands) -> list[bool]:
    """For each visual row but the first, whether it begins a row of the table."""
    weights, tries = _weights(), len(bands.tried)
    longest, count = bands.known.shape[:2]
    scores = np.zeros((tries, longest, count), np.float32)
    for network in weights:
        known = np.clip((bands.known - network["km"]) / network["ks"], -SURE, SURE) @ network["a.weight"]
        tried = np.clip((bands.tried - network["tm"]) / network["ts"], -SURE, SURE) @ network["b.weight"]
        hidden = np.maximum(known + network["a.bias"] + tried, 0)
        hidden = np.maximum(hidden @ network["c.weight"] + network["c.bias"], 0)
        scores += (hidden @ network["d.weight"])[..., 0] + network["d.bias"]
    best, lengths = np.zeros((count + 1, tries)), np.zeros((count + 1, tries), np.intp)
    for end in range(1, count + 1):
        starts = np.arange(end - 1, max(end - 1 - longest, -1), -1)
        totals = best[starts] + scores[:, np.arange(len(starts)), starts].T
        lengths[end], best[end] = totals.argmax(axis=0), totals.max(axis=0)
    chosen, begins, end = int(best[count].argmax()), [False] * count, count
    while end > 0:
        end -= int(lengths[end, chosen]) + 1
        begins[end] = True
    return begins[1:]


@cache
def _weights() -> list[dict[str, Floats]]:
    with np.load(WEIGHTS) as arrays:
        names = sorted({name.split(".")[1] for name in arrays.files if name.startswith("bands.")})
        return [
            {
                name.removeprefix(f"bands.{of}."): arrays[name]
                for name in arrays.files
                if name.startswith(f"bands.{of}.")
            }
            for of in names
        ]


def describe_bands(
    rows: Sequence[Parts],
    columns: int,
    middles: Sequence[float],
    height: float,
    at: Boundaries,
    longest: int = MOST_ROWS,
) -> Bands:
    """Measures of every band of up to ``longest`` visual rows; those that would end behind the last are nonsense.

    Args:
        rows: Of each visual row the tokens by column; two at least.
        columns: How many there are.
        middles: The y of each visual row.
        height: Of a line of text, in pixels.
        at: The boundaries, one fewer than rows.
        longest: Visual rows of one row of the table.
    """
    count = len(rows)
    seen = _Seen.of(rows, columns, middles, height, at)
    steps = seen.cells["step"][seen.cells["on"] > 0]
    tight = max(float(np.percentile(steps, TIGHT)), LEAST) if len(steps) else LEAST
    pitches = np.diff(middles) / height
    table = [columns, min(count, 40), tight, *(float(np.mean(one > 0.5)) for one in (seen.ruled, seen.filled))]
    table += [seen.full.mean(), *np.percentile(pitches, (15, 50, 85)).tolist()]
    gaps, starts, bands = _usual_gaps(pitches), np.arange(count), _Growing(seen)
    known, tried = [], []
    for more in range(min(longest, count)):
        if more:
            bands.add(np.minimum(starts + more, count - 1))
        spreads = bands.spreads()
        measures = [
            min(more, 10), more == 0, *bands.measures(more, tight),
            starts == 0, starts + more == count - 1, starts / count, seen.ruled, seen.filled, seen.before, seen.logits,
            *(part for spread in spreads for part in spread), *table,
        ]  # fmt: skip
        known.append(_stacked(measures, count))
        tries = []
        for mode, spread in enumerate(spreads):
            for gap in gaps:
                off = np.where(starts > 0, np.clip(seen.before - gap, -NEAR, NEAR), 0)
                over = np.clip(bands.widest - gap, -NEAR, NEAR)
                measures = [*spread, *np.eye(3)[mode], off, np.abs(off), min(gap / tight, FAR), over]
                tries.append(_stacked(measures, count))
        tried.append(np.stack(tries))
    return Bands(np.stack(known).astype(np.float32), np.stack(tried, axis=1).astype(np.float32))


def _stacked(measures: Sequence[Any], count: int) -> Places:
    """Measures of every band, or of all alike, side by side: count x measures."""
    return np.stack([np.broadcast_to(measure, count) for measure in measures], axis=1)


@dataclass(frozen=True)
class _Seen:
    """What is seen of each visual row: its places, and what parts it from the one before."""

    cells: Mapping[str, Places]
    before: Places
    ruled: Places
    filled: Places
    logits: Places

    @classmethod
    def of(cls, rows: Sequence[Parts], columns: int, middles: Sequence[float], height: float, at: Boundaries) -> _Seen:
        """The arguments are those of :func:`describe_bands`."""
        before = np.r_[0.0, np.clip(np.diff(middles) / height, 0, FAR)]
        logits = np.clip(np.r_[0.0, at.logits], -SURE, SURE)
        cells = _cells(rows, columns, height)
        return cls(cells, before, np.r_[0.0, at.ruled], np.r_[0.0, at.filled], logits)

    @cached_property
    def has(self) -> NDArray[np.bool_]:
        """Whether each place has text."""
        return self.cells["has"] > 0

    @cached_property
    def full(self) -> Places:
        """Share of the columns with text."""
        return np.asarray(self.has.mean(axis=1))

    @cached_property
    def lower(self) -> Places:
        """Share of its cells that begin with a small letter."""
        return np.asarray(self.cells["lower"].sum(axis=1) / self.has.sum(axis=1))


class _Growing:
    """One band from each visual row on, of that row alone at first, all of the same length."""

    def __init__(self, seen: _Seen) -> None:
        self.seen = seen
        y, has, count = seen.cells["y"], seen.has, len(seen.has)
        self.top, self.bottom = np.where(has, y, np.inf), np.where(has, y, -np.inf)
        self.lines, self.further = seen.cells["has"].copy(), np.zeros_like(y)
        self.sums = {name: np.zeros_like(y) for name in ("number", "goes_lower", "opening", "fits")}
        self.step, self.slack, self.indent = np.zeros_like(y), np.full_like(y, -FAR), np.zeros_like(y)
        self.widest, self.narrowest = np.zeros(count), np.full(count, FAR)
        self.ruled, self.filled, self.total = np.zeros(count), np.zeros(count), np.zeros(count)
        self.doubt, self.fullest = np.full(count, -SURE), seen.full

    def add(self, last: NDArray[np.intp]) -> None:
        """Let each band reach to a further visual row."""
        seen, has = self.seen, self.seen.has[last]
        cells = {name: values[last] for name, values in seen.cells.items()}
        on = has & (self.lines > 0)
        self.step = np.maximum(self.step, np.where(on, cells["step"], 0))
        self.sums = {name: one + np.where(on, cells[name], 0) for name, one in self.sums.items()}
        self.slack = np.where(on, np.maximum(self.slack, cells["slack"]), self.slack)
        self.indent = np.where(on, np.maximum(self.indent, np.abs(cells["indent"])), self.indent)
        self.further = self.further + on
        self.top = np.minimum(self.top, np.where(has, cells["y"], np.inf))
        self.bottom = np.maximum(self.bottom, np.where(has, cells["y"], -np.inf))
        self.lines = self.lines + has
        self.widest = np.maximum(self.widest, seen.before[last])
        self.narrowest = np.minimum(self.narrowest, seen.before[last])
        self.ruled = np.maximum(self.ruled, seen.ruled[last])
        self.filled = np.maximum(self.filled, seen.filled[last])
        self.doubt = np.maximum(self.doubt, seen.logits[last])
        self.total = self.total + seen.logits[last]
        self.fullest = np.maximum(self.fullest, seen.full[last])

    def spreads(self) -> list[tuple[Places, Places]]:
        """Mean and most by which a band's cells are off where their tops, middles or bottoms should be level."""
        holds = self.lines > 0
        highest, lowest = self.top.min(axis=1, keepdims=True), self.bottom.max(axis=1, keepdims=True)
        middles = np.where(holds, self.top, 0) + np.where(holds, self.bottom, 0)
        offsets = self.top - highest, np.abs(middles - highest - lowest) / 2, lowest - self.bottom
        clipped = [np.clip(np.where(holds, offset, 0), 0, FAR) for offset in offsets]
        return [(offset.sum(axis=1) / holds.sum(axis=1), offset.max(axis=1)) for offset in clipped]

    def measures(self, more: int, tight: float) -> list[NDArray[Any]]:
        """Of ``more`` rows behind the first, where two lines of a cell are ``tight`` text heights apart."""
        seen, holds, several = self.seen, self.lines > 0, self.lines > 1
        later = np.maximum(self.further.sum(axis=1), 1)
        return [
            holds.mean(axis=1), several.mean(axis=1), self.lines.max(axis=1),
            np.where(holds, self.lines, np.inf).min(axis=1), np.minimum(self.step.max(axis=1) / tight, FAR),
            np.minimum(self.step.sum(axis=1) / np.maximum(several.sum(axis=1), 1) / tight, FAR),
            self.widest, self.narrowest, self.ruled, self.filled, self.doubt, self.total / max(more, 1), self.fullest,
            *(one.sum(axis=1) / later for one in self.sums.values()), self.slack.max(axis=1), self.indent.max(axis=1),
            seen.lower, holds[:, 0], self.lines[:, 0], seen.has[:, 0], seen.full,
        ]  # fmt: skip


def _cells(rows: Sequence[Parts], columns: int, height: float) -> dict[str, Places]:
    """What is seen at each place, visual row by column: 0 where it has no text, or none above it in its column."""
    names = ("has", "y", "lower", "on", "step", "number", "goes_lower", "opening", "fits", "slack", "indent")
    cells = {name: np.zeros((len(rows), columns)) for name in names}
    for column in range(columns):
        held = [(number, row[column]) for number, row in enumerate(rows) if column in row]
        wide = max((part[-1].right for _, part in held), default=0) - min((p[0].left for _, p in held), default=0)
        for number, part in held:
            cells["has"][number, column] = 1
            cells["y"][number, column] = sum(token.middle for token in part) / len(part) / height
            cells["lower"][number, column] = part[0].text[:1].islower()
        for (above, upper), (below, part) in pairwise(held):
            free = (wide - (upper[-1].right - upper[0].left) - part[0].width) / height
            seen = {
                "on": 1.0,
                "step": cells["y"][below, column] - cells["y"][above, column],
                "number": part[0].is_number and upper[-1].is_number,
                "goes_lower": part[0].text[:1].islower(),
                "opening": upper[-1].text.endswith(OPENING),
                "fits": free > FITS,
                "slack": np.clip(free, -FAR, FAR),
                "indent": np.clip((part[0].left - upper[0].left) / height, -FAR, FAR),
            }
            for name, value in seen.items():
                cells[name][below, column] = value
    return cells


def _usual_gaps(pitches: Places) -> list[float]:
    """The distances between visual rows that are found most often, at least one."""
    groups: list[list[float]] = []
    for pitch in sorted(pitches.tolist()):
        if groups and pitch - sum(groups[-1]) / len(groups[-1]) <= SAME_GAP:
            groups[-1].append(pitch)
        else:
            groups.append([pitch])
    groups.sort(key=lambda group: (-len(group), group[0]))
    return [sum(group) / len(group) for group in groups[:MOST_GAPS]]
