"""Documents to read: from a manifest with ground truth, or from a folder without."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from worker.imaging.decode import open_document
from worker.imaging.limits import Limits
from worker.page import PageImage

SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".pdf", ".png", ".tif", ".tiff", ".webp"})


@dataclass(frozen=True)
class Entry:
    """A document.

    Attributes:
        path: Where it lies.
        name: What predictions call it: ``file`` in the manifest, or the file's name.
        gold: The manifest's line; empty for a folder's files.
    """

    path: Path
    name: str
    gold: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """``receipt``, ``invoice`` …; ``file`` where the manifest does not say."""
        return str(self.gold.get("kind", "file"))


def from_manifest(manifest: Path, kinds: Sequence[str] = (), limit: int | None = None) -> list[Entry]:
    """The documents of a JSON-lines manifest whose ``file`` is relative to it.

    Args:
        manifest: One JSON object a line, at least ``file`` and ``text``.
        kinds: Only these; all if empty.
        limit: At most so many, spread evenly over the manifest so that each kind keeps its share.
    """
    lines = [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines() if line.strip()]
    entries = [Entry(manifest.parent / gold["file"], gold["file"], gold) for gold in lines]
    return _spread([entry for entry in entries if not kinds or entry.kind in kinds], limit)


def from_path(path: Path, limit: int | None = None) -> list[Entry]:
    """A file, or the images and PDFs of a folder, by name."""
    files = [path] if path.is_file() else sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES)
    return _spread([Entry(file, file.name) for file in files], limit)


def load_pages(entry: Entry, limits: Limits) -> list[PageImage]:
    """All pages of a document, decoded: PDF pages at ``limits.pdf_dpi``, every frame of a TIFF."""
    with open_document(entry.path.read_bytes(), limits) as document:
        return [document.read_page(number) for number in range(1, document.page_count + 1)]


def _spread(entries: list[Entry], limit: int | None) -> list[Entry]:
    if limit is None or limit >= len(entries):
        return entries
    return [entries[index * len(entries) // limit] for index in range(limit)]
