"""RunPod workers as the platform starts them: the entry point in a process, under the SDK's own job loop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from tests.live.processes import free_port, until

BALANCER = {"Authorization": "Bearer key-of-the-balancer"}
ROOT = Path(__file__).parents[3]
STOP_SECONDS = 30.0
SECONDS = 90.0  # far more than any single run takes


def environment(**settings: str) -> dict[str, str]:
    """A clean one, on the fake engine; the SDK's checks of disks and networks tell of a data centre's machines."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OCRQ_", "RUNPOD_", "PORT"))}
    return {
        **kept,
        "OCRQ_MODEL": "fake",
        "OCRQ_DECODE_HELPER": "false",  # starts at once
        "OMP_NUM_THREADS": "1",
        "RUNPOD_SKIP_AUTO_SYSTEM_CHECKS": "true",
        "RUNPOD_SKIP_GPU_CHECK": "true",
        **settings,
    }


def run(*arguments: str, cwd: Path = ROOT, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the entry point to its end."""
    return subprocess.run(
        [sys.executable, "-m", "worker.runpod_handler", *arguments],
        cwd=cwd,
        env=environment(PYTHONPATH=str(ROOT), **settings),
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )


class Worker:
    """One worker of an endpoint, in a process group of its own, as in a container."""

    def __init__(self, name: str, log: Path, settings: dict[str, str], *arguments: str, module: str = "") -> None:
        self.name, self.log = name, log
        with log.open("ab") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module or "worker.runpod_handler", *arguments],
                cwd=ROOT,
                env=environment(**settings),
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def kill(self) -> None:
        """As a container that is gone: SIGKILL for all that is in it."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(STOP_SECONDS)

    def terminate(self) -> int:
        """SIGTERM, and wait; the exit status."""
        self.process.terminate()
        return self.process.wait(STOP_SECONDS)

    def alive(self) -> bool:
        return self.process.poll() is None


def parsed(error: Any) -> dict[str, Any]:
    """The facts in an error's string."""
    import json

    assert isinstance(error, str)
    facts: dict[str, Any] = json.loads(error)
    return facts


class Standalone(Worker):
    """The process, and its two ports."""

    def __init__(self, log: Path, module: str = "standalone", **settings: str) -> None:
        self.port, self.health_port = free_port(), free_port()
        ports = {"PORT": str(self.port), "PORT_HEALTH": str(self.health_port)}
        super().__init__("standalone", log, {**ports, **settings}, module=module)
        self.url = f"http://127.0.0.1:{self.port}"
        self.seen: list[int] = []

    def ping(self) -> int:
        """Its answer to /ping, on the health port; 0 while nothing listens."""
        try:
            status = httpx.get(f"http://127.0.0.1:{self.health_port}/ping", timeout=10).status_code
        except httpx.TransportError:
            return 0
        if not self.seen or self.seen[-1] != status:
            self.seen.append(status)
        return status

    def until_ready(self) -> None:
        until(lambda: self.ping() == 200 or not self.alive(), "it is ready", SECONDS)
        assert self.alive(), self.output()

    def post(self, path: str, **request: Any) -> httpx.Response:
        return httpx.post(f"{self.url}{path}", json=request, headers=BALANCER, timeout=SECONDS)
