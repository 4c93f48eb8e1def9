"""Fitness checks before this worker takes jobs: it reads a page."""

from __future__ import annotations

import base64
import logging
import sys
from typing import Any

import cv2
import numpy as np

from ocrq.errors import ReadFailed
from tasks.ocr import extract_text

WIDTH, HEIGHT = 640, 200  # pixels of the page that is read

log = logging.getLogger(__name__)


def check_reading() -> None:
    """Read a page the way jobs are read: the model answers, the decoder starts, the GPU computes.

    The text read is not checked.

    Raises:
        OcrqError: It fails; the platform replaces the worker.
    """
    try:
        extract_text({"image": base64.b64encode(plain_page()).decode(), "cache": False})
    except ReadFailed as error:
        log.warning("the model answers, but reads no text on a plain page: %s", error.detail)


def check_gpu() -> None:
    """Check that a GPU worker has a GPU.

    Raises:
        RuntimeError: torch finds no GPU.
    """
    torch: Any = sys.modules.get("torch")
    if torch is not None and not torch.cuda.is_available():
        raise RuntimeError("torch sees no GPU; choose a GPU for this endpoint, and a driver for CUDA 13 or newer")


def plain_page() -> bytes:
    """A line of large print, as a PNG."""
    pixels = np.full((HEIGHT, WIDTH), 255, np.uint8)
    cv2.putText(pixels, "Invoice number 4817", (40, 110), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 0, 3, cv2.LINE_AA)
    return cv2.imencode(".png", pixels)[1].tobytes()
