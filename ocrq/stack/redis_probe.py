"""How a Redis answers: up, loading, too old, or set up in a way that loses jobs."""

from __future__ import annotations

from collections.abc import Mapping

from ocrq.errors import ServiceError
from ocrq.stack.redis_server import OLDEST, masked

_SECONDS = 2.0  # on loopback and in a data centre it answers in milliseconds


def loading_state(url: str) -> str:
    """How a Redis answers: ``ready``, ``loading`` (it reads its log) or ``down``.

    Raises:
        ServiceError: It answers and refuses us: wrong password, wrong database.
    """
    import redis

    client = redis.Redis.from_url(url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS)
    try:
        client.ping()
    except redis.exceptions.BusyLoadingError:
        return "loading"
    except redis.exceptions.AuthenticationError as error:
        raise ServiceError(f"Redis at {masked(url)} refuses the login ({error}); mend REDIS_URL") from None
    except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError):
        return "down"
    except redis.exceptions.RedisError as error:
        raise ServiceError(f"Redis at {masked(url)} answers {str(error)!r}; mend REDIS_URL") from None
    finally:
        client.close()
    return "ready"


def check_external(url: str) -> list[str]:
    """Make sure that ``REDIS_URL`` can be used.

    Returns:
        Warnings about how it is configured.

    Raises:
        ServiceError: It does not answer, refuses us, or is too old.
    """
    import redis

    try:
        state = loading_state(url)
    except ValueError as error:  # redis-py's way of saying that the URL is none
        raise ServiceError(f"REDIS_URL is not valid ({error}); write it like redis://:password@host:6379/0") from None
    if state == "down":
        raise ServiceError(
            f"Redis at {masked(url)} does not answer; start it, or unset REDIS_URL to use the embedded one"
        )
    if state == "loading":
        return [f"Redis at {masked(url)} is still loading its data"]
    client = redis.Redis.from_url(url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS)
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
        ServiceError: It is too old.
    """
    version = tuple(int(part) for part in str(facts.get("redis_version", "0")).split(".")[:2])
    if version < OLDEST:
        raise ServiceError(f"Redis at {name} is {facts.get('redis_version')}; use 6.2 or newer")
    warnings = []
    if facts.get("maxmemory_policy") != "noeviction" and facts.get("maxmemory"):
        warnings.append(
            f"Redis at {name} may evict jobs (maxmemory-policy {facts.get('maxmemory_policy')}); set noeviction"
        )
    if not facts.get("aof_enabled"):
        warnings.append(f"Redis at {name} keeps no append-only log: its crash loses jobs; set appendonly yes")
    return warnings
