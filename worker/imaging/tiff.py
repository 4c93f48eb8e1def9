"""TIFF: every frame is a page, found by following the chain of directories, and decoded separately."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass

from ocrq.errors import TooLarge, UnreadableDocument
from worker.imaging.image_file import check_picture, read_picture
from worker.imaging.limits import Limits
from worker.page import PageImage

MAX_FRAMES = 100_000
"""Directories that are followed; a directory may have 6 bytes, so a hostile file could have millions."""

_SUBFILE_TYPE = 254
_NO_PAGE = 0b101
"""Bits of the subfile type: a smaller copy of another frame, and a transparency mask."""


@dataclass(frozen=True)
class Frame:
    """Offsets of a frame's directory and of its link to the next one, in bytes from the file's start."""

    offset: int
    next_at: int
    page: bool


@dataclass(frozen=True)
class Shape:
    """The number formats of one kind of TIFF: struct formats, and sizes in bytes."""

    offset: str
    first_at: int
    count: str
    entry_bytes: int
    value_at: int

    @classmethod
    def of(cls, data: bytes) -> Shape:
        """Classic or BigTIFF, of either byte order; ``data`` begins with a TIFF's first four bytes."""
        order = "<" if data[:2] == b"II" else ">"
        if 43 in data[2:4]:
            return cls(offset=order + "Q", first_at=8, count=order + "Q", entry_bytes=20, value_at=12)
        return cls(offset=order + "I", first_at=4, count=order + "H", entry_bytes=12, value_at=8)


class TiffDocument:
    """A TIFF as a document: its frames, smaller copies and masks left out, are its pages.

    Args:
        data: The file.
        limits: What is allowed.

    Raises:
        UnreadableDocument: The first frame cannot be found.
        TooLarge: Its only frame has too many pixels, or it has more frames than anyone means.
    """

    kind = "tiff"

    def __init__(self, data: bytes, limits: Limits) -> None:
        self._shape = Shape.of(data)
        self._limits = limits
        frames, self._cut_off = find_frames(data, self._shape)
        if not frames:
            raise UnreadableDocument("the TIFF image is truncated or damaged; send it again", field="image")
        self._frames = [frame for frame in frames if frame.page] or frames
        self._stream = io.BytesIO(data)
        if self.page_count == 1:
            self._turn_to(self._frames[0])
            check_picture(self._stream, self.kind, limits)

    @property
    def page_count(self) -> int:
        """Frames that are pages, plus one if the file ends before a linked directory."""
        return len(self._frames) + self._cut_off

    def read_page(self, number: int, shrink: int = 1) -> PageImage:
        """Decode the frame that is page ``number``, from 1.

        Raises:
            UnreadableDocument: It is truncated or damaged; other pages may be good.
            TooLarge: It has too many pixels.
        """
        if number > len(self._frames):
            raise UnreadableDocument(
                f"the file ends before page {number}; send it again, complete, or ask for the pages before",
                field="image",
            )
        self._turn_to(self._frames[number - 1])
        pixels, warnings = read_picture(self._stream, self.kind, self._limits)
        return PageImage(number, pixels, warnings=warnings)

    def _turn_to(self, frame: Frame) -> None:
        """Make a frame the file's only one: Pillow would parse all frames before it."""
        for at, value in ((self._shape.first_at, frame.offset), (frame.next_at, 0)):
            self._stream.seek(at)
            self._stream.write(struct.pack(self._shape.offset, value))

    def read_layer(self, number: int) -> None:
        """None: images carry no text."""

    def __enter__(self) -> TiffDocument:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


def find_frames(data: bytes, shape: Shape) -> tuple[list[Frame], bool]:
    """Follow the chain of directories.

    Returns:
        The frames in order, and whether the chain led out of the file before its end.

    Raises:
        TooLarge: There are more than :data:`MAX_FRAMES`.
    """
    frames: list[Frame] = []
    seen: set[int] = set()
    try:
        (offset,) = struct.unpack_from(shape.offset, data, shape.first_at)
        while offset and offset not in seen:
            if len(frames) == MAX_FRAMES:
                raise TooLarge(f"the TIFF has more than {MAX_FRAMES:,} frames; split it", field="image")
            seen.add(offset)
            frame = _frame_at(data, offset, shape)
            (offset,) = struct.unpack_from(shape.offset, data, frame.next_at)
            frames.append(frame)
    except struct.error:
        return frames, True
    return frames, False


def _frame_at(data: bytes, offset: int, shape: Shape) -> Frame:
    if offset >= len(data):
        raise struct.error
    (count,) = struct.unpack_from(shape.count, data, offset)
    first = offset + struct.calcsize(shape.count)
    next_at = first + count * shape.entry_bytes
    if next_at >= len(data):
        raise struct.error
    return Frame(offset, next_at, not (_subfile_type(data, first, count, shape) & _NO_PAGE))


def _subfile_type(data: bytes, first: int, count: int, shape: Shape) -> int:
    """The frame's subfile type; entries are sorted, and it has the lowest tag."""
    if not count:
        return 0
    order = shape.offset[0]
    tag, _ = struct.unpack_from(order + "HH", data, first)
    value: int = struct.unpack_from(order + "I", data, first + shape.value_at)[0]
    return value if tag == _SUBFILE_TYPE else 0
