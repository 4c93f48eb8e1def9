"""A reading process: its Runner with the models, its ledger, its lease renewer and its job executor."""

from __future__ import annotations

import logging
import os
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from celery import Celery

from tasks.catalogue import Catalogue, Pool, Reads
from tasks.connection import WORKER_TIMEOUT, connect
from tasks.documents.blobs import BlobStore, blob_store
from tasks.execution.executor import ClaimedRuns, JobExecutor
from tasks.execution.failures import FailureHandler
from tasks.execution.job_reader import JobReader
from tasks.execution.lease_renewer import LeaseRenewer
from tasks.execution.watchdog import SPENT, Watchdog
from tasks.jobs.admission import Admission
from tasks.jobs.batches import Batches
from tasks.jobs.ledger import Ledger
from tasks.jobs.publish import Publisher
from tasks.jobs.queue import LiveWorkers
from tasks.monitoring.counters import COUNTERS
from tasks.monitoring.heartbeat import Heartbeat, Heartbeats
from tasks.process_context import process
from tasks.runner import Runner
from tasks.settings import MEGABYTE, Settings
from worker.models.devices import gpu_memory, has_gpu
from worker.process.idle_compilation import IdleCompilation

if TYPE_CHECKING:  # they load NumPy, which a worker's parent must not
    from worker.imaging.decode import Opener
    from worker.imaging.limits import Limits
    from worker.models.registry import Registry


log = logging.getLogger(__name__)


def worker_name() -> str:
    """The name of this process in the ledger: ``host:pid``."""
    return f"{socket.gethostname()}:{os.getpid()}"


def only_pool(settings: Settings) -> Pool | None:
    """The one pool that this worker reads for; None where it reads for all."""
    return None if settings.pool == "all" else settings.pool


def build_runner(settings: Settings, pool: Pool | None) -> Runner:
    """The Runner with the default models in memory. Imports the engines, so only a reading process calls it."""
    return make_runner(settings, load_registry(settings, pool))


def load_registry(settings: Settings, pool: Pool | None) -> Registry:
    """The registry with the default models in memory."""
    from worker.models.registry import Registry

    registry = Registry(settings, Catalogue.from_settings(settings), pool)
    registry.preload()
    return registry


def make_runner(settings: Settings, registry: Registry) -> Runner:
    """The Runner that reads with a registry's models."""
    from worker.imaging.limits import limits_of
    from worker.reading import language
    from worker.runner import PipelineRunner

    language.prepare(settings.models_cache)
    limits = limits_of(settings)
    return PipelineRunner(registry, make_opener(settings, limits), limits)


def make_opener(settings: Settings, limits: Limits) -> Opener:
    """The opener of documents: a helper process, started at once, or this process itself.

    Raises:
        InternalError: The helper process does not start.
    """
    if not settings.decode_helper:
        from worker.imaging.decode import open_document

        return partial(open_document, limits=limits)
    from worker.imaging.decoder import Decoder

    decoder = Decoder(settings.decode_seconds, settings.decode_memory_mb * MEGABYTE)
    decoder.start()
    return partial(decoder.open_document, limits=limits)


@dataclass(frozen=True)
class ReadingProcess:
    """A started reading process: its lease renewer, its models and what compiles them further."""

    lease_renewer: LeaseRenewer
    registry: Registry
    compilation: IdleCompilation

    def stop(self) -> None:
        """Remove the heartbeat, so that this process is no longer counted."""
        self.compilation.stop()
        self.lease_renewer.stop()


def start_reading(app: Celery, settings: Settings, device: str | None = None, *, leave: bool) -> ReadingProcess:
    """Load the models and start to read, in a forked or spawned child, or in a process of threads.

    Args:
        app: Publishes jobs that become ready.
        settings: The operator's.
        device: The GPU that this process took, for its heartbeat.
        leave: Whether the process exits where it cannot read any more, for its worker to replace it.
    """
    registry = load_registry(settings, only_pool(settings))
    runner = make_runner(settings, registry)
    process.runner = runner
    renewer_client = connect(settings, WORKER_TIMEOUT)
    lease_renewer = LeaseRenewer(
        Ledger(renewer_client, settings),
        Heartbeats(renewer_client),
        settings.lease_seconds,
        lambda busy: describe(settings.pool, runner, busy, device, registry.refused()),
        partial(account, settings, has_gpu(device)),
        Watchdog(settings.stop_seconds, settings.stop_seconds + 2 * settings.lease_seconds) if leave else None,
    )
    end = partial(_exit_process, lease_renewer) if leave else keep_running
    process.executor = make_executor(app, settings, partial(claimed_runs, settings, runner, lease_renewer, end))
    lease_renewer.start()
    compilation = IdleCompilation(registry.compile_ahead(), lambda: lease_renewer.idle_seconds)
    compilation.start()
    return ReadingProcess(lease_renewer, registry, compilation)


def account(settings: Settings, gpu: bool, seconds: float, busy: bool) -> None:
    """Count what this process lived, and what that cost."""
    labels = {"pool": settings.pool, "state": "busy" if busy else "idle"}
    COUNTERS.add("worker_seconds", seconds, **labels)
    if price := settings.gpu_dollars_per_hour if gpu else settings.cpu_dollars_per_hour:
        COUNTERS.add("cost_dollars", seconds * price / 3600, **labels)


def _exit_process(lease_renewer: LeaseRenewer) -> None:
    """Exit: fragmented memory or a failed GPU needs a new process."""
    log.critical("this process cannot go on and exits, to be replaced")
    lease_renewer.stop()
    sys.stderr.flush()
    os._exit(SPENT)


def keep_running() -> None:
    """Go on: a process that still serves other jobs does not exit."""


def make_executor(
    app: Celery, settings: Settings, runs: Callable[[Ledger, BlobStore, Publisher], ClaimedRuns] | None = None
) -> JobExecutor:
    """The executor of this process, and its answer to `ocr.health`.

    Args:
        app: Publishes jobs that become ready.
        settings: The operator's.
        runs: Makes what runs claimed jobs; None in a process that passes jobs on.
    """
    client = connect(settings, WORKER_TIMEOUT)
    ledger, blobs = Ledger(client, settings), blob_store(settings, client)
    batches, publisher = Batches(client, settings.job_ttl), Publisher(app, ledger)
    catalogue = Catalogue.from_settings(settings)
    workers = LiveWorkers(client, settings, catalogue)
    process.health_source = workers.health
    return JobExecutor(
        worker=worker_name(),
        ledger=ledger,
        admission=Admission(settings, catalogue, ledger, batches, blobs, publisher, workers),
        dispatcher=publisher,
        runs=runs(ledger, blobs, publisher) if runs else None,
    )


def claimed_runs(
    settings: Settings,
    runner: Runner,
    lease_renewer: LeaseRenewer,
    leave: Callable[[], None],
    ledger: Ledger,
    blobs: BlobStore,
    publisher: Publisher,
) -> ClaimedRuns:
    """What runs the jobs that this process claims; ``leave`` exits, where the process cannot go on."""
    return ClaimedRuns(
        pool=only_pool(settings),
        lease_renewer=lease_renewer,
        reader=JobReader(settings, ledger, blobs, publisher, runner),
        failures=FailureHandler(ledger, publisher, worker_name(), settings, leave),
    )


def describe(
    pool: Reads, runner: Runner, busy: str | None, device: str | None = None, refused: Sequence[str] = ()
) -> Heartbeat:
    """This process's heartbeat; ``device`` is the GPU it took, ``refused`` the models it could not load."""
    import psutil

    return Heartbeat(
        worker=worker_name(),
        pool=pool,
        models=tuple(runner.loaded()),
        gpu=has_gpu(device),
        device=f"{socket.gethostname()}:{device}" if device else "",
        rss=psutil.Process().memory_info().rss,
        busy=busy,
        gpu_memory=gpu_memory(),
        refused=tuple(refused),
    )
