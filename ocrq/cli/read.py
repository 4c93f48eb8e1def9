"""`ocrq read`: documents in, text out."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, cast

import click

from ocrq.cli import outputs
from ocrq.cli.exits import EXIT_CODES, NO_SERVER, OK, SOME_FAILED, code_for
from ocrq.cli.options import server_options
from ocrq.errors import OcrqError

if TYPE_CHECKING:
    from ocrq.cli.progress import Bars
    from ocrq.cli.sources import Source
    from ocrq.client import Outcome
    from ocrq.contracts import Operation

_TEXT_LAYER = ["auto", "never", "only"]  # the contract's, whose import would slow `ocrq --help`
_FORMATS = [name for name in outputs.SUFFIXES if name != "fields"]


@click.command(epilog=EXIT_CODES)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--robust", is_flag=True, help="Read several variants of each page and vote line by line.")
@click.option("--schema", metavar="FILE", help='Fields to extract: a JSON Schema, or {"total": "number"}; - for stdin.')
@click.option(
    "--json", "as_json", is_flag=True, help="The full results as one JSON document; a list for several files."
)
@click.option("--pages", metavar="1-3,7", help="Which pages to read.")
@click.option(
    "--output", "formats", type=click.Choice(_FORMATS), multiple=True, help="Output format instead of text; repeatable."
)
@click.option("--out", metavar="PATH", help="Write to this file, or into this directory.")
@click.option("--model", help="One of the server's models.")
@click.option(
    "--text-layer",
    type=click.Choice(_TEXT_LAYER),
    help="Use of a PDF's own text: where it can be trusted, never, or only that text.",
)
@click.option(
    "--languages",
    metavar="CODES",
    help="ISO 639-1 codes of the languages that the document may be in, separated by commas; any without it.",
)
@click.option("--preprocess", is_flag=True, help="Correct contrast, noise and shadows first.")
@server_options
def read(
    files: tuple[str, ...],
    robust: bool,
    schema: str | None,
    as_json: bool,
    pages: str | None,
    formats: tuple[str, ...],
    out: str | None,
    model: str | None,
    preprocess: bool,
    text_layer: str | None,
    languages: str | None,
    server: str | None,
    api_key: str | None,
) -> int:
    """Read documents: images, TIFFs, PDFs; - reads standard input.

    Uses the server of --server or OCRQ_SERVER, else the `ocrq up` that runs here, else starts a server of its own
    and stops it when it is done.
    """
    if schema and formats:
        raise click.UsageError("--output belongs to reading text, --schema to extracting fields; use one of them")
    if (*files, schema).count("-") > 1:
        raise click.UsageError("standard input can be read once; name it once")
    formats = tuple(dict.fromkeys(formats))
    destination = outputs.plan(files, formats or (("fields",) if schema else ("text",)), as_json, out)
    request: dict[str, Any] = {"model_name": model, "pages": pages, "output": list(formats)}
    request |= {
        "use_preprocessing": preprocess,
        "text_layer": text_layer,
        "languages": [code.strip() for code in languages.split(",") if code.strip()] if languages else None,
        "schema": _schema(schema) if schema else None,
    }
    request = {name: value for name, value in request.items() if value}
    _check(request)
    kind = "structured" if schema else "text"
    operation = cast("Operation", f"extract_{kind}_robust" if robust else f"extract_{kind}")
    with _terminated_like_interrupted():
        return _read_all(files, operation, request, outputs.Writer(destination), server, api_key)


def _check(request: dict[str, Any]) -> None:
    from ocrq.contracts import parse_request
    from ocrq.errors import InvalidRequest

    try:
        parse_request(request)
    except InvalidRequest as error:
        raise click.UsageError(error.detail) from None


def _schema(source: str) -> dict[str, Any]:
    try:
        if source.lstrip().startswith("{"):
            text = source
        else:
            text = sys.stdin.read() if source == "-" else Path(source).read_text()
        schema = json.loads(text)
    except OSError as error:
        raise click.UsageError(f"cannot read the schema {source} ({error.strerror})") from None
    except ValueError as error:
        raise click.UsageError(f"the schema {source[:60]} is not JSON ({error})") from None
    if not isinstance(schema, dict):
        raise click.UsageError('the schema must be a JSON object, like {"total": "number"}')
    return schema


def _read_all(
    files: Sequence[str],
    operation: Operation,
    request: dict[str, Any],
    writer: outputs.Writer,
    server: str | None,
    api_key: str | None,
) -> int:
    from ocrq.cli.progress import Bars, bars_for
    from ocrq.cli.server import server_for_reading
    from ocrq.cli.sources import Source
    from ocrq.client import Outcome

    sources = [Source(name) for name in files]
    if not any(source.readable for source in sources):  # no server needs to be started for that
        return _written((Outcome(source.name, error=_why(source)) for source in sources), writer, Bars(None, files))
    with bars_for(files) as bars, server_for_reading(server, api_key, bars.report) as client:
        outcomes = client.read_many(sources, operation, on_progress=bars.show, **request)
        with contextlib.closing(outcomes):  # interrupted, what is under way is cancelled before the client is closed
            return _written(outcomes, writer, bars)


def _why(source: Source) -> OcrqError | None:
    try:
        source.load()
    except OcrqError as error:
        return error
    return None


def _written(outcomes: Iterable[Outcome], writer: outputs.Writer, bars: Bars) -> int:
    codes = set()
    for outcome in outcomes:
        with bars.hidden():
            writer.write(outcome)
        if outcome.error is not None:
            codes.add(code_for(outcome.error))
    with bars.hidden():
        writer.close()
    return next((code for code in (NO_SERVER, SOME_FAILED) if code in codes), OK)


@contextlib.contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM and SIGHUP end the command as Ctrl-C does: with the jobs cancelled and the private server stopped."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
