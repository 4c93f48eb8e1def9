"""Tesseract, the program, with its defaults; one thread, as it asks for beside other work."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import cv2

from evaluation.readers import PAGE_BREAK, Reading
from worker.page import PageImage

PROGRAM = "tesseract"
SECONDS = 300  # for a page; two are usual
FULL = 100.0  # Tesseract's confidence for certain


def installed() -> bool:
    """Whether the program is on PATH."""
    return shutil.which(PROGRAM) is not None


def read_pages(pages: Sequence[PageImage]) -> Reading:
    """The text as Tesseract writes it; its words' mean confidence.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    texts: list[str] = []
    scores: list[float] = []
    for page in pages:
        with tempfile.TemporaryDirectory() as folder:
            image, out = Path(folder, "page.png"), Path(folder, "page")
            cv2.imwrite(str(image), page.pixels)
            dpi = ["--dpi", str(round(page.dpi))] if page.dpi else []
            subprocess.run(
                [PROGRAM, str(image), str(out), *dpi, "txt", "tsv"],
                check=True,
                capture_output=True,
                timeout=SECONDS,
                env={**os.environ, "OMP_THREAD_LIMIT": "1"},
            )
            texts.append(out.with_suffix(".txt").read_text(encoding="utf-8").strip())
            scores += word_scores(out.with_suffix(".tsv").read_text(encoding="utf-8"))
    return Reading(PAGE_BREAK.join(texts), sum(scores) / len(scores) if scores else 0.0)


def word_scores(table: str) -> list[float]:
    """The words' confidences, 0 to 1, out of Tesseract's TSV; blocks and lines have -1 there."""
    rows = csv.DictReader(table.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return [float(row["conf"]) / FULL for row in rows if float(row["conf"]) >= 0 and row["text"].strip()]
