"""The API with keys over real parts; and servers that are to refuse."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.live.access.serving import PLAIN, Api
from tests.live.processes import ROOT, Parts

_EXCLUDED = re.compile("OCRQ_(?!TEST)|REDIS_URL$|PORT$")


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    made = Parts(
        tmp_path_factory.mktemp("parts"),
        {"OCRQ_LEASE_SECONDS": "1", "OCRQ_MAX_ATTEMPTS": "1"},
        worker_module="tests.live.faults.faulty_worker",
    )
    try:
        made.start(workers=1, concurrency=2)
        yield made
    finally:
        made.end()


@pytest.fixture(scope="module")
def api(parts: Parts) -> Iterator[Api]:
    made = Api(parts, "api")
    try:
        made.start()
        yield made
    finally:
        made.part.end()


@pytest.fixture(scope="module")
def second_api(parts: Parts) -> Iterator[Api]:
    made = Api(parts, "second")
    try:
        made.start()
        yield made
    finally:
        made.part.end()


@pytest.fixture
def serve() -> Callable[..., subprocess.CompletedProcess[str]]:
    """`python -m app` with settings of its own, for at most as long as a refusal takes."""

    def run(*arguments: str, module: str = "app", **environment: str) -> subprocess.CompletedProcess[str]:
        clean = {
            name: value for name, value in os.environ.items() if not re.match("OCRQ_(?!TEST)|REDIS_URL|PORT$", name)
        }
        command = [sys.executable, "-m", module, *arguments]
        return subprocess.run(
            command, cwd=ROOT, env={**clean, **environment}, capture_output=True, text=True, timeout=60
        )

    return run


@pytest.fixture
def keys_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys"
    path.write_text(f"# of the tests\nweb:{PLAIN}\n")
    return path
