"""A process that reads without a queue: its Runner with the models, its health and its concurrency."""

from __future__ import annotations

from dataclasses import dataclass

from ocrq.contracts import Health
from tasks.catalogue import Catalogue
from tasks.monitoring.health import health_of
from tasks.process_context import process
from tasks.runner import Runner
from tasks.settings import Settings
from worker.imaging.limits import limits_of
from worker.process.child import describe, make_opener
from worker.runner import PipelineRunner
from worker.serverless.batching_registry import BatchingRegistry

MOST_AT_ONCE = 32  # documents in memory, whatever the engine's batch size


@dataclass(frozen=True)
class Reading:
    """A process that can read.

    Attributes:
        runner: Reads; installed for the task functions, too.
        at_once: Documents read at a time: the batch size of the default model.
        settings: Its settings.
    """

    runner: Runner
    at_once: int
    settings: Settings

    def health(self) -> Health:
        """This process's health."""
        return health_of([describe(self.settings.pool, self.runner, None)], {})


def start_reading(settings: Settings) -> Reading:
    """Load the models and install the Runner, for all pools.

    Raises:
        ServiceError: The models cannot be loaded.
    """
    settings = settings.model_copy(update={"pool": "all"})
    catalogue = Catalogue.from_settings(settings)
    registry = BatchingRegistry(settings, catalogue, None)
    registry.preload()
    limits = limits_of(settings)
    runner = PipelineRunner(registry, make_opener(settings, limits), limits)
    process.runner = runner
    reading = Reading(runner, _at_once(registry), settings)
    process.health_source = reading.health
    return reading


def _at_once(registry: BatchingRegistry) -> int:
    with registry.using(None) as use:
        return min(MOST_AT_ONCE, use.engine.info.batch_size)
