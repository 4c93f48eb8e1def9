"""Whether a job can be kept is told before it is accepted, and by the cause."""

from __future__ import annotations

import errno
import logging
import os
import shutil
from collections import namedtuple
from pathlib import Path

import fakeredis
import pytest
import redis

from ocrq.errors import BrokerUnavailable, DiskFull, InternalError
from tasks.monitoring.health import broker_gone, health_of
from tasks.monitoring.heartbeat import Heartbeat
from tasks.monitoring.storage import RESERVE_BYTES, Storage, has_space
from tasks.unexpected import unexpected

Usage = namedtuple("Usage", "total used free")


class ReadOnlyRedis(fakeredis.FakeRedis):
    def set(self, *args: object, **kwargs: object) -> None:  # type: ignore[override]
        raise redis.exceptions.ReadOnlyError("You can't write against a read only replica.", status_code="READONLY")


def test_a_writable_redis_and_a_disk_with_space_have_no_fault(tmp_path: Path) -> None:
    storage = Storage(fakeredis.FakeRedis(), tmp_path)
    assert storage.fault() is None
    storage.require()
    storage.require_space(1000)


def test_a_read_only_redis_is_the_cause_that_health_and_refusals_name(tmp_path: Path) -> None:
    storage = Storage(ReadOnlyRedis(), tmp_path)
    with pytest.raises(BrokerUnavailable, match="read-only") as refused:
        storage.require()
    assert refused.value.extra == {"cause": "read_only"}
    health = health_of([], {}, storage.fault())
    assert health.status == "unhealthy"
    assert health.reasons[0].startswith("read_only: ")
    assert not any("start one" in reason for reason in health.reasons)
    assert health_of([Heartbeat("a:1", "cpu")], {}, storage.fault()).status == "degraded"


def test_a_broker_that_is_gone_is_reported_by_its_cause() -> None:
    assert broker_gone().reasons[0].startswith("unreachable: ")


def test_a_disk_keeps_a_reserve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = RESERVE_BYTES + 1000
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(100 * RESERVE_BYTES, 0, free))
    assert has_space(tmp_path, 1000)
    assert not has_space(tmp_path, 1001)
    with pytest.raises(BrokerUnavailable, match="full"):
        Storage(fakeredis.FakeRedis(), tmp_path).require_space(2000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(100 * RESERVE_BYTES, 0, 0))
    fault = Storage(fakeredis.FakeRedis(), tmp_path).fault()
    assert fault is not None and fault.cause == "disk_full"


def test_a_small_disk_keeps_a_smaller_reserve_and_a_remote_redis_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(RESERVE_BYTES, 0, RESERVE_BYTES // 10))
    assert has_space(tmp_path, 0)
    assert has_space(None, 1 << 60)


def test_a_full_disk_is_a_retryable_error_and_others_stay_unexpected() -> None:
    log = logging.getLogger("tests.quiet")
    log.propagate = False
    full = unexpected(log, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "reading")
    assert isinstance(full, DiskFull) and full.retryable
    assert isinstance(unexpected(log, OSError(errno.EIO, "input/output error"), "reading"), InternalError)
