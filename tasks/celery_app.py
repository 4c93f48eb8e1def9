"""The Celery app: what was found to matter for workers on Redis that may die at any moment."""

from __future__ import annotations

from typing import Any

from celery import Celery
from kombu import Queue
from kombu.transport import TRANSPORT_ALIASES

from ocrq.redis_client import Sentinels
from tasks.catalogue import POOLS, Reads
from tasks.jobs.ledger import QUEUES
from tasks.settings import Settings

DEFAULT_QUEUE = "celery"
"""Where an outside ``send_task`` without a queue lands."""
CONTROL_QUEUE = "ocrq.control"

URGENT = 0  # kombu's Redis transport serves 0 first
NORMAL = 3

_TRANSPORT = "tasks.broker:Transport"
_RESULT_TRIES = 40  # with pauses that grow to ten seconds: about five minutes
_CHILD_START_SECONDS = 600  # Celery kills a replacement child whose models load longer; its default is 4


def make_celery(settings: Settings, *, socket_timeout: float) -> Celery:
    """The app, for a worker or for a publisher.

    Args:
        settings: For the URL and the time limits.
        socket_timeout: Seconds one answer of Redis may take; short in the API, longer in workers.
    """
    TRANSPORT_ALIASES.update(redis=_TRANSPORT, rediss=_TRANSPORT, sentinel="tasks.broker:SentinelTransport")
    url, options = settings.redis_url.get_secret_value(), dict[str, Any]()
    if sentinels := Sentinels.of(url):
        url, options = sentinels.celery_url(), sentinels.celery_options(socket_timeout)
    app = Celery("ocrq", broker=url, backend=url)
    app.conf.update(
        task_serializer="json",
        result_serializer="json",
        accept_content=["json"],
        task_acks_late=True,
        task_acks_on_failure_or_timeout=True,
        task_reject_on_worker_lost=True,
        task_time_limit=settings.job_seconds + settings.hard_limit_seconds,
        task_default_queue=DEFAULT_QUEUE,
        task_create_missing_queues=True,
        result_expires=settings.job_ttl,
        worker_prefetch_multiplier=1,
        worker_consumer="tasks.execution.celery_consumer:AnsweringConsumer",
        worker_proc_alive_timeout=_CHILD_START_SECONDS,
        worker_soft_shutdown_timeout=settings.drain_seconds,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        # A Redis that is read-only or cannot write says so in replies that Celery takes for errors of the caller.
        broker_channel_error_retry=True,
        broker_pool_limit=10,
        broker_pool_acquire_timeout=2,
        broker_transport_options={
            **options,
            "visibility_timeout": settings.visibility_seconds,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "socket_timeout": socket_timeout,
            "socket_connect_timeout": 2,
            "socket_keepalive": True,
            "health_check_interval": 10,
            "queue_order_strategy": "round_robin",
        },
        result_backend_always_retry=True,
        result_backend_max_retries=_RESULT_TRIES,
        result_backend_transport_options={
            **options,
            "additional_connection_errors": ["redis.exceptions.ResponseError"],
        },
        redis_socket_timeout=3,
        redis_socket_connect_timeout=2,
    )
    return app


def queues_of(reads: Reads) -> list[Queue]:
    """The queues a worker of a pool, or of all, reads, round-robin: its lanes, and where outside calls land."""
    pools = POOLS if reads == "all" else (reads,)
    lanes = [name for pool in pools for name in QUEUES if name.startswith(f"ocrq.{pool}.")]
    return [Queue(name) for name in (*lanes, DEFAULT_QUEUE)]
