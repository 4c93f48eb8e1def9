"""One part of the stack: its process, its session, and when it is started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stack import launch, logs, sessions
from stack.watchdog import Watchdog

SETTLED_SECONDS = 10.0  # a part that ran for so long has started well: its count of deaths begins again
# So many starts in a row that fail by themselves will not mend themselves in a stack that was never ready. One that was
# ready is never given up: a full disk, or a Redis that failed over, passes.
MAX_FIRST_DEATHS = 3
FIRST_DELAY = 0.5
LONGEST_DELAY = 15.0
LONGEST_DELAY_KILLED = 2.0  # something outside killed it: it is wanted back soon


@dataclass(frozen=True)
class PartSpec:
    """What a part is.

    Attributes:
        name: ``redis``, ``api``, ``worker`` or ``control``; its log's name.
        title: In sentences.
        command: Program and arguments; no secret among them, ``ps`` shows them to everyone.
        environment: Complete.
        directory: Where it runs.
        log: Appended to.
        stop_seconds: How long it may take to stop when asked, before it is killed.
        requeue_seconds: How long it then gets to requeue, at a SIGQUIT, what it has not finished.
        kind: For the watchdog: ``kill``, or ``ask`` for Redis.
        inherit: File descriptors it keeps open.
    """

    name: str
    title: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    directory: Path
    log: Path
    stop_seconds: float
    requeue_seconds: float = 0.0
    kind: str = "kill"
    inherit: tuple[int, ...] = ()


@dataclass
class Restarts:
    """Counts a part's deaths and says when it may start again."""

    quick: int = 0
    failed: int = 0

    def died(self, ran_seconds: float, status: int, settled: bool) -> float | None:
        """Note a death.

        Args:
            ran_seconds: Since its start.
            status: As :attr:`subprocess.Popen.returncode`: negative where a signal killed it.
            settled: Whether the stack was ready once: before, a part has not started well, however long it ran.

        Returns:
            Seconds to wait before the next start; None once it has failed too often in a row before it ever ran.
        """
        if settled and ran_seconds >= SETTLED_SECONDS:
            self.quick = self.failed = 0
        delay: float = FIRST_DELAY * 2**self.quick
        self.quick = min(self.quick + 1, 10)
        if status in (-signal.SIGKILL, -signal.SIGTERM):
            return min(delay, LONGEST_DELAY_KILLED)
        self.failed += 1
        if not settled and self.failed >= MAX_FIRST_DEATHS:
            return None
        return min(delay, LONGEST_DELAY)


@dataclass
class Part:
    """A part and the process that is it now.

    Start parts from the thread that lives longest: the kernel ends them when the *thread* that forked them ends.
    """

    spec: PartSpec
    watchdog: Watchdog
    restarts: Restarts = field(default_factory=Restarts)
    started_at: float = 0.0
    due_at: float | None = None
    _process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Its main process, which leads its session; None where there is none."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start its process in a session of its own."""
        logs.bound(self.spec.log)
        with self.spec.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), *self.spec.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(self.spec.environment),
                cwd=self.spec.directory,
                start_new_session=True,
                pass_fds=self.spec.inherit,
            )
        self.watchdog.add(self._process.pid, self.spec.kind)
        self.started_at, self.due_at = time.monotonic(), None

    def poll(self) -> int | None:
        """Its exit status if it has just died, with all of its session ended; None while it lives or is not there."""
        status = self._process.poll() if self._process else None
        if status is not None:
            self.kill()
        return status

    def ask_to_stop(self) -> None:
        """SIGTERM to its main process, which tells its children itself."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def ask_to_requeue(self) -> None:
        """SIGQUIT to its main process: a worker queues its jobs again and ends."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)

    def ended(self) -> bool:
        """Whether its main process is gone."""
        return self._process is None or self._process.poll() is not None

    def kill(self) -> None:
        """SIGKILL what is left of its session."""
        if self._process is None:
            return
        sessions.kill(self._process.pid)
        self._process.wait()
        self.watchdog.remove(self._process.pid)
        self._process = None
