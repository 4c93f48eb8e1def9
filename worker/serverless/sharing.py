"""A registry for threads: pages of several documents go through a model in common batches.

That threads wait for each other at a model is the registry's own work already; here they need not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from ocrq.errors import ModelUnavailable
from tasks.runner import ReadContext
from worker.engines.protocols import Engine, PageReader, reads_pages
from worker.models.registry import ModelHandle, Registry
from worker.page import PageImage, PageReading
from worker.serverless.gather import Gatherer


class SharedRegistry(Registry):
    """See the module. A thread-safe engine is left alone."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._gatherers: defaultdict[str, Gatherer] = defaultdict(Gatherer)

    @contextmanager
    def using(self, name: str | None, failed: ModelUnavailable | None = None) -> Iterator[ModelHandle]:
        """See :class:`worker.models.registry.Registry`."""
        with super().using(name, failed) as use:
            yield replace(use, engine=self._shared(use.engine))

    def _shared(self, engine: Engine) -> Engine:
        if reads_pages(engine) and not engine.info.thread_safe and engine.info.batch_size > 1:
            return SharedPages(engine, self._gatherers[engine.info.name])
        return engine


class SharedPages(PageReader):
    """A page reader whose calls are gathered.

    Args:
        engine: Reads.
        gatherer: The one of all threads that use the model.
    """

    def __init__(self, engine: PageReader, gatherer: Gatherer) -> None:
        self._engine, self._gatherer = engine, gatherer
        self.info = engine.info

    def read(self, pages: Sequence[PageImage], prompt: str | None, context: ReadContext) -> list[PageReading]:
        """See :class:`worker.engines.protocols.PageReader`."""
        return self._gatherer.read(self._engine, pages, prompt, context)
