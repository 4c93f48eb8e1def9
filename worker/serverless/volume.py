"""The directory of model files: on the network volume, where one is mounted."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path

IMAGE_CACHE = "/models"  # HF_HOME in the image, which is lost with the worker
CACHE = "huggingface-cache"  # under the volume; RunPod's own cached models lie there, too

log = logging.getLogger(__name__)


def model_cache(volume: Path, environment: Mapping[str, str], image_cache: Path = Path(IMAGE_CACHE)) -> Path | None:
    """The value for ``HF_HOME``; None to leave it unchanged.

    A cache set by the operator is kept, and so is one in the image. A cache on a read-only volume is used where it
    has models.
    """
    chosen = environment.get("HF_HOME", str(image_cache)) != str(image_cache)
    if chosen or (image_cache / "hub").is_dir() or not volume.is_dir():
        return None
    cache = volume / CACHE
    if not (cache / "hub").is_dir() and not os.access(cache if cache.exists() else volume, os.W_OK):
        log.warning("%s cannot be written by this user; each worker downloads its models again", volume)
        return None
    return cache
