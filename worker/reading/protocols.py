"""The Pipeline Protocol: pages in, their readings out, for any engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ocrq.contracts import Operation, Page, ReadRequest
from ocrq.contracts.request import ROBUST_MIN_VARIANTS
from tasks.runner import ReadContext
from worker.page import PageImage


@dataclass(frozen=True)
class ReadMode:
    """How the caller wants pages read.

    Attributes:
        robust: RoLM: uncertain lines are read again in variants, which vote.
        variants: The most readings of a line; 1 unless robust.
        preprocess: Even out contrast, noise and shadows before reading.
        prompt: For engines that follow one.
    """

    robust: bool = False
    variants: int = 1
    preprocess: bool = False
    prompt: str | None = None

    @classmethod
    def of(cls, operation: Operation, request: ReadRequest) -> ReadMode:
        """The mode for an operation and its request."""
        robust = operation.endswith("_robust") or request.robust_processing
        variants = max(request.ensemble_size, ROBUST_MIN_VARIANTS) if robust else 1
        return cls(robust, variants, request.use_preprocessing, request.prompt)


@dataclass(frozen=True)
class PageRead:
    """A page as a pipeline read it.

    Attributes:
        page: For the result.
        warnings: Sentences for the result's metadata.
        variants: The most readings of any of its lines, at least 1.
        lines_reread: Lines read more than once.
    """

    page: Page
    warnings: tuple[str, ...] = ()
    variants: int = 1
    lines_reread: int = 0


class Pipeline(Protocol):
    """Reads pages."""

    batch_pages: int
    """Pages that are faster when read together."""

    def read_pages(self, pages: Sequence[PageImage], context: ReadContext) -> list[PageRead]:
        """Read pages of any orientation; boxes are in each page's own pixels.

        Raises:
            ReadStopped: The job was cancelled, or its deadline has passed.
        """
