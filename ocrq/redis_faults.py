"""Why Redis does not serve, by its cause: read-only, memory or disk full, login or certificate refused, and others."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from dataclasses import dataclass

FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT})
_BAD_DISK = frozenset({errno.EROFS, errno.EACCES, errno.EIO})
_CHAIN = 8  # exceptions looked at behind one another


@dataclass(frozen=True)
class RedisFault:
    """Why Redis, or the disk beside it, does not serve.

    Attributes:
        cause: Its stable name.
        detail: A sentence with the remedy, safe to show.
    """

    cause: str
    detail: str


UNREACHABLE = RedisFault("unreachable", "the queue does not answer; try again shortly, and check that Redis runs")
DISK_FULL = RedisFault("disk_full", "the disk for documents is full; make room on it, and try again")
_DISK_REFUSES = RedisFault(
    "disk_refuses", "the directory for documents cannot be used; check its permissions and its disk, then try again"
)
_READ_ONLY = RedisFault(
    "read_only",
    "the queue's Redis is read-only, as a replica is; try again when REDIS_URL leads to the primary again",
)
_CLUSTER = RedisFault(
    "cluster",
    "the queue's Redis is part of a Redis Cluster, which Celery cannot use; give a single Redis server in REDIS_URL",
)
_LOGIN = RedisFault("login_refused", "the queue's Redis refuses the login; correct the user and password in REDIS_URL")
# By the first word of Redis's error replies, which scripts put behind a dash.
_BY_REPLY = {
    "OOM": RedisFault(
        "memory_full", "the queue's memory is full; try again when jobs have ended, or raise Redis's maxmemory"
    ),
    "READONLY": _READ_ONLY,
    "UNBLOCKED": _READ_ONLY,
    "MISCONF": RedisFault(
        "redis_disk",
        "the queue's Redis cannot write to its disk (full, or failing); make room there, and it continues by itself",
    ),
    "NOREPLICAS": RedisFault("no_replicas", "the queue's Redis has lost its replicas; try again when they are back"),
    "MASTERDOWN": RedisFault(
        "primary_down", "the queue's Redis is a replica that has lost its primary; try again shortly"
    ),
    "LOADING": RedisFault("loading", "the queue's Redis is loading its data; try again shortly"),
    "NOAUTH": _LOGIN,
    "WRONGPASS": _LOGIN,
    "NOPERM": RedisFault(
        "not_permitted", "the user in REDIS_URL may not run a command that is needed; see docs/deploy.md"
    ),
    "CLUSTERDOWN": _CLUSTER,
    "CROSSSLOT": _CLUSTER,
    "MOVED": _CLUSTER,
    "ASK": _CLUSTER,
}
_REPLY = re.compile(r"(?:^|-)(" + "|".join(_BY_REPLY) + r")\b")
_CERTIFICATE = re.compile(r"CERTIFICATE_VERIFY_FAILED\]? *(?:certificate verify failed: *)?([^(]*)", re.IGNORECASE)


def redis_fault(error: BaseException) -> RedisFault:
    """The cause of an error of redis-py, kombu or the file system."""
    for one in _chain(error):
        if isinstance(one, OSError) and one.errno in FULL_DISK:
            return DISK_FULL
        if isinstance(one, OSError) and one.errno in _BAD_DISK:
            return _DISK_REFUSES
        # redis-py takes the reply's first word off some errors, and keeps it beside them.
        text = f"{getattr(one, 'status_code', None) or ''} {one}".strip()
        if reply := _REPLY.search(text):
            return _BY_REPLY[reply[1]]
        if refused := _CERTIFICATE.search(text):
            reason = refused[1].strip(" .]") or "it is not valid"
            return RedisFault(
                "certificate_refused",
                f"the certificate of the queue's Redis was refused ({reason}); give its authority with ssl_ca_certs in "
                "REDIS_URL",
            )
        if "[SSL" in text:
            return RedisFault(
                "no_tls", "the queue's Redis does not use TLS as REDIS_URL says; check the scheme of REDIS_URL"
            )
    return UNREACHABLE


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    for _ in range(_CHAIN):
        if seen is None:
            return
        yield seen
        seen = seen.__cause__ or seen.__context__
