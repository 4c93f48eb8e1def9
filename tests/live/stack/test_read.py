"""`ocrq read`: through a stack of its own, or the one that runs here, and what Ctrl-C leaves of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.documents import as_png, as_tiff, text_page
from tests.live.processes import until
from tests.live.stack.running import STOP_SECONDS, Up, environment, living, ocrq, run

pytestmark = pytest.mark.live


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.png"
    path.write_bytes(as_png(text_page(["One page"], size=(200, 200))))
    return path


@pytest.fixture
def own_temp(tmp_path: Path) -> Path:
    """Where the private stack keeps its data: short, and this test's alone."""
    return Path(tempfile.mkdtemp(prefix="t", dir=tmp_path))


def settings(tmp_path: Path, own_temp: Path) -> dict[str, str]:
    return {"OCRQ_DATA_DIR": str(tmp_path / "nothing runs here"), "TMPDIR": str(own_temp)}


def test_it_brings_its_own_server_never_works_for_another_queue_and_leaves_nothing(
    page: Path, tmp_path: Path, own_temp: Path
) -> None:
    elsewhere = {"REDIS_URL": "redis://127.0.0.1:1/0", "PORT": "1"}
    done = run("read", str(page), "-", "--json", stdin=page.read_bytes(), **elsewhere, **settings(tmp_path, own_temp))
    assert done.returncode == 0, done.stderr.decode()
    assert [item["result"]["pages"][0]["width"] for item in json.loads(done.stdout)] == [200, 200]
    assert done.stderr == b""
    assert not list(own_temp.iterdir())


def test_a_private_server_that_cannot_start_says_why(page: Path, tmp_path: Path, own_temp: Path) -> None:
    done = run("read", str(page), OCRQ_MAX_PAGES="many", **settings(tmp_path, own_temp))
    assert done.returncode == 3
    errors = done.stderr.decode()
    assert errors.startswith("error: the private server could not start:")
    assert "valid integer" in errors
    assert "Traceback (most recent call last)" not in errors.splitlines()[0]
    assert not list(own_temp.iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_what_ends_the_command_ends_its_server(
    page: Path, tmp_path: Path, own_temp: Path, number: signal.Signals
) -> None:
    command = subprocess.Popen(
        ocrq("read", str(page)),
        env=environment(OCRQ_FAKE_SECONDS="120", **settings(tmp_path, own_temp)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    until(lambda: list(own_temp.glob("ocrq-*/server")), "the private server is ready")
    time.sleep(1)  # the page is being read, or about to be
    family = psutil.Process(command.pid).children(recursive=True)
    assert len(family) >= 6
    command.send_signal(number)
    _, errors = command.communicate(timeout=STOP_SECONDS)
    assert command.returncode == (-signal.SIGKILL if number == signal.SIGKILL else 130)
    assert not errors.strip()
    until(lambda: not living(family), "all of it is gone", STOP_SECONDS)
    until(lambda: not list(own_temp.iterdir()), "its data are gone", STOP_SECONDS)


def test_the_server_that_runs_here_is_used_and_ctrl_c_cancels_the_jobs(
    start_up: Callable[..., Up], tmp_path: Path
) -> None:
    long = tmp_path / "long.tiff"
    long.write_bytes(as_tiff([text_page(["x"], size=(50, 50))] * 40))
    up = start_up(OCRQ_FAKE_SECONDS="1")
    with (
        subprocess.Popen(
            ocrq("read", str(long), str(long)), env=environment(OCRQ_DATA_DIR=str(up.data_dir)), stdout=subprocess.PIPE
        ) as command,
        up.client() as client,
    ):
        until(lambda: client.health().busy, "a page is being read")
        os.kill(command.pid, signal.SIGINT)
        assert command.wait(STOP_SECONDS) == 130
        until(lambda: not client.health().busy, "reading has stopped", 10)
        assert sum(client.health().queued.values()) == 0
    assert up.stop() == 0
