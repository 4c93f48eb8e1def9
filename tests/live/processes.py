"""The real parts, started for a test: Redis, reading workers and the control worker, on the fake engine by default."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import redis

from ocrq.redis_client import redis_client
from stack.redis_server import configure, find_redis
from tests.models_cache import MODELS_CACHE

ROOT = Path(__file__).parents[2]
START_SECONDS = 60.0  # a busy machine of two cores imports Celery slowly
STOP_SECONDS = 30.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], object], what: str, seconds: float = START_SECONDS) -> None:
    """Wait for a condition; fail the test with what did not come true."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, f"after {seconds:.0f} s still not: {what}"
        time.sleep(0.05)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class Part:
    """One process and its log."""

    command: list[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, env=self.environment, stdout=log, stderr=log, cwd=ROOT, start_new_session=True
            )

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def children(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def kill(self) -> None:
        """SIGKILL the process alone, as the out-of-memory killer would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(STOP_SECONDS)

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for all of it in the end."""
        if self.process is None:
            return
        family = self.children()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for child in family:
            if child.is_running():
                child.kill()

    def end(self) -> None:
        """SIGKILL for all of it: each part was started as a group of its own."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self.process.wait(STOP_SECONDS)

    def output(self) -> str:
        return self.log.read_text(errors="replace")


@dataclass
class Parts:
    """A stack without its supervisor: each part can be killed by itself."""

    directory: Path
    settings: dict[str, str] = field(default_factory=dict)
    worker_module: str = "worker"
    url: str = ""
    redis: Part = field(init=False)
    control: Part = field(init=False)
    workers: list[Part] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.directory / "redis").mkdir(parents=True)
        server = find_redis({"PATH": os.environ["PATH"]})
        command, self.url = configure(server, self.directory / "redis", free_port())
        if server.version >= (7, 0):  # a test takes its directory away
            with (self.directory / "redis" / "redis.conf").open("a") as configuration:
                configuration.write("enable-protected-configs local\n")
        self.redis = self._part("redis", list(command))
        self.control = self._part("control", [sys.executable, "-m", "worker.process.control"])

    def _part(self, name: str, command: list[str]) -> Part:
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("OCRQ_") or "TEST" in key},
            "REDIS_URL": self.url,
            "OCRQ_MODEL": "fake",
            "OCRQ_BLOB_DIR": str(self.directory / "blobs"),
            "OCRQ_MODELS_CACHE": str(MODELS_CACHE),
            "OMP_NUM_THREADS": "1",
            "PYTHONWARNINGS": "default",
            **self.settings,
        }
        return Part(command, environment, self.directory / f"{name}.log")

    def client(self) -> redis.Redis:
        return redis_client(self.url, socket_timeout=5)

    def start(self, workers: int = 1, concurrency: int = 2) -> None:
        self.start_redis()
        self.control.start()
        for _ in range(workers):
            self.add_worker(concurrency)
        self.until_reading(workers * concurrency)

    def start_redis(self) -> None:
        self.redis.start()
        until(self._redis_answers, "Redis answers")

    def _redis_answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def add_worker(self, concurrency: int = 2, **settings: str) -> Part:
        command = [sys.executable, "-m", self.worker_module, "--concurrency", str(concurrency)]
        worker = self._part(f"worker{len(self.workers)}", command)
        worker.environment |= settings
        worker.start()
        self.workers.append(worker)
        return worker

    def add_api(self, port: int) -> Part:
        """The API under its real server; answers at ``http://127.0.0.1:port`` once this returns."""
        api = self._part("api", [sys.executable, "-m", "app", "--port", str(port)])
        api.start()
        self.workers.append(api)
        until(lambda: _answers(port), f"the API answers\n{api.output()}")
        return api

    def until_reading(self, processes: int) -> None:
        with self.client() as client:
            until(lambda: client.zcard("ocrq:beats") >= processes, f"{processes} processes read\n{self._logs()}")

    def _logs(self) -> str:
        return "\n".join(f"--- {part.log.name}\n{part.output()[-2000:]}" for part in self.workers if part.log.exists())

    def end(self) -> None:
        """SIGKILL each part with its children, also where the part died before them: nothing of this stack is kept."""
        for part in [*self.workers, self.control, self.redis]:
            part.end()


@contextmanager
def serving(settings: Mapping[str, str] | None = None, concurrency: int = 2) -> Iterator[tuple[Parts, str]]:
    """A stack with one worker and, last of its parts, the API, in a temporary directory; and the API's URL."""
    with tempfile.TemporaryDirectory() as directory:
        parts = Parts(Path(directory) / "parts", dict(settings or {}))
        try:
            parts.start(workers=1, concurrency=concurrency)
            port = free_port()
            parts.add_api(port)
            yield parts, f"http://127.0.0.1:{port}"
        finally:
            parts.end()
