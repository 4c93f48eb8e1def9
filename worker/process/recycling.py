"""A child whose memory has grown too far since its models were loaded is replaced after the job at hand."""

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

    Celery's own limit is absolute, and no one number fits every model: what counts is the growth. The limit of a
    child is kept by the loop that runs its tasks, which billiard makes the process's target.

    Args:
        megabytes: Growth that is let pass; 0 for no limit.
        models: Tells the bytes of the models in memory: those that come later are no growth, or a process that loads
            a large one would be replaced after each job.
    """
    loop = getattr(current_process(), "_target", None)
    if loop is None or not megabytes or not hasattr(loop, "max_memory_per_child"):
        return
    own = psutil.Process().memory_info().rss - models()
    loop.max_memory_per_child = GrowingLimit((own + megabytes * MEGABYTE) // KILOBYTE, models)
    log.info("this process is replaced once it holds %d MB more than its models take", (own >> 20) + megabytes)


class GrowingLimit(int):
    """A limit in kilobytes that what is compared with it may pass by what the models take at that moment.

    The loop keeps the limit it began with, and asks ``used > limit`` after each task: of an integer and its subclass
    Python asks the subclass first.
    """

    _models: Callable[[], int]

    def __new__(cls, kilobytes: int, models: Callable[[], int]) -> GrowingLimit:
        """A limit of so many kilobytes beside the models, whose bytes are asked for at each comparison."""
        limit = super().__new__(cls, kilobytes)
        limit._models = models
        return limit

    def __lt__(self, used: int) -> bool:
        return int(self) + self._models() // KILOBYTE < int(used)
