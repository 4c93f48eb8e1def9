"""The stack's data directory: who may use it, what is where in it, and one stack at a time."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ocrq.cli.running import URL_FILE
from ocrq.errors import ServiceError

_REDIS_END_SECONDS = 10.0  # how long the Redis of a supervisor that was killed may take to flush and end
_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class DirectoryLock:
    """A data directory that this process holds.

    Attributes:
        redis_lock: A file descriptor that Redis inherits: the directory counts as used until Redis is gone, even if
            the supervisor was killed, so that no two servers ever write one append-only log.
        after_crash: The supervisor before was killed; its parts may still be ending.
    """

    redis_lock: int
    after_crash: bool


@dataclass(frozen=True)
class DataDir:
    """Where things are in a data directory.

    Attributes:
        path: Absolute.
    """

    path: Path

    @property
    def redis(self) -> Path:
        """Redis's files: the append-only log, its configuration, its URL."""
        return self.path / "redis"

    @property
    def blobs(self) -> Path:
        """Documents of the jobs."""
        return self.path / "blobs"

    @property
    def models_cache(self) -> Path:
        """Compiled models, for a quicker start; compiled again where they are missing."""
        return self.path / "models-cache"

    @property
    def logs(self) -> Path:
        """One file per part."""
        return self.path / "logs"

    @property
    def temporary(self) -> Path:
        """The parts' TMPDIR: what those that were killed leave there goes with the next start or stop."""
        return self.path / "tmp"

    @property
    def server(self) -> Path:
        """Holds the API's URL while the stack is up, for the other commands to find."""
        return self.path / URL_FILE

    def create(self) -> None:
        """Make what is missing, for this user alone.

        Raises:
            ServiceError: It cannot be made or written.
        """
        try:
            for directory in (self.path, self.redis, self.blobs, self.models_cache, self.logs, self.temporary):
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                directory.chmod(0o700)  # it may have been there, open to others
        except OSError as error:
            raise self._unusable(error) from None

    def clear_temporary(self) -> None:
        """Empty :attr:`temporary`; only while nothing runs here."""
        for left in self.temporary.iterdir():
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)

    @contextmanager
    def locked(self) -> Iterator[DirectoryLock]:
        """Hold the directory: no other stack runs on it meanwhile.

        Raises:
            ServiceError: Another stack holds it; the detail names its pid.
        """
        try:
            mine = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            redis = os.open(self.redis / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unusable(error) from None
        try:
            if not _try_lock(mine):
                raise self._in_use(_pid_in(mine))
            after_crash = bool(_pid_in(mine))
            os.ftruncate(mine, 0)
            os.pwrite(mine, f"{os.getpid()}\n".encode(), 0)
            self._await_redis(redis)
            yield DirectoryLock(redis, after_crash)
            os.ftruncate(mine, 0)
        finally:
            os.close(redis)
            os.close(mine)

    def _await_redis(self, lock: int) -> None:
        deadline = time.monotonic() + _REDIS_END_SECONDS
        while not _try_lock(lock):
            if time.monotonic() > deadline:
                raise ServiceError(
                    f"the Redis of a stack that was killed still runs on {self.redis}; stop it (fuser {self.redis}"
                    "/lock names it), then start again"
                )
            time.sleep(_POLL_SECONDS)

    def _in_use(self, pid: str) -> ServiceError:
        by = f"process {pid}" if pid else "another process"
        return ServiceError(
            f"the data directory {self.path} is in use by `ocrq up`, {by}; stop that one, or choose another directory "
            "with --data-dir"
        )

    def _unusable(self, error: OSError) -> ServiceError:
        return ServiceError(
            f"the data directory {self.path} cannot be written ({error.strerror}); choose another with --data-dir or "
            "OCRQ_DATA_DIR"
        )


def _pid_in(descriptor: int) -> str:
    return os.pread(descriptor, 20, 0).decode(errors="replace").strip()


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
