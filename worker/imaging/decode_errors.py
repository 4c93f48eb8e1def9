"""Translates whatever a decoder raises into one of our errors."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

from ocrq.errors import OcrqError, TooLarge, UnreadableDocument


@contextmanager
def guarded(what: str) -> Iterator[None]:
    """Translate every exception of the block into an error that names the image and has a remedy.

    Decoders raise almost any exception on malformed bytes, such as ``struct.error`` and ``SyntaxError``, so all are
    caught here, and nowhere else.

    Args:
        what: What is being read, to begin the sentence with: ``"the PNG image"``.

    Raises:
        TooLarge: Memory ran out, or Pillow detected a decompression bomb.
        UnreadableDocument: Anything else.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # broken metadata does not matter where the pixels can be decoded
            yield
    except OcrqError:
        raise
    except (MemoryError, Image.DecompressionBombError):
        raise TooLarge(
            f"{what} is too large to be decoded; send it at a lower resolution or in parts", field="image"
        ) from None
    except Exception:
        raise UnreadableDocument(
            f"{what} is truncated or damaged; send it again, or save it again with another program", field="image"
        ) from None
