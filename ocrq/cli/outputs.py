"""Where the results of `ocrq read` go: standard output or files, as text, JSON or a further format."""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ocrq.cli.exits import complain

if TYPE_CHECKING:
    from ocrq.client import Outcome

SUFFIXES = {
    "text": ".txt",
    "lines": ".lines.json",
    "words": ".words.json",
    "markdown": ".md",
    "html": ".html",
    "csv": ".csv",
    "hocr": ".hocr",
    "alto": ".alto.xml",
    "pdf": ".pdf",
    "fields": ".json",  # what --schema asks for; no format of the server's
}
BINARY = frozenset({"pdf"})


@dataclass(frozen=True)
class Destination:
    """Where results go.

    Attributes:
        formats: Of each document, at least one; names of :data:`SUFFIXES`.
        as_json: All of the results as one JSON document instead.
        files: Per document, the file of each format; empty for standard output. With ``as_json``, one file in all.
        headed: Whether each document's text is headed by its name.
    """

    formats: tuple[str, ...]
    as_json: bool
    files: tuple[tuple[Path, ...], ...]
    headed: bool


def plan(names: Sequence[str], formats: tuple[str, ...], as_json: bool, out: str | None) -> Destination:
    """Decide where everything goes, before anything is read.

    Args:
        names: The documents, as the user wrote them.
        formats: At least one.
        as_json: One JSON document for all.
        out: A file or directory; None for standard output.

    Raises:
        click.UsageError: It does not fit; says what to change.
    """
    if as_json:
        return Destination(formats, True, ((Path(out),),) if out else (), headed=False)
    if out is None:
        return _to_stdout(names, formats)
    into = Path(out)
    if len(names) == len(formats) == 1 and not into.is_dir() and not out.endswith("/"):
        files: tuple[tuple[Path, ...], ...] = ((into,),)
    else:
        files = tuple(tuple(into / (_stem(name) + SUFFIXES[f]) for f in formats) for name in names)
    _check_files(names, [file for of_one in files for file in of_one])
    return Destination(formats, False, files, headed=False)


def _to_stdout(names: Sequence[str], formats: tuple[str, ...]) -> Destination:
    if len(formats) > 1:
        raise click.UsageError("several formats need a directory to be written to: add --out DIR, or use --json")
    if formats[0] in BINARY and (len(names) > 1 or sys.stdout.isatty()):
        raise click.UsageError(f"{formats[0]} is binary: write it to a file with --out")
    return Destination(formats, False, (), headed=len(names) > 1)


def _stem(name: str) -> str:
    return "stdin" if name == "-" else Path(name).stem


def _check_files(names: Sequence[str], files: Sequence[Path]) -> None:
    seen: set[Path] = set()
    sources = {Path(name).resolve() for name in names if name != "-"}
    for file in files:
        if file in seen:
            raise click.UsageError(f"two results would be written to {file}; read those files one at a time")
        if file.resolve() in sources:
            raise click.UsageError(f"{file} is a document to be read, and would be overwritten; choose another --out")
        seen.add(file)


class Writer:
    """Writes outcomes as they come, in order."""

    def __init__(self, destination: Destination) -> None:
        self._to = destination
        self._place = 0
        self._collected: list[dict[str, Any]] = []

    def write(self, outcome: Outcome) -> None:
        """Take the next document's outcome: results go out, errors and warnings to standard error."""
        place, self._place = self._place, self._place + 1
        if outcome.error is not None:
            complain(outcome.error.detail, outcome.name)
        else:
            for warning in (outcome.json or {}).get("metadata", {}).get("warnings", []):
                click.echo(f"warning: {outcome.name}: {warning}", err=True)
        if self._to.as_json:
            self._collected.append(_as_json(outcome))
        elif outcome.json is not None:
            self._write_formats(place, outcome)

    def close(self) -> None:
        """Write what had to wait for the last document."""
        if not self._to.as_json:
            return
        several = len(self._collected) > 1
        one = self._collected[0].get("result", self._collected[0])
        text = json.dumps(self._collected if several else one, ensure_ascii=False, indent=2) + "\n"
        document = text.encode(errors="replace")  # UTF-8 whatever the locale; a file's name may be no text at all
        if self._to.files:
            _save(self._to.files[0][0], document)
        else:
            click.echo(document, nl=False)

    def _write_formats(self, place: int, outcome: Outcome) -> None:
        for index, name in enumerate(self._to.formats):
            content = _rendered(outcome.json or {}, name)
            if self._to.files:
                _save(self._to.files[place][index], content)
                continue
            if self._to.headed:
                click.echo((b"\n" if place else b"") + b"==> " + os.fsencode(outcome.name) + b" <==")
            end = b"" if name in BINARY or content.endswith(b"\n") else b"\n"
            click.echo(content + end, nl=False)


def _as_json(outcome: Outcome) -> dict[str, Any]:
    if outcome.error is not None:
        return {"file": outcome.name, "error": outcome.error.to_json()}
    return {"file": outcome.name, "result": outcome.json}


def _rendered(result: dict[str, Any], name: str) -> bytes:
    if name == "fields":
        return (json.dumps(result.get("structured_data"), ensure_ascii=False, indent=2) + "\n").encode()
    rendered = (result.get("outputs") or {}).get(name)
    if rendered is None:
        return str(result.get("text", "")).encode()
    return base64.b64decode(rendered) if name in BINARY else str(rendered).encode()


def _save(file: Path, content: bytes) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        raise click.UsageError(f"cannot write {file} ({error.strerror}); choose another --out") from None
    click.echo(f"wrote {file}", err=True)
