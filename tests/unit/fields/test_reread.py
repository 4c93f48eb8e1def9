"""Lines whose fields contradict each other are read again: drawn pages, a stub for the model, everything else real."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import pytest

from ocrq.contracts import STRUCTURED
from ocrq.errors import JobCancelled
from tasks.catalogue import Catalogue
from tasks.documents.submission import Submission
from tasks.runner import ReadContext, run_inline
from tasks.settings import Settings
from tasks.stopping import ReadStopped
from worker.engines.info import EngineInfo
from worker.engines.ppocr import engine as rapidocr
from worker.engines.protocols import LineEngine
from worker.imaging.decode import Limits, open_document
from worker.models.registry import Registry
from worker.page import LineReading, PageImage, Pixels, Quad
from worker.reading import ReadMode
from worker.reading.robust import MOST_READINGS, RobustPipeline
from worker.runner import PipelineRunner

ROBUST = next(operation for operation in STRUCTURED if operation.endswith("_robust"))
SUMS = {"subtotal": "number", "tax": "number", "total": "number"}
COLOURS = ((220, 60, 60), (60, 200, 60), (60, 60, 220))  # of the lines: the stub knows them by these
RIGHT = ("Subtotal 100.00", "Tax 6.00", "Total 106.00")
STROKE = 13  # pixels of white above and below: more colour would be taken for a shadow, and be evened out
SURE = 0.998  # of every character: so sure that the first round leaves the line alone


class Stub(LineEngine):
    """Finds three coloured lines and reads them; the last one wrong for as many looks as told, or for ever.

    Attributes:
        looks: How often the last line was read.
    """

    info = EngineInfo("rapidocr/stub", reads="lines", gives_boxes=True)

    def __init__(self, wrong: str = "Total 160.00", looks_wrong: int = 2, fails: BaseException | None = None) -> None:
        self.wrong, self.looks_wrong, self.fails, self.looks = wrong, looks_wrong, fails, 0

    def find_lines(self, pixels: Pixels) -> list[Quad]:
        return [quad(row) for row in range(len(RIGHT))]

    def read(self, crops: Sequence[Pixels], context: ReadContext) -> list[LineReading]:
        return [self._read(crop) for crop in crops]

    def _read(self, crop: Pixels) -> LineReading:
        row = int(np.argmax(crop[crop.shape[0] // 2, crop.shape[1] // 2]))
        text = RIGHT[row]
        if row == 2:
            self.looks += 1
            if self.fails and self.looks > 1:
                raise self.fails
            text = self.wrong if self.looks <= self.looks_wrong else text
        count = len(text)
        return LineReading(text, (SURE,) * count, tuple((i / count, (i + 1) / count) for i in range(count)))


def quad(row: int) -> Quad:
    top = 60 + 80 * row
    return np.array([[60, top], [460, top], [460, top + 36], [60, top + 36]], np.float32)


def page() -> Pixels:
    pixels = np.full((320, 600, 3), 255, np.uint8)
    for row, colour in enumerate(COLOURS):
        (left, top), (right, bottom) = quad(row)[0].astype(int), quad(row)[2].astype(int)
        pixels[top + STROKE : bottom - STROKE, left:right] = colour
    return pixels


def extracted(stub: Stub, monkeypatch: pytest.MonkeyPatch, context: ReadContext | None = None) -> dict[str, Any]:
    """What the robust route answers, with the stub in the place of the default model."""
    monkeypatch.setattr(rapidocr, "load", lambda model, settings: stub)
    settings, limits = Settings(), Limits()
    registry = Registry(settings, Catalogue.from_settings(settings), None)
    runner = PipelineRunner(registry, lambda data: open_document(data, limits), limits)
    image = cv2.imencode(".png", page())[1].tobytes()
    submission = Submission.of(ROBUST, {"schema": SUMS}, max_bytes=len(image), document=image)
    return run_inline(runner, submission, context or ReadContext())


def test_lines_read_again_are_read_in_every_variant_and_voted_on() -> None:
    stub = Stub(looks_wrong=1)
    stub.info = rapidocr.SMALL_INFO  # whose lines' confidence weighs the page's measures, too
    pipeline = RobustPipeline(stub, stub, ReadMode(robust=True, variants=3))
    (line,) = pipeline.reread(PageImage(1, page()), [quad(2)], ReadContext())
    assert (line.text, stub.looks) == ("Total 106.00", MOST_READINGS)
    assert line.confidence > 0.5
    assert line.words is not None
    assert all(word.box is not None for word in line.words)


def test_a_sum_that_comes_out_after_reading_again_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    checked = extracted(Stub(), monkeypatch)
    assert checked["structured_data"] == {"subtotal": 100.0, "tax": 6.0, "total": 106.0}
    reasons = {name: field["reason"] for name, field in checked["fields"].items()}
    because = "read again because 100.00 and 6.00 tax do not make 160.00"
    assert reasons == {"subtotal": None, "tax": None, "total": because}
    assert checked["metadata"]["lines_reread"] == 3
    assert "Total 106.00" in checked["metadata"]["source_text"]
    assert checked["fields"]["total"]["box"] is not None


def test_a_sum_that_still_fails_halves_the_confidence(monkeypatch: pytest.MonkeyPatch) -> None:
    right, wrong = extracted(Stub(looks_wrong=0), monkeypatch), extracted(Stub(looks_wrong=100), monkeypatch)
    assert wrong["structured_data"]["total"] == 160.0
    assert wrong["fields"]["total"]["confidence"] <= right["fields"]["total"]["confidence"] / 2
    reason = "100.00 and 6.00 tax do not make 160.00; read again with the same result"
    assert wrong["fields"]["total"]["reason"] == reason
    assert (wrong["metadata"]["lines_reread"], right["metadata"]["lines_reread"]) == (3, 0)
    assert "Total 160.00" in wrong["metadata"]["source_text"]


def test_what_does_not_help_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    class Wavering(Stub):
        def _read(self, crop: Pixels) -> LineReading:
            reading = super()._read(crop)
            return LineReading(reading.text.replace("106", "190"), reading.probabilities, reading.spans)

    checked = extracted(Wavering(), monkeypatch)
    assert checked["structured_data"]["total"] == 160.0
    assert str(checked["fields"]["total"]["reason"]).endswith("; read again, which did not help")


def test_an_engine_that_fails_meanwhile_leaves_the_first_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(Stub):
        def _read(self, crop: Pixels) -> LineReading:
            if self.looks:
                raise RuntimeError("the model went away")
            return super()._read(crop)

    checked = extracted(Gone(), monkeypatch)
    assert checked["structured_data"]["total"] == 160.0
    assert checked["fields"]["total"]["reason"] == "100.00 and 6.00 tax do not make 160.00"
    warning = "lines whose fields contradict each other could not be read again"
    assert warning in checked["metadata"]["warnings"]


def test_a_job_cancelled_meanwhile_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(JobCancelled):
        extracted(Stub(fails=ReadStopped(JobCancelled("cancelled"))), monkeypatch)
