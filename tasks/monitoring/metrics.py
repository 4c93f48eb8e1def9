"""Which metrics there are, and what they are at a moment: sums of counters, and gauges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tasks.monitoring.heartbeat import Heartbeat

COUNTED: dict[str, tuple[str, tuple[str, ...]]] = {
    "jobs": ("Jobs that ended, by how; code is the error's.", ("operation", "status", "code")),
    "attempts": ("Runs of jobs and of parts of documents that began.", ()),
    "attempts_lost": ("Runs that ended with their worker.", ()),
    "cache_hits": ("Jobs that an earlier or equal request's reading answered.", ("operation",)),
    "pages": (
        "Pages that were read, by the engine and model that read them.",
        ("engine",),
    ),
    "pages_failed": ("Pages that could not be read.", ("engine",)),
    "stage_seconds": ("Seconds spent in each stage of reading.", ("stage",)),
    "model_loads": ("Models loaded into memory.", ("model",)),
    "model_load_seconds": ("Seconds that loading models took.", ("model",)),
    "tokens": ("Tokens that vision-language models wrote.", ("engine",)),
    "worker_seconds": ("Seconds that reading processes lived, busy or idle.", ("pool", "state")),
    "cost_dollars": ("What those seconds cost, by the operator's prices per hour.", ("pool", "state")),
    "http_requests": ("HTTP requests answered.", ("method", "route", "status")),
}
"""Counters: help and labels."""

TIMED: dict[str, tuple[str, tuple[str, ...]]] = {
    "queue_wait_seconds": ("From a job's submission to its start.", ("queue",)),
    "job_seconds": ("From a job's start to its end.", ("operation",)),
    "http_request_seconds": ("From a request to its answer; streams until they begin.", ("route",)),
}
"""Histograms: help and labels."""

GAUGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "redis_up": ("Whether Redis answers.", ()),
    "queue_jobs": ("Jobs that wait.", ("queue",)),
    "queue_oldest_seconds": ("How long the oldest of them has waited.", ("queue",)),
    "owner_queue_jobs": ("Jobs and parts of documents that wait, by the owners' class.", ("queue", "owners")),
    "owner_queue_oldest_seconds": ("How long the oldest of them has waited.", ("queue", "owners")),
    "workers": ("Reading processes that live.", ("pool", "state")),
    "models_loaded": ("Processes that have a model in memory.", ("model",)),
    "memory_bytes": ("Memory of the processes.", ("part", "process")),
    "gpu_memory_bytes": ("Memory of the GPUs.", ("device", "kind")),
    "cost_per_page_dollars": ("What a page has cost since the counters began, idle time included.", ()),
}
"""Gauges: help and labels."""


@dataclass(frozen=True)
class Gauge:
    """One value of a gauge."""

    name: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class OwnersQueue:
    """What the owners of one class have waiting in one queue.

    Attributes:
        owners: ``key`` of API keys, ``none`` of callers without one.
        jobs: Documents, and parts of documents; direct Celery callers' are not among them.
        oldest: Seconds that the first of them has waited, of all these owners.
    """

    queue: str
    owners: str
    jobs: int
    oldest: float


@dataclass(frozen=True)
class Measured:
    """The metrics at a moment.

    Attributes:
        sums: Counters and histograms, by series; see :mod:`tasks.monitoring.counters`.
        gauges: Values that rise and fall.
    """

    sums: Mapping[str, float]
    gauges: Sequence[Gauge]


def queue_gauges(waiting: Mapping[str, int], oldest: Mapping[str, float]) -> list[Gauge]:
    """Of the queues: how many wait, and how long the oldest has."""
    depths = [Gauge("queue_jobs", count, {"queue": queue}) for queue, count in waiting.items()]
    return [*depths, *(Gauge("queue_oldest_seconds", age, {"queue": queue}) for queue, age in oldest.items())]


def owner_gauges(measured: Iterable[OwnersQueue]) -> list[Gauge]:
    """Of the queues by class of owner: how many wait, and how long the oldest has."""
    gauges = []
    for one in measured:
        labels = {"queue": one.queue, "owners": one.owners}
        gauges.append(Gauge("owner_queue_jobs", one.jobs, labels))
        gauges.append(Gauge("owner_queue_oldest_seconds", one.oldest, labels))
    return gauges


def worker_gauges(beats: Iterable[Heartbeat]) -> list[Gauge]:
    """Of the reading processes: how many, what they hold, and what is on their GPUs."""
    counts: dict[tuple[str, str], int] = {}
    models: dict[str, int] = {}
    gauges = []
    devices: dict[str, Mapping[str, int]] = {}
    for beat in beats:
        state = (beat.pool, "busy" if beat.busy else "idle")
        counts[state] = counts.get(state, 0) + 1
        for model in beat.models:
            models[model] = models.get(model, 0) + 1
        gauges.append(Gauge("memory_bytes", beat.rss, {"part": "worker", "process": beat.worker}))
        if beat.gpu_memory:
            devices[beat.device or beat.worker] = beat.gpu_memory
    gauges += [Gauge("workers", count, {"pool": pool, "state": state}) for (pool, state), count in counts.items()]
    gauges += [Gauge("models_loaded", count, {"model": model}) for model, count in models.items()]
    for device, memory in devices.items():
        kinds = {"used": memory.get("gpu_used", 0), "total": memory.get("gpu_total", 0)}
        gauges += [Gauge("gpu_memory_bytes", value, {"device": device, "kind": kind}) for kind, value in kinds.items()]
    return gauges


def cost_gauges(sums: Mapping[str, float]) -> list[Gauge]:
    """What a page has cost; nothing where no price is set or no page was read."""
    cost = sum(value for key, value in sums.items() if key.startswith("cost_dollars|"))
    pages = sum(value for key, value in sums.items() if key.startswith("pages|"))
    return [Gauge("cost_per_page_dollars", cost / pages)] if cost and pages else []
