"""CPU time, memory and cores of running processes, as Linux's ``/proc`` counts them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

TICKS = os.sysconf("SC_CLK_TCK")
_MEGABYTE = 1 << 20
# Places in /proc/PID/stat behind the command's closing bracket; proc(5) counts from 1 and has two fields before it.
_UTIME, _STIME, _CUTIME, _CSTIME, _PROCESSOR = 11, 12, 13, 14, 36


@dataclass(frozen=True)
class SchedulerTimes:
    """What the scheduler did with a process's threads, in seconds.

    Attributes:
        running: On a CPU.
        waiting: Ready to run, while its CPU ran something else.
    """

    running: float
    waiting: float

    def since(self, earlier: SchedulerTimes) -> SchedulerTimes:
        """What came after ``earlier``."""
        return SchedulerTimes(self.running - earlier.running, self.waiting - earlier.waiting)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and of those of its children that it has waited for."""
    stat = _stat(Path(f"/proc/{pid}/stat"))
    return sum(int(stat[place]) for place in (_UTIME, _STIME, _CUTIME, _CSTIME)) / TICKS


def scheduler_times(pid: int) -> SchedulerTimes:
    """Time on a CPU and time waiting for one, over all threads of a process that live."""
    running = waiting = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            ran, waited, _ = (task / "schedstat").read_text().split()
        except (OSError, ValueError):  # the thread has ended
            continue
        running, waiting = running + int(ran), waiting + int(waited)
    return SchedulerTimes(running / 1e9, waiting / 1e9)


def last_cpus(pid: int) -> set[int]:
    """The CPUs that the threads of a process ran on last."""
    cpus = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            cpus.add(int(_stat(task / "stat")[_PROCESSOR]))
        except OSError:
            continue
    return cpus


def family(pid: int) -> list[int]:
    """A process and all its living descendants."""
    try:
        process = psutil.Process(pid)
        return [pid, *(child.pid for child in process.children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def total_cpu(pids: Iterable[int]) -> float:
    """CPU seconds of several processes that live."""
    return sum(cpu_seconds(pid) for pid in pids if Path(f"/proc/{pid}").exists())


def resident_megabytes(pid: int) -> float:
    """Resident memory of one process, in MB of 2**20 bytes; 0 where it has ended."""
    try:
        return float(psutil.Process(pid).memory_info().rss / _MEGABYTE)
    except psutil.NoSuchProcess:
        return 0.0


def _stat(path: Path) -> list[str]:
    content = path.read_text()
    return content[content.rindex(")") + 2 :].split()
