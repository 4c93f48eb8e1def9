"""`ocrq up` as a user runs it: a real process with real parts, on the fake engine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path

import psutil

from ocrq.client import Client
from tests.live.processes import until
from tests.models_cache import MODELS_CACHE

READY_SECONDS = 60.0  # on a busy machine of two cores
STOP_SECONDS = 30.0
NOT_FOR_TESTS = ("REDIS_URL", "PORT")


def environment(**settings: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in NOT_FOR_TESTS and (not name.startswith("OCRQ_") or name == "OCRQ_TEST_RUN")
    }
    return {**kept, "OCRQ_MODEL": "fake", "OCRQ_MODELS_CACHE": str(MODELS_CACHE), **settings}


def ocrq(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "ocrq", *arguments]


def run(*arguments: str, stdin: bytes | None = None, **settings: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ocrq(*arguments), env=environment(**settings), input=stdin, capture_output=True, timeout=READY_SECONDS
    )


class Up:
    """A running `ocrq up`."""

    def __init__(self, data_dir: Path, arguments: Sequence[str] = (), **settings: str) -> None:
        self.data_dir = data_dir
        self.log = data_dir.with_name(f"{data_dir.name}-{uuid.uuid4().hex[:8]}.said")
        with self.log.open("wb") as stream:
            self.process = subprocess.Popen(
                ocrq("up", "--port", "0", "--workers", "1", "--data-dir", str(data_dir), *arguments),
                env=environment(**settings),
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )
        until(lambda: self.url or self.process.poll() is not None, "ocrq is ready", READY_SECONDS)
        assert self.url, self.output()

    def output(self) -> str:
        return self.log.read_text()

    @property
    def url(self) -> str:
        return (
            self.output().rpartition("ocrq is ready at ")[2].partition("\n")[0] if "ready at" in self.output() else ""
        )

    @property
    def redis_url(self) -> str:
        return (self.data_dir / "redis" / "url").read_text().strip()

    def logs(self) -> str:
        """What every part has logged."""
        return "\n".join(log.read_text(errors="replace") for log in (self.data_dir / "logs").glob("*.log"))

    def client(self) -> Client:
        return Client(self.url)

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def part(self, words: str) -> psutil.Process:
        """The main process of the part whose command line has these words."""
        (found,) = [
            child
            for child in psutil.Process(self.process.pid).children()
            if words in " ".join(child.cmdline()) and child.status() != psutil.STATUS_ZOMBIE
        ]
        return found

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def stop(self) -> int:
        self.interrupt()
        return self.process.wait(STOP_SECONDS)

    def end(self) -> None:
        """Whatever the test left: all of it goes."""
        if self.process.poll() is None:
            family = self.family()
            self.process.kill()
            self.process.wait()
            for process in family:
                if process.is_running():
                    process.kill()


def living(processes: Sequence[psutil.Process]) -> list[str]:
    left = []
    for process in processes:
        try:
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                left.append(" ".join(process.cmdline()))
        except psutil.NoSuchProcess:
            continue
    return left
