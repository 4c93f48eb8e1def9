"""The Celery entry of a reading worker: ``celery -A worker.main worker``, or better ``python -m worker``.

The parent loads nothing heavy and starts no thread. Each child loads its models after the fork.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from typing import Any

from celery import signals

import tasks.ocr  # noqa: F401  registers the tasks
from tasks.celery_app import make_celery, queues_of
from tasks.connection import WORKER_TIMEOUT
from tasks.monitoring.logs import configure_logs
from tasks.monitoring.tracing import start_tracing
from tasks.process_context import process
from tasks.settings import Settings
from worker.models.devices import child_index, gpu_of, visible_gpus
from worker.process.child import ReadingProcess, build_runner, start_reading
from worker.process.recycling import recycle_after_growth
from worker.process.warm_up import warm_up_failed, warm_up_succeeded, warm_up_was_given_up

_HEAVY = ("torch", "cv2", "openvino", "numpy")

log = logging.getLogger(__name__)

settings = Settings()
app = make_celery(settings, socket_timeout=WORKER_TIMEOUT)
app.conf.task_queues = queues_of(settings.pool)
app.conf.include = ["worker.main"]  # so that spawned children find the signals below

# Whoever imports this and calls a task function reads in its own process, without a broker.
process.make_runner = lambda: build_runner(settings, None)

_reading: ReadingProcess | None = None
_heavy_parent = False


def _take_gpu() -> str | None:
    """Let this child see one GPU alone, before anything asks CUDA; child i of N takes GPU i mod G."""
    if settings.pool == "cpu":
        return None
    gpus = visible_gpus(os.environ.get("CUDA_VISIBLE_DEVICES"))
    gpu = gpu_of(child_index(), gpus)
    if gpu is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpu
        log.info("this process reads on GPU %s of %s", gpu, ", ".join(gpus))
    return gpu


@signals.setup_logging.connect
def _set_up_logging(**_: Any) -> None:
    configure_logs(settings.log_format)


@signals.worker_ready.connect
def _refuse_heavy_parent(**_: Any) -> None:
    heavy = [name for name in _HEAVY if name in sys.modules]
    if heavy and app.conf.worker_pool == "prefork":
        log.critical("the parent has imported %s; children forked from it may hang", ", ".join(heavy))
        global _heavy_parent
        _heavy_parent = True
        os.kill(os.getpid(), signal.SIGTERM)


def gave_up() -> bool:
    """Whether this worker asked itself to stop: it could not have read."""
    return _heavy_parent or warm_up_was_given_up(settings)


@signals.worker_process_init.connect
def _start_child(**_: Any) -> None:
    """Celery swallows what is raised here, and a child without models would eat the queue: so it leaves."""
    global _reading
    try:
        start_tracing(settings, "worker")
        _reading = start_reading(app, settings, _take_gpu(), leave=True)
        recycle_after_growth(settings.memory_growth_mb, _reading.registry.bytes)
    except Exception:
        log.exception("the models could not be loaded; this process ends")
        warm_up_failed(settings)
        sys.stderr.flush()
        os._exit(1)
    warm_up_succeeded(settings)


@signals.worker_init.connect
def _start_threads(**_: Any) -> None:
    """A pool of threads has no children: this process reads, and ends where it cannot; its supervisor restarts it."""
    global _reading
    if app.conf.worker_pool != "threads":
        return
    try:
        start_tracing(settings, "worker")
        _reading = start_reading(app, settings, _take_gpu(), leave=False)
    except Exception:
        log.exception("the models could not be loaded; this worker ends")
        sys.stderr.flush()
        os._exit(1)


@signals.worker_process_shutdown.connect
@signals.worker_shutdown.connect
def _stop_reading(**_: Any) -> None:
    if _reading:
        _reading.stop()
