"""What the machine offers the stack: processors, memory and ports."""

from __future__ import annotations

import errno
import os
import random
import socket
import time
from pathlib import Path

from ocrq.errors import ServiceError

WORKER_BYTES = 1024**3  # a reading process with rapidocr takes 0.5 to 1 GB
_WEIGHTS = 2  # times a checkpoint's files: weights of 16 bits that are read in 32
_PORTS = range(20_000, 32_000)  # below what Linux gives to outgoing connections (32768 and up)
_TRIES = 100
_POLL_SECONDS = 0.1


def usable_cpus() -> int:
    """Processors this process may use, by affinity and by the control group's quota; at least 1."""
    cpus = len(os.sched_getaffinity(0))
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
    except (OSError, ValueError):
        return max(1, cpus)
    return max(1, cpus if quota == "max" else min(cpus, round(int(quota) / int(period))))


def total_bytes() -> int:
    """Memory of the machine, or what the control group may take of it."""
    facts = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    total = int(facts["MemTotal"].split()[0]) * 1024
    try:
        return min(total, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    except (OSError, ValueError):  # no limit
        return total


def available_bytes() -> int:
    """Memory that new processes may take, by the kernel's estimate and the control group's limit."""
    facts = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    available = int(facts["MemAvailable"].split()[0]) * 1024
    try:
        group = Path("/sys/fs/cgroup")
        free = int((group / "memory.max").read_text()) - int((group / "memory.current").read_text())
    except (OSError, ValueError):  # no limit
        return available
    return max(0, min(available, free))


def default_workers(model: str) -> int:
    """One reading process per processor, as far as memory goes; ``fake`` takes next to none.

    Each process holds a copy of the model. How large one of a model hub is shows when it is there, so it gets one.
    """
    cpus = usable_cpus()
    if model == "fake":
        return cpus
    if model in {"", "rapidocr", "rapidocr-tiny"}:
        return max(1, min(cpus, available_bytes() // WORKER_BYTES))
    weights = sum(file.stat().st_size for file in Path(model).glob("*.safetensors"))
    return max(1, min(cpus, available_bytes() // (WORKER_BYTES + _WEIGHTS * weights))) if weights else 1


def free_port(host: str = "127.0.0.1") -> int:
    """A port nobody listens on, outside the range of outgoing connections.

    A client that keeps dialling a dead server's port inside that range can connect to itself, and the server then
    finds its port taken.

    Raises:
        ServiceError: None was found.
    """
    for port in random.sample(_PORTS, _TRIES):
        if _port_error(host, port) is None:
            return port
    raise ServiceError(f"no free port between {_PORTS.start} and {_PORTS.stop} on {host}; name one with --port")


def check_port(host: str, port: int, patience: float = 0.0) -> None:
    """Make sure the API can listen there.

    Args:
        host: A name or address of this machine.
        port: From 1.
        patience: Seconds to wait for a port that is in use.

    Raises:
        ServiceError: It cannot; the detail says why and what to do.
    """
    deadline = time.monotonic() + patience
    while (error := _port_error(host, port)) and error.errno == errno.EADDRINUSE and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    if error is None:
        return
    if error.errno == errno.EADDRINUSE:
        raise ServiceError(f"port {port} on {host} is in use; stop what listens there, or choose another with --port")
    if error.errno == errno.EACCES:
        raise ServiceError(f"port {port} needs privileges this user does not have; choose one over 1023 with --port")
    raise ServiceError(f"cannot listen on {host}: {error.strerror or error}; give an address of this machine")


def _port_error(host: str, port: int) -> OSError | None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(1)
    except OSError as error:
        return error
    return None
