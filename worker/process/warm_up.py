"""Failed warm-ups: the worker waits, tries again, and then stops consuming."""

from __future__ import annotations

import logging
import os
import signal
import socket
import time
from typing import cast

import redis

from tasks.connection import WORKER_TIMEOUT, connect
from tasks.settings import Settings

PAUSE_SECONDS = 2.0  # between two tries; Celery replaces a child that ends at once
TRIES = 5  # in a row, over all children of a worker
_REMEMBERED_SECONDS = 600

log = logging.getLogger(__name__)


def warm_up_failed(settings: Settings) -> None:
    """Count a failure of this child, and after :data:`TRIES` of them tell the parent to stop."""
    time.sleep(PAUSE_SECONDS)
    try:
        with connect(settings, WORKER_TIMEOUT) as client:
            failures = int(client.incr(_key(os.getppid())))
            client.expire(_key(os.getppid()), _REMEMBERED_SECONDS)
    except redis.RedisError:
        return
    if failures >= TRIES:
        log.critical("the models failed to load %d times; this worker stops and takes no jobs", failures)
        os.kill(os.getppid(), signal.SIGTERM)


def warm_up_was_given_up(settings: Settings) -> bool:
    """Whether the children of this process failed so often that it is stopped; called in the parent."""
    try:
        with connect(settings, WORKER_TIMEOUT) as client:
            failures = cast(bytes | None, client.get(_key(os.getpid())))
    except redis.RedisError:
        return False
    return failures is not None and int(failures) >= TRIES


def warm_up_succeeded(settings: Settings) -> None:
    """Forget the failures; where Redis does not let them be forgotten, they end by themselves."""
    try:
        with connect(settings, WORKER_TIMEOUT) as client:
            client.delete(_key(os.getppid()))
    except redis.RedisError as error:
        log.warning("earlier failures could not be cleared: %s", error)


def _key(parent: int) -> str:
    return f"ocrq:warm-up:{socket.gethostname()}:{parent}"
