"""The real server of :mod:`tests.local_server` as a process, for tests that need sockets."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from urllib.request import urlopen

ROOT = Path(__file__).parents[1]
START_SECONDS = 60.0
_ADDRESS = re.compile(r"Listening at: (http://[0-9.:]+)")


@contextmanager
def served(*arguments: str, **environment: str) -> Iterator[str]:
    """Run it on a free port, with further settings in its environment; its URL."""
    with TemporaryFile("w+") as log:
        command = [sys.executable, "-m", "tests.local_server", *arguments]
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, env={**os.environ, **environment})
        try:
            yield _when_ready(process, log)
        finally:
            process.terminate()
            process.wait(timeout=20)


def _when_ready(process: subprocess.Popen[bytes], log: object) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        log.seek(0)
        text = log.read()
        assert process.poll() is None, text
        if found := _ADDRESS.search(text):
            try:
                with urlopen(f"{found[1]}/readyz", timeout=5):
                    return found[1]
            except OSError:  # not there yet, or busy loading its model
                pass
        time.sleep(0.1)
    raise AssertionError(f"the server did not start:\n{text}")
