"""Celery's transport over Redis. What lies in a queue and is not a message is dropped; kombu's ends the worker."""

from __future__ import annotations

import logging
from typing import Any

from kombu.transport import redis
from redis.exceptions import DataError

log = logging.getLogger(__name__)


class _Dropping:
    """A channel of kombu's with this beside it drops what is not a message."""

    def _brpop_read(self, **options: Any) -> Any:
        kombus: Any = super()  # its stubs leave the method out
        try:
            return kombus._brpop_read(**options)
        except (TypeError, ValueError, LookupError, AttributeError, DataError) as error:
            log.warning("an entry of a queue that is not a Celery message was dropped: %s", type(error).__name__)
            return True


class Channel(_Dropping, redis.Channel):
    """See the module."""


class Transport(redis.Transport):
    """See the module."""

    Channel = Channel


class SentinelChannel(_Dropping, redis.SentinelChannel):
    """Of the primary that Sentinels name."""


class SentinelTransport(redis.SentinelTransport):
    """The same for a broker behind Sentinels."""

    Channel = SentinelChannel
