"""The programs the whole stack is measured against, each in a process of its own.

``python -m benchmarks.alternatives NAME`` takes paths of documents on standard input, one per line, and prints one JSON
object, :class:`Run`. Loading and the first document's warm-up are not counted; decoding the files is.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import psutil

from evaluation.documents import Entry, load_pages
from evaluation.readers import PAGE_BREAK, _cpu_seconds, ours, rapidocr
from evaluation.tesseract import PROGRAM, installed
from worker.imaging.limits import Limits

_MEGABYTE = 1 << 20
_PDF = ".pdf"


@dataclass(frozen=True)
class Run:
    """What one reader made of all documents.

    Attributes:
        texts: In the order of the documents.
        pages: In all.
        seconds: By the clock, for all.
        cpu_seconds: Of the process and what it called.
        latencies: Seconds of each document.
        megabytes: The most resident memory of the process at its end, without what it called.
    """

    texts: list[str]
    pages: int
    seconds: float
    cpu_seconds: float
    latencies: list[float]
    megabytes: float


Read = Callable[[Path], tuple[str, int]]
"""From a document's path to its text and its number of pages."""


def engine_alone() -> Read:
    """The plain pipeline of ocrq in this process: one thread, no queue."""
    return _on_pages(ours())


def rapidocr_as_it_comes() -> Read:
    """RapidOCR with its defaults: onnxruntime, a thread for each core."""
    return _on_pages(rapidocr())


def rapidocr_on_openvino() -> Read:
    """RapidOCR with OpenVINO for all of its networks, and its defaults otherwise."""
    from rapidocr import EngineType, RapidOCR

    params: dict[str, Any] = {f"{part}.engine_type": EngineType.OPENVINO for part in ("Det", "Cls", "Rec")}
    engine: Any = RapidOCR(params={"Global.log_level": "error", **params})

    def read(path: Path) -> tuple[str, int]:
        results = [engine(page.pixels) for page in load_pages(Entry(path, path.name), Limits())]
        return PAGE_BREAK.join("\n".join(result.txts or ()) for result in results), len(results)

    return read


def tesseract() -> Read:
    """Tesseract's program with its defaults and one thread; it decodes pictures itself."""
    return _tesseract


ONE_BY_ONE: dict[str, Callable[[], Read]] = {
    "engine": engine_alone,
    "rapidocr": rapidocr_as_it_comes,
    "rapidocr-openvino": rapidocr_on_openvino,
}
"""Read document after document."""
NAMES = (*ONE_BY_ONE, "tesseract")


def available(name: str) -> bool:
    """Whether the reader is installed here."""
    return name != "tesseract" or installed()


def run_apart(name: str, documents: Sequence[Path]) -> Run:
    """Let a reader read the documents in a process of its own.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    paths = "\n".join(str(path.absolute()) for path in documents)
    command = [sys.executable, "-m", "benchmarks.alternatives", name]
    done = subprocess.run(command, input=paths, stdout=subprocess.PIPE, text=True, check=True)
    return Run(**json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Read what standard input names."""
    name = sys.argv[1]
    paths = [Path(line) for line in sys.stdin.read().splitlines()]
    at_a_time = 1 if name in ONE_BY_ONE else len(os.sched_getaffinity(0))
    read = ONE_BY_ONE[name]() if name in ONE_BY_ONE else tesseract()
    read(paths[0])
    began, cpu = time.perf_counter(), _cpu_seconds()
    with ThreadPoolExecutor(at_a_time) as pool:
        done = list(pool.map(lambda path: _timed(read, path), paths))
    seconds, spent = time.perf_counter() - began, _cpu_seconds() - cpu
    run = Run(
        texts=[text for text, _, _ in done],
        pages=sum(pages for _, pages, _ in done),
        seconds=seconds,
        cpu_seconds=spent,
        latencies=[latency for _, _, latency in done],
        megabytes=psutil.Process().memory_info().rss / _MEGABYTE,
    )
    print(json.dumps(asdict(run)))


def _timed(read: Read, path: Path) -> tuple[str, int, float]:
    began = time.perf_counter()
    text, pages = read(path)
    return text, pages, time.perf_counter() - began


def _on_pages(reader: Callable[[Sequence[Any]], Any]) -> Read:
    def read(path: Path) -> tuple[str, int]:
        pages = load_pages(Entry(path, path.name), Limits())
        return reader(pages).text, len(pages)

    return read


def _tesseract(path: Path) -> tuple[str, int]:
    if path.suffix.lower() != _PDF:
        text = _run_tesseract(path)
        return text.strip("\f\n"), text.count("\f") or 1
    with TemporaryDirectory() as folder:
        texts = list(_drawn(path, Path(folder)))
    return PAGE_BREAK.join(texts), len(texts)


def _drawn(path: Path, folder: Path) -> Iterable[str]:
    """The text of a PDF's pages, which Tesseract cannot open."""
    for page in load_pages(Entry(path, path.name), Limits()):
        image = folder / f"{page.number}.png"
        cv2.imwrite(str(image), page.pixels)
        yield _run_tesseract(image, "--dpi", str(round(page.dpi or Limits().pdf_dpi))).strip("\f\n")


def _run_tesseract(image: Path, *options: str) -> str:
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    command = [PROGRAM, str(image), "stdout", *options]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


if __name__ == "__main__":
    main()
