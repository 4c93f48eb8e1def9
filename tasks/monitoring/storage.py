"""Whether a job can be kept: Redis takes writes, and the disk for documents has room. Faults have names."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import redis

from ocrq.redis_faults import DISK_FULL, RedisFault, redis_fault
from tasks.connection import unavailable
from tasks.settings import MEGABYTE

FRESH_SECONDS = 1.0  # health is requested far more often than disks and replicas change
RESERVE_BYTES = 64 * MEGABYTE  # kept free for Redis's log and the parts' logs, which often lie on the same disk
_RESERVE_SHARE = 20  # of a small disk a twentieth
_PROBE = "ocrq:probe"
_PROBE_SECONDS = 60


class Storage:
    """See the module.

    Args:
        client: Tries a write.
        directory: Where documents lie; None where they lie in Redis.
    """

    def __init__(self, client: redis.Redis, directory: Path | None) -> None:
        self._redis = client
        self._directory = directory
        self._seen: tuple[float, RedisFault | None] = (-FRESH_SECONDS, None)

    def fault(self) -> RedisFault | None:
        """Why no job can be kept now; None where one can."""
        looked_at, fault = self._seen
        if time.monotonic() - looked_at >= FRESH_SECONDS:
            fault = self._look()
            self._seen = (time.monotonic(), fault)
        return fault

    def require(self) -> None:
        """Make sure that a job can be kept.

        Raises:
            BrokerUnavailable: It cannot; the detail names the cause.
        """
        if fault := self.fault():
            raise unavailable(fault)

    def require_space(self, size: int) -> None:
        """Make sure that the disk takes documents of so many bytes.

        Raises:
            BrokerUnavailable: It is full.
        """
        if not has_space(self._directory, size):
            raise unavailable(DISK_FULL)

    def _look(self) -> RedisFault | None:
        try:
            self._redis.set(_PROBE, 1, ex=_PROBE_SECONDS)
        except (redis.RedisError, OSError) as error:
            return redis_fault(error)
        return None if has_space(self._directory, 0) else DISK_FULL


def has_space(directory: Path | None, size: int) -> bool:
    """Whether a disk takes ``size`` bytes and keeps its reserve; True for a directory that is not there yet."""
    if directory is None:
        return True
    try:
        disk = shutil.disk_usage(directory)
    except OSError:
        return True  # whoever writes there finds out more
    return disk.free >= size + min(RESERVE_BYTES, disk.total // _RESERVE_SHARE)
