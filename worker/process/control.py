"""``python -m worker.process.control``: sweeps, answers `ocr.health`, re-routes outside calls, sends the webhooks.

It reads nothing and loads no model, so it is never busy; several may run, and one of them sweeps and one delivers.
"""

from __future__ import annotations

from typing import Any

from celery import signals
from kombu import Queue

import tasks.ocr  # noqa: F401  registers the tasks
from tasks.celery_app import CONTROL_QUEUE, DEFAULT_QUEUE, make_celery
from tasks.connection import WORKER_TIMEOUT, connect
from tasks.documents.blobs import blob_store
from tasks.jobs.ledger import Ledger
from tasks.jobs.publish import Publisher
from tasks.jobs.sweeper import Sweeper
from tasks.monitoring.heartbeat import Heartbeats
from tasks.monitoring.logs import configure_logs
from tasks.process_context import process
from tasks.settings import Settings
from tasks.webhooks.outbox_worker import OutboxWorker, outbox_worker
from worker.process.child import make_executor, worker_name
from worker.process.exit_status import run_worker

settings = Settings()
app = make_celery(settings, socket_timeout=WORKER_TIMEOUT)
app.conf.task_queues = [Queue(CONTROL_QUEUE), Queue(DEFAULT_QUEUE)]

_sweeper: Sweeper | None = None
_outbox_worker: OutboxWorker | None = None


@signals.setup_logging.connect
def _set_up_logging(**_: Any) -> None:
    configure_logs(settings.log_format)


@signals.worker_init.connect
def _start(**_: Any) -> None:
    global _sweeper, _outbox_worker
    process.executor = make_executor(app, settings)
    client = connect(settings, WORKER_TIMEOUT)
    ledger = Ledger(client, settings)
    _sweeper = Sweeper(
        client, ledger, Publisher(app, ledger), Heartbeats(client), blob_store(settings, client), worker_name()
    )
    _sweeper.start()
    _outbox_worker = outbox_worker(connect(settings, WORKER_TIMEOUT), settings, worker_name())
    if _outbox_worker:
        _outbox_worker.start()


@signals.worker_shutdown.connect
def _stop(**_: Any) -> None:
    if _sweeper:
        _sweeper.stop()
    if _outbox_worker:
        _outbox_worker.stop()


def main() -> None:
    """Run until stopped."""
    run_worker(app, "control", "solo")


if __name__ == "__main__":
    main()
