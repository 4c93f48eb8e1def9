from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest

from ocrq.errors import JobCancelled
from tasks.runner import ReadContext
from tests.stops import stops
from tests.unit.reading.drawing import TEXTS, drawn
from worker.engines.ppocr.engine import SMALL_INFO, RapidOcrEngine
from worker.engines.protocols import LineReader
from worker.page import LineReading, PageImage, Pixels
from worker.reading import PageRead, ReadMode, pipeline_for
from worker.reading.ensemble import VARIANTS, Variant
from worker.reading.robust import RobustPipeline

ROBUST = ReadMode(robust=True, variants=3)


def blurred() -> Pixels:
    """A page on which the reader is not sure of its first look."""
    noise = np.random.default_rng(5).normal(0, 10, drawn().shape)
    return np.clip(cv2.GaussianBlur(drawn(), (0, 0), 4.0) + noise, 0, 255).astype(np.uint8)


def robust(engine: RapidOcrEngine, pixels: Pixels, variants: Sequence[Variant] = VARIANTS, most: int = 3) -> PageRead:
    pipeline = RobustPipeline(engine, engine, ReadMode(robust=True, variants=most), variants)
    (read,) = pipeline.read_pages([PageImage(1, pixels)], ReadContext())
    return read


def broken(crop: Pixels) -> Pixels:
    raise ValueError("this variant cannot be made")


def test_a_clean_page_is_read_once(engine: RapidOcrEngine) -> None:
    read = robust(engine, drawn())
    assert read.page.text.split("\n") == list(TEXTS)
    assert (read.variants, read.lines_reread, read.warnings) == (1, 0, ())


def test_hard_lines_are_read_again_as_often_as_asked_for(engine: RapidOcrEngine) -> None:
    three, nine = robust(engine, blurred()), robust(engine, blurred(), most=9)
    assert three.lines_reread > 0
    assert 2 <= three.variants <= 3
    assert 3 < nine.variants <= 9


def test_two_runs_are_identical(engine: RapidOcrEngine) -> None:
    assert robust(engine, blurred(), most=6) == robust(engine, blurred(), most=6)


@pytest.mark.parametrize("place", [0, 1, len(VARIANTS)])
def test_a_variant_that_raises_changes_nothing_but_a_warning(engine: RapidOcrEngine, place: int) -> None:
    faulty = [*VARIANTS[:place], Variant("broken", broken), *VARIANTS[place:]]
    without, with_it = robust(engine, blurred(), most=6), robust(engine, blurred(), faulty, most=6)
    assert with_it.page == without.page
    assert (with_it.variants, with_it.lines_reread) == (without.variants, without.lines_reread)
    assert without.warnings == ()
    assert place == len(VARIANTS) or with_it.warnings == ("page 1: the variant 'broken' failed and did not vote",)


def test_if_every_variant_fails_the_first_reading_stands(engine: RapidOcrEngine) -> None:
    plain = robust(engine, blurred(), [])
    failed = robust(engine, blurred(), [Variant("a", broken), Variant("b", broken)])
    assert failed.page == plain.page
    assert [line.text for line in plain.page.lines]
    assert len(failed.warnings) == 2


class Moody(LineReader):
    """Reads as the real engine does, less surely, and fails on crops of one kind."""

    info = SMALL_INFO

    def __init__(self, engine: RapidOcrEngine) -> None:
        self.engine = engine

    def read(self, crops: Sequence[Pixels], context: ReadContext) -> list[LineReading]:
        if any(crop.shape[0] == 7 for crop in crops):
            raise RuntimeError("no crop of 7 rows")
        read = self.engine.read(crops, context)
        return [replace(one, probabilities=tuple(0.95 * p for p in one.probabilities)) for one in read]


def test_a_variant_that_the_reader_fails_on_does_not_vote(engine: RapidOcrEngine) -> None:
    def tiny(crop: Pixels) -> Pixels:
        return np.asarray(crop[:7])

    def read_with(*more: Variant) -> PageRead:
        pipeline = RobustPipeline(engine, Moody(engine), replace(ROBUST, variants=9), [*more, *VARIANTS])
        return pipeline.read_page(PageImage(1, blurred()), ReadContext())

    read = read_with(Variant("tiny", tiny))
    assert read.page == read_with().page
    assert read.warnings == ("page 1: the variant 'tiny' failed and did not vote",)


class Undecided(LineReader):
    """Reads a page's last line otherwise on every look, and the others surely."""

    info = SMALL_INFO

    def __init__(self, *looks: LineReading) -> None:
        self.looks = iter(looks)
        self.first: Pixels | None = None

    def read(self, crops: Sequence[Pixels], context: ReadContext) -> list[LineReading]:
        return [LineReading("Invoice total", (0.99,) * 13) if self.sure(crop) else next(self.looks) for crop in crops]

    def sure(self, crop: Pixels) -> bool:
        self.first = crop if self.first is None else self.first
        return crop.shape != self.first.shape


def undecided(engine: RapidOcrEngine, *looks: tuple[str, float]) -> list[str]:
    """The texts of a page with the readings of one line given."""
    reader = Undecided(*(LineReading(text, (probability,) * len(text)) for text, probability in looks))
    variants = [Variant(f"look {number}", np.copy) for number in range(len(looks) - 1)]
    pipeline = RobustPipeline(engine, reader, replace(ROBUST, variants=len(looks)), variants)
    page = pipeline.read_page(PageImage(1, drawn()), ReadContext()).page
    return [line.text for line in page.lines if line.text != "Invoice total"]


def test_readings_that_agree_on_nothing_are_no_line(engine: RapidOcrEngine) -> None:
    assert undecided(engine, ("Cash", 0.7), ("Cash", 0.6), ("Cush", 0.6)) == ["Cash"]
    assert undecided(engine, ("Cash", 0.7), ("Ouwl", 0.6), ("Tibk", 0.6)) == []


def test_a_vote_brings_no_stray_characters_in(engine: RapidOcrEngine) -> None:
    assert undecided(engine, ("* Thanks *", 0.6), ("冰 Thanks 家", 0.7), ("冰 Thanks 家", 0.7)) == ["Thanks"]


def test_a_cancelled_job_stops_the_page(engine: RapidOcrEngine) -> None:
    with stops(JobCancelled):
        RobustPipeline(engine, engine, ROBUST).read_page(PageImage(1, drawn()), ReadContext(cancelled=lambda: True))


def test_the_robust_mode_gets_the_robust_pipeline(engine: RapidOcrEngine) -> None:
    assert isinstance(pipeline_for(engine, ROBUST, lambda: engine), RobustPipeline)
    assert not isinstance(pipeline_for(engine, ReadMode(), lambda: engine), RobustPipeline)
