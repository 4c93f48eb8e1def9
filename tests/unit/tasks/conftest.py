"""A ledger on fakeredis: the scripts run in real Lua, no process is started."""

from __future__ import annotations

import fakeredis
import pytest
import redis

from tasks.jobs.ledger import Ledger
from tasks.settings import Settings


@pytest.fixture
def settings() -> Settings:
    return Settings(lease_seconds=1, max_queued=3, job_ttl=100, max_attempts=2)


@pytest.fixture
def client() -> redis.Redis:
    return fakeredis.FakeRedis()


@pytest.fixture
def ledger(client: redis.Redis, settings: Settings) -> Ledger:
    return Ledger(client, settings)
