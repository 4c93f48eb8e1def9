"""Tesseract, the program, for lines in scripts that no network here has letters for.

It reads with the models of Debian's ``tesseract-ocr-script-*`` packages where they are installed: one process for the
lines of a page in one script, one thread, with a time limit.
"""

from __future__ import annotations

import csv
import logging
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2

from tasks.runner import ReadContext
from worker.page import LineReading, Pixels
from worker.script_names import SCRIPT_NAMES

PROGRAM = "tesseract"
MODELS = {code: name for code, name in SCRIPT_NAMES.items() if code not in ("Cyrl", "Grek")} | {"Hang": "Hangul"}
"""By ISO 15924 code, as the packages name them; the embedded engine itself reads Cyrillic and Greek."""

RIGHT_TO_LEFT = frozenset({"Arab", "Hebr"})
"""Their characters come in the order in which they are read, so places along the line would run backwards."""

WITHOUT_SPACES = frozenset({"Khmr", "Laoo", "Mymr", "Thai"})
"""Tesseract puts spaces between their letters; only wide gaps are ones."""

WIDE_GAP = 14.0
"""Pixels at ``LINE_HEIGHT``."""

LINES_AT_ONCE = 40
START_SECONDS, LINE_SECONDS = 10.0, 3.0
"""Time limit of a process, and more for each line; a line takes .1 s on an idle processor."""

LIST_SECONDS = 20.0
LINE_HEIGHT = 56
"""Pixels to which lines are brought: Tesseract's models were trained on lines of 36 to 48 with some white around."""

MARGIN = 12
ONE_LINE, RAW_LINE = "7", "13"
"""Page segmentation modes: the second takes a line as it is, where the first finds none."""

FULL = 100.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TesseractLines:
    """Reads lines with the installed models.

    Attributes:
        models: The installed ones' names by ISO 15924 code.
    """

    models: Mapping[str, str]

    def read(self, crops: Sequence[Pixels], script: str, context: ReadContext) -> list[LineReading]:
        """One reading per crop, in order; empty ones where the program fails or takes too long.

        Args:
            crops: Of lines in one script.
            script: Its ISO 15924 code; one of ``models``.
            context: Of this read.

        Raises:
            ReadStopped: The job was cancelled, or its deadline has passed.
        """
        readings: list[LineReading] = []
        for start in range(0, len(crops), LINES_AT_ONCE):
            context.check()
            part = crops[start : start + LINES_AT_ONCE]
            seconds = START_SECONDS + LINE_SECONDS * len(part)
            if context.deadline is not None:
                seconds = min(seconds, max(context.deadline - time.monotonic(), 0.1))
            try:
                read = _read(part, self.models[script], script, seconds)
                if empty := [place for place, reading in enumerate(read) if reading.is_lost]:
                    again = _read([part[place] for place in empty], self.models[script], script, seconds, RAW_LINE)
                    for place, reading in zip(empty, again, strict=True):
                        read[place] = reading
                readings += read
            except (subprocess.SubprocessError, OSError) as error:
                log.warning("tesseract could not read %d lines in %s: %s", len(part), script, error)
                readings += [LineReading("", script=script, is_lost=True)] * len(part)
        return readings


@cache
def installed() -> TesseractLines:
    """What is installed on this machine; no models where the program is missing."""
    if shutil.which(PROGRAM) is None:
        return TesseractLines({})
    try:
        listed = _run(["--list-langs"], LIST_SECONDS).split()
    except (subprocess.SubprocessError, OSError) as error:
        log.warning("tesseract does not say which models it has: %s", error)
        return TesseractLines({})
    names = {name.rpartition("/")[2]: name for name in listed}  # some systems keep them in a folder of their own
    return TesseractLines({script: names[model] for script, model in MODELS.items() if model in names})


def _read(crops: Sequence[Pixels], model: str, script: str, seconds: float, mode: str = ONE_LINE) -> list[LineReading]:
    with tempfile.TemporaryDirectory(prefix="ocrq-lines-") as folder:
        paths = [Path(folder, f"{number}.png") for number in range(len(crops))]
        for path, crop in zip(paths, crops, strict=True):
            cv2.imwrite(str(path), _with_margin(crop))
        listing = Path(folder, "lines.txt")
        listing.write_text("\n".join(map(str, paths)) + "\n", encoding="utf-8")
        table = _run([str(listing), "stdout", "-l", model, "--psm", mode, "tsv"], seconds)
    words: list[list[_Word]] = [[] for _ in crops]
    for page, word in _words(table):
        words[page - 1].append(word)
    return [_reading(own, script) for own in words]


def _run(arguments: Sequence[str], seconds: float) -> str:
    done = subprocess.run(
        ["env", "OMP_THREAD_LIMIT=1", PROGRAM, *arguments],  # one process a core is fastest
        check=True,
        capture_output=True,
        timeout=seconds,
        stdin=subprocess.DEVNULL,
    )
    return done.stdout.decode("utf-8", errors="replace")


def _with_margin(crop: Pixels) -> Pixels:
    height, width = crop.shape[:2]
    size = (max(1, round(width * LINE_HEIGHT / height)), LINE_HEIGHT)
    line = cv2.resize(crop, size, interpolation=cv2.INTER_AREA if height > LINE_HEIGHT else cv2.INTER_CUBIC)
    return cv2.copyMakeBorder(line, *(MARGIN,) * 4, cv2.BORDER_REPLICATE)  # type: ignore[return-value]


@dataclass(frozen=True)
class _Word:
    text: str
    probability: float
    left: float
    right: float
    width: float


def _words(table: str) -> Iterator[tuple[int, _Word]]:
    """Words of Tesseract's table with the numbers of their images; places are shares of the line's width."""
    width = 1.0
    for row in csv.DictReader(table.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        if row["level"] == "1":
            width = max(1.0, float(row["width"]) - 2 * MARGIN)
        elif row["level"] == "5" and row["text"] and row["text"].strip():
            left = (float(row["left"]) - MARGIN) / width
            right = left + float(row["width"]) / width
            yield (
                int(row["page_num"]),
                _Word(row["text"].strip(), float(row["conf"]) / FULL, min(max(left, 0.0), 1.0), min(right, 1.0), width),
            )


def _reading(words: Sequence[_Word], script: str) -> LineReading:
    text, probabilities, spans = "", list[float](), list[tuple[float, float]]()
    for before, word in zip((None, *words), words, strict=False):
        if before and not (script in WITHOUT_SPACES and (word.left - before.right) * word.width < WIDE_GAP):
            probabilities.append(min(probabilities[-1], word.probability))
            spans.append((spans[-1][1], max(word.left, spans[-1][1])))
            text += " "
        step = (word.right - word.left) / len(word.text)
        spans += [(word.left + step * place, word.left + step * (place + 1)) for place in range(len(word.text))]
        probabilities += [min(max(word.probability, 0.0), 1.0)] * len(word.text)
        text += word.text
    places = () if script in RIGHT_TO_LEFT else tuple(spans)
    return LineReading(text, tuple(probabilities), places, script, is_lost=not text)
