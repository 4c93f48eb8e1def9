"""The wheel: `ocrq/` alone, of use to another service by itself, and clear where it is not the server."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.packaging.images import ROOT, make_venv


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "-qq", "--no-deps", "--wheel-dir", str(where), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (built,) = where.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment that has the wheel alone."""
    where = make_venv(tmp_path_factory.mktemp("elsewhere"))
    install = [where / "bin/pip", "install", "-qq", "--prefer-binary", "--no-compile", wheel]
    subprocess.run(install, check=True, capture_output=True)
    return where / "bin"


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "OCRQ_", "REDIS_URL"))}
    return subprocess.run(command, cwd="/", env=env, capture_output=True, text=True, timeout=60)


def test_the_wheel_holds_the_package_alone(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    folders = {name.partition("/")[0] for name in names}
    assert {folder for folder in folders if not folder.endswith(".dist-info")} == {"ocrq"}
    assert {name for name in names if name.endswith("/LICENSE")}


def test_the_wheel_says_that_it_is_typed(wheel: Path) -> None:
    assert "ocrq/py.typed" in zipfile.ZipFile(wheel).namelist()


def test_the_package_brings_no_server(elsewhere: Path) -> None:
    probe = (
        "import importlib.util as u; print([m for m in ('celery', 'flask', 'numpy', 'redis', 'app') if u.find_spec(m)])"
    )
    assert run(elsewhere / "python", "-c", probe).stdout.strip() == "[]"


def test_the_command_line_lists_its_commands(elsewhere: Path) -> None:
    done = run(elsewhere / "ocrq", "--help")
    assert done.returncode == 0
    assert "read" in done.stdout and "doctor" in done.stdout


@pytest.mark.parametrize("command", ["up", "api", "worker"])
def test_the_server_is_not_in_the_wheel_and_says_where_it_is(elsewhere: Path, command: str) -> None:
    done = run(elsewhere / "ocrq", command)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "checkout" in done.stderr
