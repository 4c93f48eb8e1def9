"""What several steps compute of the same picture, computed once: its grey copy, and whatever else is wrapped so."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Generic, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.page import Pixels

Value = TypeVar("Value")


class OfSamePicture(Generic[Value]):
    """A function of a picture that keeps its last value for as long as that picture is in use.

    The steps of a page look at the same picture, one after another. Nothing changes a picture once it is made.

    Args:
        function: Computes the value.
    """

    def __init__(self, function: Callable[[Pixels], Value]) -> None:
        self._function = function
        self._last: tuple[weakref.ref[Pixels], Value] | None = None

    def __call__(self, pixels: Pixels) -> Value:
        """The value for a picture."""
        last = self._last  # one look: other threads read other pages
        if last is not None and last[0]() is pixels:
            return last[1]
        value = self._function(pixels)
        self._last = weakref.ref(pixels, self._forget), value
        return value

    def _forget(self, picture: weakref.ref[Pixels]) -> None:
        if (last := self._last) is not None and last[0] is picture:
            self._last = None


def _grey(pixels: Pixels) -> NDArray[np.uint8]:
    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8)
    grey.flags.writeable = False
    return grey


grey_of = OfSamePicture(_grey)
"""The grey copy of a page."""
