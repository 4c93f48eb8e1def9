"""A stack for one command: started on a free port with data of its own, and gone when the command is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ocrq.cli.running import default_data_dir
from ocrq.errors import ServiceError
from stack import launch
from stack.data import DataDir

STOP_SECONDS = 30.0  # a little over what `ocrq up` may take to stop everything
_READY = "ocrq is ready at "
# Set for a service, and not for this: another's Redis and queue, keys nobody holds here, an address.
_EXCLUDED = ("REDIS_URL", "OCRQ_BLOB_DIR", "OCRQ_DATA_DIR", "OCRQ_HOST", "OCRQ_PORT", "PORT") + (
    "OCRQ_API_KEYS",
    "OCRQ_API_KEYS_FILE",
)


@contextmanager
def private_stack(environment: Mapping[str, str]) -> Iterator[str]:
    """Run ``ocrq up`` beside this command.

    It runs in a session of its own, so that Ctrl-C reaches this process alone, and stops by itself if this process
    is killed.

    Args:
        environment: The caller's; the model and its settings are taken from it, a Redis or a data directory not.

    Yields:
        The API's URL.

    Raises:
        ServiceError: It could not start; the detail is its error output.
    """
    ours = {name: value for name, value in environment.items() if name not in _EXCLUDED}
    ours.setdefault(
        "OCRQ_MODELS_CACHE", str(DataDir(default_data_dir(environment)).models_cache)
    )  # outlives this stack
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), sys.executable, "-m", "ocrq"]
            + ["up", "--temporary", "--host", "127.0.0.1", "--port", "0"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            env={**ours, "PYTHONPATH": _with_this_package(ours)},
            start_new_session=True,
        )
        try:
            yield _await_url(process, output)
        finally:
            _stop(process)


def _with_this_package(environment: Mapping[str, str]) -> str:
    """The import path with the place this package was imported from in front: it may be a checkout, not installed."""
    here = str(Path(__file__).absolute().parents[1])
    return os.pathsep.join(filter(None, (here, environment.get("PYTHONPATH"))))


def _await_url(process: subprocess.Popen[str], output: IO[str]) -> str:
    assert process.stdout is not None  # it was asked for
    for line in process.stdout:
        if line.startswith(_READY):
            return line.removeprefix(_READY).strip()
    process.wait()
    output.seek(0)
    reason = f"\n{output.read()}".partition("\nerror: ")[2].strip()
    raise ServiceError(f"the private server could not start: {reason or 'it wrote no message'}")


def _stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()  # its watchdog ends what it leaves; nothing happens to a process that is gone
    process.wait()
    if process.stdout:
        process.stdout.close()
