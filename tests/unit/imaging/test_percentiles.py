"""Medians and percentiles of few numbers and of pictures."""

import numpy as np
import pytest

from worker.percentiles import grey_percentiles, median, percentile


@pytest.mark.parametrize("count", [1, 2, 7, 40])
def test_they_are_numpys(count: int) -> None:
    values = np.random.default_rng(count).normal(size=count)
    picture = np.random.default_rng(count).integers(0, 256, (count, 3), np.uint8)

    assert median(values.tolist()) == np.median(values)
    assert [percentile(values.tolist(), part) for part in (0, 20, 75, 100)] == np.percentile(
        values, (0, 20, 75, 100)
    ).tolist()
    assert grey_percentiles(picture, (2, 50, 98)) == np.percentile(picture, (2, 50, 98)).tolist()
