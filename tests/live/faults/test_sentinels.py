"""A stack on the primary that a Sentinel names. The primary dies, and a replica takes its place."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import redis
from pydantic import SecretStr

from ocrq.redis_client import Sentinels
from ocrq.redis_url import normalised
from stack.redis_probe import check_external
from stack.redis_server import configure, find_redis
from tasks.jobs.queue import queue_service
from tasks.settings import Settings
from tests.live.faults.conftest import SETTINGS, Stack, page
from tests.live.faults.engines.fake.engine import SLOW
from tests.live.faults.test_faults import running
from tests.live.processes import Part, Parts, free_port, until

pytestmark = [pytest.mark.live, pytest.mark.slow]

NAME = "documents"
DOWN, FAILOVER = 5000, 10_000  # milliseconds; a busy primary that is silent for a second is not replaced
WAIT = 120.0  # seconds; a Sentinel that was itself held up looks on for 30 before it acts


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Stack]:
    """A primary, its replica, a Sentinel, and a stack that knows the Sentinel alone."""
    parts = Parts(tmp_path / "parts", SETTINGS, worker_module="tests.live.faults.faulty_worker")
    others: list[Part] = []
    try:
        parts.start_redis()
        port = free_port()
        others += [replica_of(parts, tmp_path), sentinel_of(parts, tmp_path, port)]
        parts.url = url_of(parts, port)
        until(lambda: replicas_known(parts.url) == 1, "the Sentinel knows the replica")
        parts.control.environment["REDIS_URL"] = parts.url
        parts.control.start()
        parts.add_worker(1)
        parts.until_reading(1)
        settings = Settings(
            redis_url=SecretStr(parts.url), model="fake", blob_dir=parts.directory / "blobs", lease_seconds=1
        )
        yield Stack(parts, queue_service(settings), settings)
    finally:
        parts.end()
        for part in others:
            part.end()


def password_and_port(parts: Parts) -> tuple[str, int]:
    url = urlsplit(parts.url)
    assert url.password and url.port
    return unquote(url.password), url.port


def replica_of(parts: Parts, directory: Path) -> Part:
    """With the primary's password, as it must have once it is the primary."""
    (directory / "replica").mkdir()
    password, port = password_and_port(parts)
    command, url = configure(find_redis({"PATH": os.environ["PATH"]}), directory / "replica", free_port())
    own = urlsplit(url).password or ""
    configuration = directory / "replica" / "redis.conf"
    text = configuration.read_text().replace(own, password)
    configuration.write_text(f"{text}replicaof 127.0.0.1 {port}\nmasterauth {password}\n")
    return started(list(command), directory / "replica.log")


def sentinel_of(parts: Parts, directory: Path, own: int) -> Part:
    (directory / "sentinel").mkdir()
    password, port = password_and_port(parts)
    configuration = directory / "sentinel" / "sentinel.conf"
    configuration.write_text(
        f"port {own}\nbind 127.0.0.1\ndir {directory / 'sentinel'}\nsentinel monitor {NAME} 127.0.0.1 {port} 1\n"
        f"sentinel auth-pass {NAME} {password}\nsentinel down-after-milliseconds {NAME} {DOWN}\n"
        f"sentinel failover-timeout {NAME} {FAILOVER}\n"
    )
    server = find_redis({"PATH": os.environ["PATH"]}).executable
    return started([server, str(configuration), "--sentinel"], directory / "sentinel.log")


def started(command: list[str], log: Path) -> Part:
    part = Part(command, dict(os.environ), log)
    part.start()
    return part


def url_of(parts: Parts, port: int) -> str:
    password, _ = password_and_port(parts)
    return normalised(f"sentinel://:{password}@127.0.0.1:{port}?master_name={NAME}")


def replicas_known(url: str) -> int:
    sentinels = Sentinels.of(url)
    assert sentinels is not None
    ((host, port),) = sentinels.addresses
    try:
        with redis.Redis(host, port, socket_timeout=2) as client:
            return len(client.sentinel_slaves(NAME))
    except redis.RedisError:
        return 0


@pytest.mark.timeout(500)
def test_jobs_go_on_with_the_replica_that_a_sentinel_makes_the_primary(watched: Stack) -> None:
    assert watched.text(watched.submit()) == "page 1"
    jobs = [watched.submit(page(SLOW), cache=False) for _ in range(3)]
    until(lambda: running(watched, jobs[0]), "a job runs")
    with watched.parts.client() as client:
        assert client.wait(1, 5000) == 1
        old = client.info("server")["tcp_port"]
    watched.parts.redis.kill()

    def is_replaced() -> bool:
        try:
            with watched.parts.client() as client:
                return bool(client.info("server")["tcp_port"] != old)
        except redis.RedisError:
            return False

    until(is_replaced, "the replica is the primary", WAIT)
    assert [watched.text(job_id, WAIT) for job_id in jobs] == ["page 1"] * 3
    assert watched.text(watched.submit_once_served(), WAIT) == "page 1"
    assert not [warning for warning in check_external(watched.parts.url) if "replica" in warning]
