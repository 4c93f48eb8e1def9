"""What one reading process holds: its Runner with the models, its ledger, its keeper, and the guard over them."""

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
from tasks.documents.blobs import blob_store
from tasks.execution.executor import JobExecutor, install_executor
from tasks.execution.lease_renewer import LeaseRenewer
from tasks.jobs.admission import Admission
from tasks.jobs.batches import Batches
from tasks.jobs.ledger import Ledger
from tasks.jobs.publish import Publisher
from tasks.jobs.queue import LiveWorkers
from tasks.monitoring.health import install_health
from tasks.monitoring.heartbeat import Heartbeat, Heartbeats
from tasks.runner import Runner, install_runner
from tasks.settings import MEGABYTE, Settings
from worker.models.devices import gpu_memory, has_gpu

if TYPE_CHECKING:  # they load NumPy, which a worker's parent must not
    from worker.imaging.decode import Opener
    from worker.imaging.limits import Limits
    from worker.models.registry import Registry


SPENT = 70  # exit status of a process that gives up: EX_SOFTWARE

log = logging.getLogger(__name__)


def worker_name() -> str:
    """Who this process is to the ledger: ``host:pid``."""
    return f"{socket.gethostname()}:{os.getpid()}"


def only_pool(settings: Settings) -> Pool | None:
    """The one pool that this worker reads for; None where it reads for all."""
    return None if settings.pool == "all" else settings.pool


def build_runner(settings: Settings, pool: Pool | None) -> Runner:
    """The Runner with the default models in memory. Imports what reads, so only a reading process calls it."""
    return make_runner(settings, load_registry(settings, pool))


def load_registry(settings: Settings, pool: Pool | None) -> Registry:
    """The registry with the default models in memory."""
    from worker.models.registry import Registry

    registry = Registry(settings, Catalogue.from_settings(settings), pool)
    registry.preload()
    return registry


def make_runner(settings: Settings, registry: Registry) -> Runner:
    """The Runner that reads with a registry's models."""
    from worker.imaging.limits import Limits
    from worker.runner import PipelineRunner

    limits = Limits(max_pixels=settings.max_pixels, max_pages=settings.max_pages, pdf_dpi=settings.pdf_dpi)
    return PipelineRunner(registry, make_opener(settings, limits), limits)


def make_opener(settings: Settings, limits: Limits) -> Opener:
    """What opens documents here: a helper process, started at once, or this process itself.

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
    """A started reading process: its keeper, and its models."""

    keeper: LeaseRenewer
    registry: Registry

    def stop(self) -> None:
        """Say goodbye: the next look at the heartbeats does not count this process."""
        self.keeper.stop()


def start_reading(app: Celery, settings: Settings, device: str | None = None, *, leave: bool) -> ReadingProcess:
    """Load the models and take up reading, in a child that was just forked (or spawned), or in a process of threads.

    Args:
        app: Publishes what becomes ready.
        settings: The operator's.
        device: The GPU that this process took, for its heartbeat.
        leave: Whether it ends where it can read no more, as one does whose worker puts another in its place.
    """
    registry = load_registry(settings, only_pool(settings))
    runner = make_runner(settings, registry)
    install_runner(runner)
    keeper_client = connect(settings, WORKER_TIMEOUT)
    keeper = LeaseRenewer(
        Ledger(keeper_client, settings),
        Heartbeats(keeper_client),
        settings.lease_seconds,
        lambda busy: describe(settings.pool, runner, busy, device, registry.refused()),
    )
    install_executor(make_guard(app, settings, runner, keeper, partial(_leave, keeper) if leave else stay))
    keeper.start()
    return ReadingProcess(keeper, registry)


def _leave(keeper: LeaseRenewer) -> None:
    """What memory a model left in pieces, or a GPU that failed, only a new process mends."""
    log.critical("this process gives up, and another one takes its place")
    keeper.stop()
    sys.stderr.flush()
    os._exit(SPENT)


def stay() -> None:
    """Where a process serves other jobs still, it does not leave."""


def make_guard(
    app: Celery,
    settings: Settings,
    runner: Runner | None,
    keeper: LeaseRenewer | None,
    leave: Callable[[], None] = stay,
) -> JobExecutor:
    """The guard of this process, and what `ocr.health` answers here; without a runner, one that passes jobs on."""
    client = connect(settings, WORKER_TIMEOUT)
    ledger, blobs = Ledger(client, settings), blob_store(settings, client)
    publisher = Publisher(app, ledger)
    catalogue = Catalogue.from_settings(settings)
    workers = LiveWorkers(client, settings, catalogue)
    batches = Batches(client, settings.job_ttl)
    install_health(workers.health)
    return JobExecutor(
        settings=settings,
        admission=Admission(settings, catalogue, ledger, batches, blobs, publisher, workers),
        ledger=ledger,
        blobs=blobs,
        publisher=publisher,
        keeper=keeper,
        runner=runner,
        pool=only_pool(settings) if runner else None,
        worker=worker_name(),
        leave=leave,
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
