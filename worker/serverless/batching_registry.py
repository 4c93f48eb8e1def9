"""A registry for threads: pages of several documents are read in common batches.

The registry's own engine lock makes threads wait for each other; batching replaces it for page readers.
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
from worker.serverless.batching import ReadBatcher


class BatchingRegistry(Registry):
    """See the module. Calls of a thread-safe engine are not batched."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._batchers: defaultdict[str, ReadBatcher] = defaultdict(ReadBatcher)

    @contextmanager
    def using(self, name: str | None, failed: ModelUnavailable | None = None) -> Iterator[ModelHandle]:
        """See :class:`worker.models.registry.Registry`."""
        with super().using(name, failed) as use:
            yield replace(use, engine=self._shared(use.engine))

    def _shared(self, engine: Engine) -> Engine:
        if reads_pages(engine) and not engine.info.thread_safe and engine.info.batch_size > 1:
            return BatchedPageReader(engine, self._batchers[engine.info.name])
        return engine


class BatchedPageReader(PageReader):
    """A page reader whose concurrent calls are batched.

    Args:
        engine: Reads.
        batcher: Shared by all threads that use the model.
    """

    def __init__(self, engine: PageReader, batcher: ReadBatcher) -> None:
        self._engine, self._batcher = engine, batcher
        self.info = engine.info

    def read(self, pages: Sequence[PageImage], prompt: str | None, context: ReadContext) -> list[PageReading]:
        """See :class:`worker.engines.protocols.PageReader`."""
        return self._batcher.read(self._engine, pages, prompt, context)
