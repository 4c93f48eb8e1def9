"""What a reading process holds after many varied pages: ``python -m benchmarks.memory MANIFEST [--pages 1000]``.

The first pages of the manifest's documents are sent to ``POST /extract_text`` of a whole stack with one reading
process, again and again, each time at another size and every fourth time turned. Resident memory counts the pages of
libraries that other processes share; the proportional size (PSS) counts the process's share of them.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import click
import cv2
import httpx
import numpy as np
import psutil

from benchmarks.processes import family, resident_megabytes
from evaluation.documents import Entry, from_manifest, load_pages
from tests.live.processes import serving
from worker.imaging.limits import Limits

KINDS = ("receipt", "invoice", "form", "page")
SCALES = (0.55, 1.15)  # of a page's sides
_ANSWER_SECONDS = 600.0
_LOOK_SECONDS = 0.02
_SEED = 12


@click.command()
@click.argument("manifest", type=click.Path(exists=True, path_type=Path))
@click.option("--pages", type=click.IntRange(1), default=1000, show_default=True)
@click.option("--every", type=click.IntRange(1), default=50, show_default=True, help="Pages between two figures.")
@click.option("--limit", type=click.IntRange(1), default=8, show_default=True, help="Documents of each kind.")
@click.option("--model", default="rapidocr", show_default=True)
def main(manifest: Path, pages: int, every: int, limit: int, model: str) -> None:
    """Read pages and print a Markdown table of the reading process's memory."""
    entries = [entry for kind in KINDS for entry in from_manifest(manifest, (kind,), limit)]
    with (
        serving({"OCRQ_MODEL": model}, concurrency=1) as (parts, url),
        httpx.Client(base_url=url, timeout=_ANSWER_SECONDS) as client,
    ):
        _measure(client, parts.workers[0].pid, _varied(entries), pages, every)


def _measure(client: httpx.Client, worker: int, documents: Iterator[bytes], pages: int, every: int) -> None:
    print("| pages | resident MB | PSS MB | most so far, resident MB | replaced |\n|---|---|---|---|---|")
    first = reader = _reader(worker)
    most = _Most(worker)
    most.start()
    _show(0, reader, most, False)
    for number in range(1, pages + 1):
        headers = {"Content-Type": "application/octet-stream"}
        client.post(
            "/extract_text", params={"cache": "false"}, content=next(documents), headers=headers
        ).raise_for_status()
        if number % every == 0 or number == pages:
            reader = _reader(worker)
            _show(number, reader, most, reader != first)


def _show(number: int, reader: int, most: _Most, replaced: bool) -> None:
    memory = psutil.Process(reader).memory_full_info()
    cells = (f"{number:,}", memory.rss >> 20, memory.pss >> 20, round(most.megabytes), "yes" if replaced else "no")
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def _reader(worker: int) -> int:
    """The reading process: the largest of the worker's; the worker itself where all have ended."""
    return max(family(worker), key=resident_megabytes, default=worker)


class _Most(threading.Thread):
    """The most that a worker's reading process held, looked at fifty times a second."""

    def __init__(self, worker: int) -> None:
        super().__init__(daemon=True)
        self._worker, self.megabytes = worker, 0.0
        self._pause = threading.Event()

    def run(self) -> None:
        reader = _reader(self._worker)
        while not self._pause.wait(_LOOK_SECONDS):
            held = resident_megabytes(reader)
            if not held:  # it was replaced
                reader = _reader(self._worker)
            self.megabytes = max(self.megabytes, held)


def _varied(entries: list[Entry]) -> Iterator[bytes]:
    """The first pages as JPEG or PNG, in another size each time."""
    rng = random.Random(_SEED)
    while True:
        rng.shuffle(entries)
        for entry in entries:
            pixels = load_pages(entry, Limits())[0].pixels
            scale = rng.uniform(*SCALES)
            pixels = np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
            if rng.random() < 0.25:
                pixels = np.rot90(pixels, rng.randrange(1, 4)).copy()
            yield cv2.imencode(rng.choice((".jpg", ".png")), pixels)[1].tobytes()


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
