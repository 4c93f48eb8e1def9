"""The app that ``celery -A tasks …`` finds, for ``status``, ``inspect``, ``control`` and Flower. It runs nothing."""

from __future__ import annotations

import tasks.ocr  # noqa: F401  registers the tasks
from tasks.celery_app import make_celery
from tasks.connection import WORKER_TIMEOUT
from tasks.settings import Settings

app = make_celery(Settings(), socket_timeout=WORKER_TIMEOUT)
