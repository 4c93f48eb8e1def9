"""Worn pages are cleaned by what they suffered; clean ones come back untouched."""

import cv2
import numpy as np
import pytest

from tests.documents import as_jpeg, text_page
from worker.engines.protocols import Detector
from worker.imaging.degradation import measure_degradation
from worker.imaging.prepare import prepare


@pytest.fixture(scope="module")
def page():
    picture = np.full((1200, 900, 3), 250, np.uint8)
    for row in range(60, 1150, 50):
        cv2.putText(
            picture, f"Item {row} of the list   {row * 1.07:.2f}", (60, row), 0, 0.9, (20, 20, 20), 2, cv2.LINE_AA
        )
    return picture


def with_specks(page, share=0.02):
    rng = np.random.default_rng(3).random(page.shape[:2])
    degraded = page.copy()
    degraded[rng < share / 2] = 0
    degraded[rng > 1 - share / 2] = 255
    return degraded


def in_shadow(page):
    light = 1 - 0.6 / (1 + np.exp(-np.linspace(-6, 6, page.shape[1])))
    return (page * light[None, :, None]).astype(np.uint8)


def test_a_clean_page_comes_back_as_it_is(page):
    prepared = prepare(page)
    assert prepared.steps == ()
    assert prepared.pixels is page


def test_specks_are_taken_off_and_strokes_stay(page):
    degraded = with_specks(page)
    prepared = prepare(degraded)
    assert prepared.steps == ("impulses",)
    before, after = (np.abs(one.astype(int) - page).mean() for one in (degraded, prepared.pixels))
    assert after < before / 4


def test_grain_is_smoothed(page):
    grain = np.random.default_rng(3).normal(0, 14, page.shape[:2])[..., None]
    degraded = np.clip(page + grain, 0, 255).astype(np.uint8)
    prepared = prepare(degraded)
    assert prepared.steps == ("noise",)
    assert prepared.degradation.impulses < 0.1


def test_corners_of_small_print_are_no_dust():
    picture = np.full((600, 600, 3), 250, np.uint8)
    for row in range(20, 590, 14):
        cv2.putText(picture, "small print of a contract, twenty lines to the inch", (5, row), 0, 0.4, (0, 0, 0), 1)
    small = cv2.resize(picture, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_LINEAR)
    degradation = measure_degradation(small)
    assert degradation.specks > 1
    assert degradation.dust < 0.5
    assert prepare(small).steps == ()


def test_a_shadow_is_evened(page):
    prepared = prepare(in_shadow(page))
    assert "light" in prepared.steps
    paper = np.percentile(prepared.pixels, 80, axis=(0, 2))
    assert paper.min() > 0.9 * paper.max()


def test_every_pixel_stays_in_its_place(page):
    degraded = in_shadow(with_specks(page))
    assert prepare(degraded).pixels.shape == degraded.shape
    assert prepare(degraded).pixels.dtype == np.uint8


def test_blur_is_measured_in_pixels(page):
    sharp, soft = measure_degradation(page).blur, measure_degradation(cv2.GaussianBlur(page, (0, 0), 2.0)).blur
    assert sharp < 1.1
    assert soft == pytest.approx(2.0, abs=0.4)


@pytest.mark.parametrize("shape", [(1, 1), (3, 4000), (40, 40), (4000, 3)])
@pytest.mark.parametrize("value", [0, 255])
def test_pictures_of_any_shape_can_be_judged_and_cleaned(shape, value):
    blank = np.full((*shape, 3), value, np.uint8)
    assert prepare(blank).pixels.shape == blank.shape


def test_the_same_page_is_cleaned_the_same_twice(page):
    degraded = in_shadow(with_specks(page))
    assert np.array_equal(prepare(degraded).pixels, prepare(degraded).pixels)


class Finder(Detector):
    """Finds nothing, and has another detector for degraded pages."""

    def __init__(self):
        self.degraded_detector = Plain()

    def find_lines(self, pixels):
        return []


class Plain(Detector):
    """Finds nothing."""

    def find_lines(self, pixels):
        return []


def test_a_degraded_page_is_read_by_the_detector_for_degraded_pages(page):
    finder = Finder()
    for degraded in (with_specks(page), in_shadow(page), cv2.GaussianBlur(page, (0, 0), 2.0)):
        assert prepare(degraded).detector_for(finder) is finder.degraded_detector
    assert prepare(page).detector_for(finder) is finder


def test_a_detector_without_another_one_looks_at_every_page(page):
    detector = Plain()
    assert prepare(with_specks(page)).detector_for(detector) is detector


def test_equal_pages_are_judged_alike_wherever_they_lie_in_memory():
    lines = ["Invoice number 4817", "Harbour Street Bakery", "Total 23.67"]
    compressed = as_jpeg(text_page(lines, size=(900, 400), font_px=40))
    page = cv2.imdecode(np.frombuffer(compressed, np.uint8), cv2.IMREAD_COLOR)

    def at(offset):
        room = np.empty(page.size + offset, np.uint8)[offset:].reshape(page.shape)
        room[:] = page
        return room

    assert len({measure_degradation(at(offset)) for offset in range(64)}) == 1
