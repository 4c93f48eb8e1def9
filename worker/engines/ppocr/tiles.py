"""Pages too large to be looked at whole: overlapping tiles, and the lines that are found on them joined."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from worker.imaging.same_picture import grey_of
from worker.page import Pixels, Quad

TALL, TALL_LENGTH = 2.2, 1.8
"""Long side to short side from which a page is not a sheet of paper but a receipt, a banner or a scroll, and times the
detector's long side from which its print would be lost if it were shrunk to that. Legal paper, the longest sheet, has
1.65 to 1."""

LARGE = 2.9
"""Times the detector's long side from which a sheet is looked at again in tiles: A2 at 200 dpi has 2.9, a photo of 12
megapixels 2.5, whose print is large."""

SMALL_PRINT = 12.0
"""Pixels: lines lower than that, as the detector saw them, have neighbours that it does not see."""

NEW_SHARE = 0.3
"""Share of a line's area on lines known already from which it is not new."""

DETAIL, DETAIL_SIDE, DETAIL_CONTRAST = 0.002, 15, 40
"""Share of a page's pixels that differ from the mean of the square around them by so many grey values: a line of
8-point print on an A2 sheet at 200 dpi covers .0005, the texture of a photo that is in focus more than .002."""

OVERLAP = 0.15
"""Share of a tile's side that the next one shows again, so that each line stands whole on one of them."""

SAME_ROW = 0.6
"""Share of the lower quad's height that two quads of one line share, where a tile's edge parted it."""

SAME_PLACE = 0.6
"""Share of the smaller quad's area that lies in the other, where two tiles found the same line."""

MOST_TILES = 400
"""Of one page; 100 million pixels are 60 tiles of the detector's size, so only a hostile shape has more."""


@dataclass(frozen=True)
class Tile:
    """A part of a page, in its pixels; the sides on which the page goes on."""

    left: int
    top: int
    right: int
    bottom: int

    def edges(self, width: int, height: int) -> tuple[bool, bool, bool, bool]:
        """Whether the page goes on to the left, above, to the right and below."""
        return self.left > 0, self.top > 0, self.right < width, self.bottom < height


Find = Callable[[Pixels], list[Quad]]
"""Finds the lines of a picture, which it may shrink; quads in the picture's pixels."""


def find_lines(pixels: Pixels, long_side: int, find: Find) -> list[Quad]:
    """Lines of a page of any size.

    A receipt or banner is cut into tiles at its own size. A sheet is looked at whole, and where it is large at twice
    that size, and so on as long as that shows small print, or there is fine detail that no line explains.

    Args:
        pixels: The page.
        long_side: Pixels to which the detector shrinks what it is given.
        find: The detector.
    """
    height, width = pixels.shape[:2]
    longer, shorter = max(width, height), max(min(width, height), 1)
    if longer > TALL_LENGTH * long_side and longer > TALL * shorter:
        return find_in_tiles(pixels, long_side, find)
    found, scale = find(pixels), long_side / longer
    while longer > LARGE * long_side and scale < 1:
        scale = min(2 * scale, 1.0)
        small = np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
        seen = find_in_tiles(small, long_side, find)
        new = [quad for quad in (np.asarray(quad / scale, np.float32) for quad in seen) if _is_new(quad, found)]
        found += new
        small_print = bool(new) and min(map(_height, new)) * scale < SMALL_PRINT
        if not small_print and _detail_outside(pixels, found) < DETAIL:
            break
    return found


def _detail_outside(pixels: Pixels, found: Sequence[Quad]) -> float:
    """Share of the page on which something finer than large print stands outside the lines found."""
    grey = grey_of(pixels)
    fine = np.asarray(cv2.absdiff(grey, cv2.blur(grey, (DETAIL_SIDE, DETAIL_SIDE))) > DETAIL_CONTRAST, np.uint8)
    for quad in found:
        cv2.fillPoly(fine, [np.round(quad).astype(np.int32)], 0)
    return cv2.countNonZero(fine) / fine.size


def _height(quad: Quad) -> float:
    return float(np.linalg.norm(quad[3] - quad[0]))


def _is_new(quad: Quad, found: Sequence[Quad]) -> bool:
    if not found:
        return True
    boxes = np.array([(*one.min(0), *one.max(0)) for one in found])
    low, high = quad.min(0), quad.max(0)
    across = np.minimum(boxes[:, 2], high[0]) - np.maximum(boxes[:, 0], low[0])
    down = np.minimum(boxes[:, 3], high[1]) - np.maximum(boxes[:, 1], low[1])
    shared = float((np.clip(across, 0, None) * np.clip(down, 0, None)).sum())
    return shared < NEW_SHARE * float(np.prod(high - low))


def tiles_of(width: int, height: int, side: int) -> list[Tile]:
    """Cut a page into tiles of at most ``side`` pixels that overlap; a side a little longer than a tile is one tile."""
    columns, rows = _cuts(width, side), _cuts(height, side)
    tiles = [Tile(left, top, right, bottom) for top, bottom in rows for left, right in columns]
    return tiles[:MOST_TILES]


def _cuts(length: int, side: int) -> list[tuple[int, int]]:
    if length <= side:
        return [(0, length)]
    step = side * (1 - OVERLAP)
    count = int(np.ceil((length - side) / step)) + 1
    starts = np.linspace(0, length - side, count).round().astype(int)
    return [(int(start), int(start) + side) for start in starts]


def find_in_tiles(pixels: Pixels, side: int, find: Find) -> list[Quad]:
    """Lines of a page, tile by tile; memory holds one tile's maps at a time.

    Args:
        pixels: The page.
        side: Of a tile, in pixels.
        find: Finds the lines of one tile.
    """
    height, width = pixels.shape[:2]
    found: list[Quad] = []
    for tile in tiles_of(width, height, side):
        part = np.ascontiguousarray(pixels[tile.top : tile.bottom, tile.left : tile.right])
        moved = [np.asarray(quad + (tile.left, tile.top), np.float32) for quad in find(part)]
        found = _joined(found, list(_whole(moved, tile, width, height)))
    return found


def _whole(quads: Sequence[Quad], tile: Tile, width: int, height: int) -> Iterator[Quad]:
    """Quads but those that the tile's upper or lower edge cut through: its neighbour shows them whole."""
    _, above, _, below = tile.edges(width, height)
    for quad in quads:
        low, high = quad[:, 1].min(), quad[:, 1].max()
        cut = (above and low <= tile.top + 1) or (below and high >= tile.bottom - 1)
        if not cut:
            yield quad


def _joined(found: list[Quad], more: Sequence[Quad]) -> list[Quad]:
    """All quads, those of one line on two tiles as one."""
    result = list(found)
    for quad in more:
        while (index := _partner(result, quad)) is not None:
            quad = _union(result.pop(index), quad)
        result.append(quad)
    return result


def _partner(quads: Sequence[Quad], quad: Quad) -> int | None:
    """A quad that shows the same line, or another part of it that overlaps this one."""
    if not quads:
        return None
    boxes = np.array([(*one.min(0), *one.max(0)) for one in quads])
    low, high = quad.min(0), quad.max(0)
    across = np.minimum(boxes[:, 2], high[0]) - np.maximum(boxes[:, 0], low[0])
    down = np.minimum(boxes[:, 3], high[1]) - np.maximum(boxes[:, 1], low[1])
    heights = np.minimum(boxes[:, 3] - boxes[:, 1], high[1] - low[1])
    areas = np.minimum((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), float(np.prod(high - low)))
    same_row = (across > 0) & (down > SAME_ROW * heights)
    same_place = (across > 0) & (down > 0) & (across * down > SAME_PLACE * areas)
    either = np.flatnonzero(same_row | same_place)
    return int(either[0]) if len(either) else None


def _union(first: Quad, second: Quad) -> Quad:
    """A quad around both; each keeps its own slope at its own end."""
    a, b = (first, second) if first[:, 0].min() <= second[:, 0].min() else (second, first)
    if b[:, 0].max() <= a[:, 0].max():  # inside the other
        return a
    return np.asarray([a[0], b[1], b[2], a[3]], np.float32)
