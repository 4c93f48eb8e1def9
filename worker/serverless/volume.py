"""Where model files are kept: on the network volume, where one is mounted."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path

IMAGE_CACHE = "/models"  # what the image sets HF_HOME to: a place that ends with the worker
CACHE = "huggingface-cache"  # under the volume; RunPod's own cached models lie there, too

log = logging.getLogger(__name__)


def model_cache(volume: Path, environment: Mapping[str, str], image_cache: Path = Path(IMAGE_CACHE)) -> Path | None:
    """What ``HF_HOME`` should be; None to leave it as it is.

    A cache that the operator chose stays, and so does one that came with the image. One on a volume that cannot be
    written is used if it holds models.
    """
    chosen = environment.get("HF_HOME", str(image_cache)) != str(image_cache)
    if chosen or (image_cache / "hub").is_dir() or not volume.is_dir():
        return None
    cache = volume / CACHE
    if not (cache / "hub").is_dir() and not os.access(cache if cache.exists() else volume, os.W_OK):
        log.warning("%s cannot be written by this user; models are fetched anew for each worker", volume)
        return None
    return cache
