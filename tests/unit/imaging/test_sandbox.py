"""What a decoder may do once it is confined: read its own files, and little else."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ocrq.landlock import landlock_version
from worker.imaging.sandbox import ROOT

PROBE = """
import socket, sys
from pathlib import Path
from worker.imaging.sandbox import confine_to, readable_directories
assert confine_to(readable_directories())
def tried(what):
    try:
        what()
        return "done"
    except PermissionError:
        return "denied"
secret, port = Path(sys.argv[1]), int(sys.argv[2])
def connect():
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        pass
print(
    tried(lambda: Path("worker/imaging/sandbox.py").read_text()),
    tried(secret.read_text),
    tried(lambda: secret.with_name("new").write_text("x")),
    tried(lambda: secret.unlink()),
    tried(connect),
)
"""


@pytest.mark.skipif(landlock_version() < 1, reason="this kernel has no Landlock; Linux 5.13 and newer do")
def test_a_confined_process_reads_its_code_and_neither_reads_nor_writes_nor_calls_elsewhere(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a key")
    with socket.create_server(("127.0.0.1", 0)) as server:
        command = [sys.executable, "-c", PROBE, str(secret), str(server.getsockname()[1])]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    network = "denied" if landlock_version() >= 4 else "done"
    assert done.stdout.split() == ["done", "denied", "denied", "denied", network]
    assert secret.read_text() == "a key"
