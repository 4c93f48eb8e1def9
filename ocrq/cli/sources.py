"""The documents a command line names: files, or standard input as ``-``."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from ocrq.errors import InvalidImage

STDIN = "-"


@dataclass(frozen=True)
class Source:
    """A document to read.

    Attributes:
        name: As the user wrote it.
    """

    name: str

    @property
    def readable(self) -> bool:
        """Whether it looks as if there is something to read."""
        return self.name == STDIN or Path(self.name).exists() and not Path(self.name).is_dir()

    def load(self) -> bytes:
        """Its bytes.

        Raises:
            InvalidImage: There are none; the detail says why.
        """
        try:
            content = sys.stdin.buffer.read() if self.name == STDIN else Path(self.name).read_bytes()
        except IsADirectoryError:
            raise InvalidImage("is a directory; name the files in it, like DIR/*", field="image") from None
        except OSError as error:
            raise InvalidImage(f"cannot be opened ({error.strerror}); check the path", field="image") from None
        if not content:
            raise InvalidImage("is empty; give an image or a PDF", field="image")
        return content
