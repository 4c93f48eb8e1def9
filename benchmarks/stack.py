"""The whole stack from HTTP to result, beside what people use instead: ``python -m benchmarks.stack [PATH]``.

Redis, the API, the control worker and reading processes are started, with one reading process and with several, and
with several on the fast model; callers send the documents to ``POST /extract_text`` and wait for the text. RapidOCR as
it comes, RapidOCR on OpenVINO, Tesseract (a process for each core) and the engine of ocrq without the stack read the
same documents in the same run. Nothing else should run on the machine meanwhile.
"""

from __future__ import annotations

import statistics
import subprocess
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import httpx

from benchmarks.alternatives import NAMES, Run, available, run_apart
from benchmarks.processes import family, resident_megabytes, total_cpu
from evaluation.documents import Entry, from_manifest, from_path
from evaluation.readers import Prediction
from evaluation.scoring import load_scorer, shown
from stack.machine import usable_cpus
from tests.live.processes import serving

SAMPLE = Path(__file__).parent.parent / "examples"
MANIFEST = ".jsonl"
DEFAULT, FAST = "rapidocr", "rapidocr-tiny"  # models by their listed names
CALLERS = 2  # for each reading process: one document is read while the next is on its way
_ANSWER_SECONDS = 600.0
_MEMORY_SECONDS = 0.5  # between two looks at the memory
_TITLES = {
    "engine": "ocrq's engine alone, one process",
    "rapidocr": "RapidOCR, defaults",
    "rapidocr-openvino": "RapidOCR on OpenVINO",
    "tesseract": "Tesseract 5, a process a core",
}


@dataclass(frozen=True)
class Row:
    """One reader's figures.

    Attributes:
        title: For the table.
        run: What it did.
        f1: Word F1; None without ground truth.
        api_megabytes: Of the API, for the stack.
    """

    title: str
    run: Run
    f1: float | None = None
    api_megabytes: float | None = None

    @property
    def rate(self) -> float:
        """Pages a second by the clock."""
        return self.run.pages / self.run.seconds


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path), default=SAMPLE)
@click.option("--kind", "kinds", multiple=True, help="Only the manifest's documents of this kind; may be given again.")
@click.option("--limit", type=click.IntRange(1), help="At most so many documents, spread evenly.")
@click.option("--workers", "counts", type=click.IntRange(1), multiple=True, help="[default: 1, and one for each core]")
@click.option("--rounds", type=click.IntRange(1), default=1, help="Times that every reader reads everything.")
@click.option("--robust", is_flag=True, help="POST /extract_text_robust.")
@click.option(
    "--without", type=click.Choice([FAST, *NAMES]), multiple=True, help="Leave a reader out; may be given again."
)
def main(
    path: Path,
    kinds: tuple[str, ...],
    limit: int | None,
    counts: tuple[int, ...],
    rounds: int,
    robust: bool,
    without: tuple[str, ...],
) -> None:
    """Read PATH with the whole stack and with others, and print a table.

    PATH is a file, a folder, or a manifest with ground truth (.jsonl), with its scorer beside it.
    """
    manifest = path if path.suffix == MANIFEST else None
    entries = from_manifest(manifest, kinds, limit) if manifest else from_path(path, limit)
    if not entries:
        raise click.UsageError("there is no document to read")
    route = "/extract_text_robust" if robust else "/extract_text"
    counts = counts or tuple(sorted({1, usable_cpus()}))
    rows: dict[str, Row] = {}
    for _ in range(rounds):
        for model, count in [*((DEFAULT, count) for count in counts), *[(FAST, counts[-1])] * (FAST not in without)]:
            _add(rows, _title(model, count), *_through_http(entries, model, count, route))
        for name in NAMES:
            if name in without:
                continue
            if available(name):
                _add(rows, name, run_apart(name, [entry.path for entry in entries]), None)
            elif name not in rows:
                click.echo(f"{_TITLES[name]}: not installed here, and left out", err=True)
    scored = _scored(rows, entries, manifest)
    click.echo(f"{len(entries)} documents, {usable_cpus()} cores, {rounds} round{'s' if rounds > 1 else ''}\n")
    click.echo(_table(scored))
    click.echo("\n" + _closing(scored, counts))


def _title(model: str, count: int) -> str:
    """Of the row of a stack with so many reading processes."""
    return f"ocrq over HTTP, {count} worker{'s' * (count > 1)}" + f", `{model}`" * (model != DEFAULT)


def _add(rows: dict[str, Row], name: str, run: Run, api_megabytes: float | None) -> None:
    """Take a run into a reader's row, together with its runs of earlier rounds."""
    known = rows.get(name)
    click.echo(f"{_TITLES.get(name, name)}: {run.pages / run.seconds:.3f} pages/s", err=True)
    if known:
        run = replace(
            run,
            pages=known.run.pages + run.pages,
            seconds=known.run.seconds + run.seconds,
            cpu_seconds=known.run.cpu_seconds + run.cpu_seconds,
            latencies=[*known.run.latencies, *run.latencies],
            megabytes=max(known.run.megabytes, run.megabytes),
        )
    rows[name] = Row(_TITLES.get(name, name), run, api_megabytes=api_megabytes)


def _through_http(entries: Sequence[Entry], model: str, count: int, route: str) -> tuple[Run, float]:
    """All documents through a stack with so many reading processes; returns the API's memory beside it."""
    with (
        serving({"OCRQ_MODEL": model}, count) as (parts, url),
        httpx.Client(base_url=url, timeout=_ANSWER_SECONDS) as client,
    ):
        _read_all(client, [entries[0]] * (2 * count), count * CALLERS, route)  # each process has read once
        pids = [pid for part in (parts.redis, parts.control, *parts.workers) for pid in family(part.pid)]
        readers = [pid for pid in family(parts.workers[0].pid)[1:] if resident_megabytes(pid) > 0]
        with _PeakMemory(readers) as peak:
            before, began = total_cpu(pids), time.perf_counter()
            answers = _read_all(client, entries, count * CALLERS, route)
            seconds, spent = time.perf_counter() - began, total_cpu(pids) - before
        api_megabytes = sum(resident_megabytes(pid) for pid in family(parts.workers[-1].pid))
    results, latencies = [answer for answer, _ in answers], [latency for _, latency in answers]
    texts = [str(result["text"]) for result in results]
    pages = sum(len(result["pages"]) for result in results)
    return Run(texts, pages, seconds, spent, latencies, peak.megabytes), api_megabytes


def _read_all(
    client: httpx.Client, entries: Sequence[Entry], callers: int, route: str
) -> list[tuple[dict[str, Any], float]]:
    """Each document's result, and the seconds its caller waited for it."""

    def read(entry: Entry) -> tuple[dict[str, Any], float]:
        document, began = entry.path.read_bytes(), time.perf_counter()
        answer = client.post(
            route, params={"cache": "false"}, content=document, headers={"Content-Type": "application/octet-stream"}
        )
        answer.raise_for_status()
        return answer.json(), time.perf_counter() - began

    with ThreadPoolExecutor(callers) as pool:
        return list(pool.map(read, entries))


class _PeakMemory(threading.Thread):
    """The largest resident memory of any of some processes while the block runs.

    Args:
        pids: The reading processes; what else is among them is smaller.
    """

    def __init__(self, pids: Sequence[int]) -> None:
        super().__init__(daemon=True)
        self._pids = pids
        self._ending = threading.Event()
        self.megabytes = 0.0

    def run(self) -> None:
        """Look until told to end."""
        while not self._ending.wait(_MEMORY_SECONDS):
            self.megabytes = max(self.megabytes, *(resident_megabytes(pid) for pid in self._pids))

    def __enter__(self) -> _PeakMemory:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self.join()


def _scored(rows: dict[str, Row], entries: Sequence[Entry], manifest: Path | None) -> dict[str, Row]:
    if manifest is None:
        return rows
    score = load_scorer(manifest)
    gold = [entry.gold for entry in entries]

    def f1(run: Run) -> float:
        lines = [
            vars(Prediction(entry.name, text, 1.0, 1, 0.0, 0.0)) for entry, text in zip(entries, run.texts, strict=True)
        ]
        return float(score(lines, gold)["word_f1"])

    return {name: replace(row, f1=f1(row.run)) for name, row in rows.items()}


def _table(rows: dict[str, Row]) -> str:
    """Markdown, a row for each reader; ratios are of pages a second."""
    against = [name for name in ("rapidocr", "rapidocr-openvino", "tesseract") if name in rows]
    short = {"rapidocr": "RapidOCR", "rapidocr-openvino": "it on OpenVINO", "tesseract": "Tesseract"}
    head = [
        "",
        "pages/s",
        *(f"× {short[name]}" for name in against),
        "word F1",
        "CPU s/page",
        "p50 s",
        "p99 s",
        "MB",
    ]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for row in rows.values():
        cells = [row.title, f"{row.rate:.2f}", *(f"{row.rate / rows[name].rate:.2f}" for name in against)]
        cells += [shown(row.f1, 3), f"{row.run.cpu_seconds / row.run.pages:.2f}"]
        cells += [f"{statistics.median(row.run.latencies):.2f}", f"{_percentile(row.run.latencies, 99):.2f}"]
        cells.append(f"{row.run.megabytes:.0f}" + (f" + API {row.api_megabytes:.0f}" if row.api_megabytes else ""))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _closing(rows: dict[str, Row], counts: Sequence[int]) -> str:
    """What the stack adds, and what more workers bring."""
    stack = [rows[_title(DEFAULT, count)] for count in counts]
    sentences = [f"{counts[-1]} workers read {stack[-1].rate / stack[0].rate:.2f} times as fast as {counts[0]}."] * (
        len(stack) > 1
    )
    if "engine" in rows:
        alone = rows["engine"].run
        for count, row in zip(counts, stack, strict=True):
            ratio = (row.run.cpu_seconds / row.run.pages) / (alone.cpu_seconds / alone.pages)
            sentences.append(f"With {count} the stack's CPU time a page is {ratio:.2f} times the engine's alone.")
    try:
        commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
        sentences.append(f"Commit {commit.stdout.strip()}.")
    except (OSError, subprocess.CalledProcessError):
        pass
    return " ".join(sentences)


def _percentile(values: Sequence[float], percent: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


if __name__ == "__main__":
    main()
