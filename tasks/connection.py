"""Connections to Redis with timeouts: a dead or frozen Redis is an error within seconds, never a hung thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import redis
from kombu.exceptions import KombuError
from redis.backoff import NoBackoff
from redis.retry import Retry

from ocrq.errors import BrokerUnavailable
from ocrq.redis_client import redis_client
from ocrq.redis_faults import UNREACHABLE, RedisFault, redis_fault
from tasks.settings import Settings

API_TIMEOUT = 1.5  # seconds; the API answers 503 within 2 s of Redis freezing
WORKER_TIMEOUT = 5.0  # seconds; a worker outlasts a short stall
CONNECT_TIMEOUT = 1.5
HEALTH_CHECK = 10  # seconds of idling after which a connection is tried before use
RETRY_AFTER = 5  # ``Retry-After`` in seconds while the broker is away


def connect(settings: Settings, timeout: float) -> redis.Redis:
    """A client with its own pool, which answers in bytes.

    Args:
        settings: For the URL.
        timeout: Seconds one answer may take.
    """
    return redis_client(
        settings.redis_url.get_secret_value(),
        socket_timeout=timeout,
        socket_connect_timeout=min(timeout, CONNECT_TIMEOUT),
        socket_keepalive=True,
        health_check_interval=HEALTH_CHECK,
        # A connection that Redis closed while idle is opened again, once; a Redis that does not answer is not.
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    )


@contextmanager
def broker_errors() -> Iterator[None]:
    """Turn Redis's and the broker's errors into BrokerUnavailable, which names the cause."""
    try:
        yield
    except (redis.RedisError, KombuError, OSError) as error:
        raise unavailable(redis_fault(error)) from error


def is_transient(error: redis.RedisError) -> bool:
    """Whether an error is one that ends by itself: Redis is away, starts, fails over, or has no room."""
    return isinstance(error, (redis.ConnectionError, redis.TimeoutError)) or redis_fault(error) != UNREACHABLE


def unavailable(fault: RedisFault) -> BrokerUnavailable:
    """What a caller gets while Redis, or the disk for documents, does not serve."""
    return BrokerUnavailable(fault.detail, retry_after=RETRY_AFTER, extra={"cause": fault.cause})
