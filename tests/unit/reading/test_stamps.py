"""A coloured stamp across text: the lines beneath are read, and the stamp is a block of its own."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tasks.runner import ReadContext
from tests.unit.reading.test_losses import LINES, page_of
from worker.engines.ppocr.engine import RapidOcrEngine
from worker.imaging.stamps import find_stamps
from worker.page import PageImage, Pixels
from worker.reading.plain import PlainPipeline

BLUE, GREEN = (170, 60, 40), (60, 130, 30)
"""BGR."""


def stamped(colour: tuple[int, int, int], degrees: float, opacity: float) -> Pixels:
    page = page_of()
    stamp = Image.new("L", (420, 110), 0)
    pen = ImageDraw.Draw(stamp)
    pen.rectangle((4, 4, 415, 105), outline=255, width=7)
    pen.text((40, 22), "VOID 88 JUN", 255, ImageFont.load_default(58))
    mask = np.zeros(page.shape[:2], np.float32)
    mask[200:310, 180:600] = np.asarray(stamp, np.float32) / 255
    turn = cv2.getRotationMatrix2D((390, 255), degrees, 1)
    mask = cv2.warpAffine(mask, turn, mask.shape[::-1])[..., np.newaxis] * opacity
    return np.asarray(page * (1 - mask) + np.array(colour) * mask, np.uint8)


@pytest.mark.parametrize(("colour", "degrees", "opacity"), [(BLUE, 9, 0.6), (GREEN, -7, 0.75)])
def test_text_under_a_stamp_is_read_and_the_stamp_is_a_block(
    engine: RapidOcrEngine, colour: tuple[int, int, int], degrees: float, opacity: float
) -> None:
    page = PlainPipeline(engine, engine).read_page(PageImage(1, stamped(colour, degrees, opacity)), ReadContext())
    text = " ".join(block.text for block in page.blocks if block.type != "stamp").split()
    missing = [word for word in " ".join(LINES).split() if word not in text]
    assert len(missing) <= 2, missing
    (stamp,) = [block for block in page.blocks if block.type == "stamp"]
    assert stamp.text == "VOID 88 JUN"
    assert stamp.box is not None
    assert np.mean(stamp.box, axis=0) == pytest.approx((390, 255), abs=25)


def test_ink_that_hides_words_lowers_the_confidence(engine: RapidOcrEngine) -> None:
    shown, hidden = (
        PlainPipeline(engine, engine).read_pages([PageImage(1, stamped(BLUE, 9, opacity))], ReadContext())[0]
        for opacity in (0.55, 1.0)
    )
    assert not shown.warnings
    assert any("under a stamp" in warning for warning in hidden.warnings)
    assert hidden.page.confidence < shown.page.confidence - 0.02


def test_coloured_text_beside_black_is_no_stamp() -> None:
    page = page_of()
    page[70:130][page[70:130].min(axis=2) < 128] = BLUE
    assert find_stamps(page) == []
