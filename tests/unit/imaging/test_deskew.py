from __future__ import annotations

import cv2
import numpy as np
import pytest

from worker.imaging.deskew import level_page


@pytest.mark.parametrize("skew", [-30.0, 0.4, 7.0])
def test_a_skewed_line_is_level_and_comes_back_to_its_place(skew: float) -> None:
    turn = cv2.getRotationMatrix2D((200, 150), -skew, 1.0)
    quad = np.array([[100, 140], [300, 140], [300, 160], [100, 160]]) @ turn[:, :2].T + turn[:, 2]
    pixels = np.full((300, 400, 3), 255, np.uint8)
    cv2.fillConvexPoly(pixels, quad.round().astype(np.int32), (0, 0, 0))
    level = level_page(pixels, [np.asarray(quad, np.float32)], skew)
    (placed,) = level.quads
    assert level.back(placed) == pytest.approx(quad, abs=0.01)
    assert abs(placed[0, 1] - placed[1, 1]) < 2
    inside = level.pixels[int(placed[0, 1]) + 4 : int(placed[2, 1]) - 4, int(placed[0, 0]) + 4 : int(placed[1, 0]) - 4]
    assert inside.max() == 0
    assert (level.pixels < 128).sum() == pytest.approx((pixels < 128).sum(), rel=0.02)
