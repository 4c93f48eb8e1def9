"""How long a start takes: ``python -m benchmarks.start [--times 3]``, on a machine with nothing else to do.

Prints the seconds by the clock of ``ocrq --help``, of ``ocrq up`` until it is ready, and of ``ocrq read`` with a stack
of its own on ``examples/receipt.jpg``, as ``make demo`` runs it; the first of each and the quickest of the others.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

RECEIPT = Path(__file__).parents[1] / "examples" / "receipt.jpg"
OCRQ = (sys.executable, "-m", "ocrq")
_READY = b"ocrq is ready"


def main() -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=3, help="times that each is started")
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory() as data:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OCRQ_")}
        environment = {**kept, "OCRQ_DATA_DIR": data}
        print("| | first, s | best of the others, s |\n|---|---|---|")
        for title, start in (("`ocrq --help`", help_shown), ("`ocrq up`, until it is ready", up_ready), ("demo", demo)):
            seconds = [start(environment) for _ in range(max(2, times))]
            print(f"| {title} | {seconds[0]:.2f} | {min(seconds[1:]):.2f} |", flush=True)


def _timed(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def help_shown(environment: dict[str, str]) -> float:
    """Seconds of ``ocrq --help``."""
    return _timed(lambda: subprocess.run([*OCRQ, "--help"], env=environment, check=True, capture_output=True))


def demo(environment: dict[str, str]) -> float:
    """Seconds of a document read with a stack that is started for it and stopped after it."""
    command = [*OCRQ, "read", str(RECEIPT)]
    return _timed(lambda: subprocess.run(command, env=environment, check=True, capture_output=True))


def up_ready(environment: dict[str, str]) -> float:
    """Seconds until ``ocrq up`` says that it is ready; it is stopped then."""
    began = time.perf_counter()
    with subprocess.Popen([*OCRQ, "up", "--port", "0"], env=environment, stdout=subprocess.PIPE) as up:
        assert up.stdout is not None  # it was asked for
        line = up.stdout.readline()
        seconds = time.perf_counter() - began
        up.send_signal(signal.SIGINT)
        up.communicate()
    if not line.startswith(_READY):
        raise SystemExit("ocrq up did not become ready; its reason is above")
    return seconds


if __name__ == "__main__":
    main()
