"""A child whose memory has grown too far since its models were loaded is replaced after the job at hand."""

from __future__ import annotations

import logging

import psutil
from billiard.process import current_process

MEGABYTE = 1024 * 1024
KILOBYTE = 1024

log = logging.getLogger(__name__)


def recycle_after_growth(megabytes: int) -> None:
    """Let Celery replace this child once it has grown; called in the child when its models are loaded.

    Celery's own limit is absolute, and no one number fits every model: what counts is the growth. The limit of a
    child is kept by the loop that runs its tasks, which billiard makes the process's target.

    Args:
        megabytes: Growth that is let pass; 0 for no limit.
    """
    loop = getattr(current_process(), "_target", None)
    if loop is None or not megabytes or not hasattr(loop, "max_memory_per_child"):
        return
    limit = psutil.Process().memory_info().rss + megabytes * MEGABYTE
    loop.max_memory_per_child = limit // KILOBYTE
    log.info("this process is replaced once it holds more than %d MB", limit // MEGABYTE)
