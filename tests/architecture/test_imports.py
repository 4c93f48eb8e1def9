"""Which way imports go, and what stays out of which process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"torch", "transformers", "numpy", "cv2", "openvino", "rapidocr", "onnxruntime", "PIL", "pypdfium2"}
READING = HEAVY - {"PIL"}  # a worker's parent may know Pillow: it starts no threads


def imported_by(statement: str) -> set[str]:
    """The top-level modules a fresh interpreter has after a statement."""
    tell = "import json, sys; print(json.dumps([name.partition('.')[0] for name in sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", f"{statement}\n{tell}"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_probe_sees_what_is_imported() -> None:
    assert "numpy" in imported_by("import numpy.linalg")


@pytest.mark.parametrize("statement", ["from app import create_app", "import app.server", "import app.__main__"])
def test_the_api_loads_nothing_heavy(statement: str) -> None:
    assert not imported_by(statement) & HEAVY


@pytest.mark.parametrize("statement", ["import ocrq", "import ocrq.cli"])
def test_the_package_loads_neither_the_server_nor_anything_heavy(statement: str) -> None:
    assert not imported_by(statement) & (HEAVY | {"app", "stack", "tasks", "worker", "flask"})


@pytest.mark.parametrize("statement", ["import worker.main", "import standalone"])
def test_a_parent_loads_no_engine_before_it_forks(statement: str) -> None:
    assert not imported_by(statement) & READING


def test_imports_go_one_way() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout
