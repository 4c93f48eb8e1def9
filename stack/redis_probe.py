"""How a Redis answers: up, loading, too old, or set up in a way that loses jobs."""

from __future__ import annotations

from collections.abc import Mapping

from ocrq.errors import ServiceError
from ocrq.redis_client import redis_client
from ocrq.redis_faults import UNREACHABLE, RedisFault, redis_fault
from ocrq.redis_url import masked
from stack.redis_server import OLDEST

# On loopback and in a data centre it answers in milliseconds.
_TIMEOUTS = {"socket_timeout": 2.0, "socket_connect_timeout": 2.0}


def loading_state(url: str) -> str:
    """How a Redis answers: ``ready``, ``loading`` (it reads its log) or ``down``.

    Raises:
        ServiceError: It answers and refuses us: login, certificate, no TLS.
    """
    import redis

    client = redis_client(url, **_TIMEOUTS)
    try:
        client.ping()
    except redis.exceptions.RedisError as error:
        fault = redis_fault(error)
        if fault.cause == "loading":
            return "loading"
        if fault == UNREACHABLE and isinstance(
            error, (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError)
        ):
            return "down"
        if fault == UNREACHABLE:
            raise ServiceError(f"Redis at {masked(url)} answers {str(error)!r}; correct REDIS_URL") from None
        raise ServiceError(f"Redis at {masked(url)}: {fault.detail}") from None
    finally:
        client.close()
    return "ready"


def write_fault(url: str) -> RedisFault | None:
    """Why a Redis takes no writes; None where it does. What is written is gone within a second."""
    import redis

    client = redis_client(url, **_TIMEOUTS)
    try:
        client.set("ocrq:probe:doctor", 1, px=1000)
    except redis.exceptions.RedisError as error:
        return redis_fault(error)
    finally:
        client.close()
    return None


def check_external(url: str) -> list[str]:
    """Make sure that the Redis of ``REDIS_URL`` can be used.

    Args:
        url: As :func:`ocrq.redis_url.normalised` gives it.

    Returns:
        Warnings about how it is configured.

    Raises:
        ServiceError: It does not answer, refuses us, is too old, or part of a cluster.
    """
    import redis

    state = loading_state(url)
    if state == "down":
        raise ServiceError(
            f"Redis at {masked(url)} does not answer; start it, or unset REDIS_URL to use the embedded one"
        )
    if state == "loading":
        return [f"Redis at {masked(url)} is still loading its data"]
    client = redis_client(url, **_TIMEOUTS)
    try:
        facts = client.info()
    except redis.exceptions.RedisError:  # a restricted user may not ask
        return []
    finally:
        client.close()
    return judged(facts, masked(url))


def judged(facts: Mapping[str, object], name: str) -> list[str]:
    """Warnings about a Redis by what its INFO says.

    Raises:
        ServiceError: It is too old, or part of a cluster.
    """
    version = tuple(int(part) for part in str(facts.get("redis_version", "0")).split(".")[:2])
    if version < OLDEST:
        raise ServiceError(f"Redis at {name} is {facts.get('redis_version')}; use 6.2 or newer")
    if facts.get("cluster_enabled"):
        raise ServiceError(f"Redis at {name} is part of a Redis Cluster, which Celery cannot use; give one of its own")
    warnings = []
    if facts.get("role") == "slave":
        warnings.append(f"Redis at {name} is a replica, and takes no jobs; give the address of its primary")
    if facts.get("aof_last_write_status", "ok") != "ok" or facts.get("rdb_last_bgsave_status", "ok") != "ok":
        warnings.append(f"Redis at {name} could not write to its disk lately; make room there")
    if facts.get("maxmemory_policy") != "noeviction" and facts.get("maxmemory"):
        warnings.append(
            f"Redis at {name} may evict jobs (maxmemory-policy {facts.get('maxmemory_policy')}); set noeviction"
        )
    if not facts.get("aof_enabled"):
        warnings.append(f"Redis at {name} keeps no append-only log: its crash loses jobs; set appendonly yes")
    return warnings
