"""Replaces a child, after its current job, when its memory has grown too much since its models were loaded."""

from __future__ import annotations

import logging
from collections.abc import Callable

import psutil
from billiard.process import current_process

MEGABYTE = 1024 * 1024
KILOBYTE = 1024

log = logging.getLogger(__name__)


def recycle_after_growth(megabytes: int, models: Callable[[], int]) -> None:
    """Let Celery replace this child once it has grown; called in the child when its models are loaded.

    Celery's own limit is absolute, and no single number fits every model, so the growth is limited. A child's limit is
    an attribute of the loop that runs its tasks, the target of billiard's process.

    Args:
        megabytes: Growth allowed; 0 for no limit.
        models: Returns the bytes of the loaded models: models loaded later are not growth, or a process that loads a
            large one would be replaced after each job.
    """
    loop = getattr(current_process(), "_target", None)
    if loop is None or not megabytes or not hasattr(loop, "max_memory_per_child"):
        return
    own = psutil.Process().memory_info().rss - models()
    loop.max_memory_per_child = GrowingLimit((own + megabytes * MEGABYTE) // KILOBYTE, models)
    log.info("this process is replaced once it holds %d MB more than its models take", (own >> 20) + megabytes)


class GrowingLimit(int):
    """A limit in kilobytes, to which a comparison adds the current size of the models.

    The loop keeps its first limit, and evaluates ``used > limit`` after each task: Python calls the method of an
    integer's subclass first.
    """

    _models: Callable[[], int]

    def __new__(cls, kilobytes: int, models: Callable[[], int]) -> GrowingLimit:
        """A limit in kilobytes beside the models, whose bytes are read at each comparison."""
        limit = super().__new__(cls, kilobytes)
        limit._models = models
        return limit

    def __lt__(self, used: int) -> bool:
        return int(self) + self._models() // KILOBYTE < int(used)
