"""Predictions kept on disk as JSON lines, so that documents are read once and scored as often as one likes."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from evaluation.documents import Entry, load_pages
from evaluation.readers import OURS, Prediction, Read, timed
from worker.imaging.limits import Limits

WORKER = Path(__file__).parent.parent / "worker"
READING = ("engines", "imaging", "layout", "pipelines", "ensemble", "calibration")
"""Folders of the worker that decide what is read; a change in one of them makes our predictions stale."""


def version_of(reader: str) -> str:
    """What a prediction holds good for: our sources, or the other program's release."""
    if reader in OURS:
        files = [path for folder in READING for path in sorted((WORKER / folder).rglob("*.*")) if path.is_file()]
        files = [path for path in [*files, *sorted(WORKER.glob("*.py"))] if path.suffix != ".pyc"]
        return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]
    try:
        return importlib.metadata.version(reader)
    except importlib.metadata.PackageNotFoundError:
        return ""


def predictions(
    entries: Sequence[Entry], file: Path, version: str, start: Callable[[], Read], any_version: bool = False
) -> Iterator[Prediction]:
    """Every document's prediction: from the file where it is there, else read now and added to the file.

    Args:
        entries: Documents.
        file: JSON lines; made where it is missing.
        version: Of the reader; predictions of others are made anew.
        start: Makes the reader; called once a document has to be read.
        any_version: Take what the file has, whatever made it: to score without reading.
    """
    known = _known(file, None if any_version else version)
    read: Read | None = None
    file.parent.mkdir(parents=True, exist_ok=True)
    for entry in entries:
        if entry.name not in known:
            read = read or _warm(start(), entry)
            known[entry.name] = timed(read, entry.name, load_pages(entry, Limits()))
            with file.open("a", encoding="utf-8") as out:
                out.write(json.dumps({"version": version, **asdict(known[entry.name])}, ensure_ascii=False) + "\n")
        yield known[entry.name]


def _warm(read: Read, entry: Entry) -> Read:
    """The reader after its first page, which compiles and loads, so that it costs no document anything."""
    read(load_pages(entry, Limits())[:1])
    return read


def _known(file: Path, version: str | None) -> dict[str, Prediction]:
    if not file.exists():
        return {}
    known = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        one = json.loads(line)
        if one.pop("version") == version or version is None:
            known[one["file"]] = Prediction(**{**one, "lines": tuple(one["lines"])})
    return known
