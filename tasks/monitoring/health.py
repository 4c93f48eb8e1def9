"""Health, made of the workers' heartbeats: as cheap when all are busy as when none is."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from ocrq.contracts import Health
from ocrq.redis_faults import UNREACHABLE, RedisFault
from tasks.catalogue import POOLS
from tasks.monitoring.heartbeat import Heartbeat, live_pools


def health_of(
    beats: Sequence[Heartbeat],
    waiting: dict[str, int],
    fault: RedisFault | None = None,
    messages: Mapping[str, int] | None = None,
) -> Health:
    """Health by heartbeats.

    Args:
        beats: Of the processes that live.
        waiting: Documents that wait, by queue.
        fault: Why no job can be kept now. Workers fall silent then, too, for their heartbeats are not kept either.
        messages: That wait, by queue: of documents and of their parts.
    """
    read = live_pools(beats)
    stranded = [queue for queue, count in waiting.items() if count and not any(f".{pool}." in queue for pool in read)]
    reasons = [f"documents wait in {queue} and no worker reads it; start one for that pool" for queue in stranded]
    if fault:
        reasons = [f"{fault.cause}: {fault.detail}"]
    elif not beats:
        reasons.insert(0, "no worker is alive; start one with `ocrq worker`")
    gpu_memory: dict[str, int] = {}
    of_devices = {beat.device or beat.worker: beat.gpu_memory for beat in beats if beat.gpu_memory}
    for memory in of_devices.values():
        for name, value in memory.items():
            gpu_memory[name] = gpu_memory.get(name, 0) + value
    return Health(
        status="unhealthy" if not beats else "degraded" if reasons else "healthy",
        models_loaded=sorted({model for beat in beats for model in beat.models}),
        gpu_available=any(beat.gpu for beat in beats),
        memory_info={"workers_rss": sum(beat.rss for beat in beats), **gpu_memory},
        workers=len(beats),
        busy=sum(beat.busy is not None for beat in beats),
        queued=waiting,
        work=_work(beats, messages or {}),
        reasons=reasons,
    )


def _work(beats: Sequence[Heartbeat], messages: Mapping[str, int]) -> dict[str, int]:
    """A process that reads for all pools counts for each: it is one that the other pool has not."""
    waiting = {pool: sum(count for queue, count in messages.items() if f".{pool}." in queue) for pool in POOLS}
    return {pool: count + sum(bool(b.busy) for b in beats if pool in b.pools) for pool, count in waiting.items()}


def broker_gone(fault: RedisFault = UNREACHABLE) -> Health:
    """The health without a broker, whose fault is known by its cause."""
    return Health(
        status="unhealthy",
        models_loaded=[],
        gpu_available=False,
        memory_info={"workers_rss": 0},
        reasons=[f"{fault.cause}: {fault.detail}"],
    )


def resident_bytes() -> int:
    """Bytes of memory this process holds; 0 where the kernel does not report it."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
