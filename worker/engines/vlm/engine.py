"""Image-text-to-text models of transformers that read whole pages: olmOCR, RolmOCR and others, by preset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from tasks.monitoring.counters import COUNTERS
from tasks.runner import ReadContext
from tasks.settings import Settings
from worker.engines.generated import ONLY_LOOP, GeneratedPage, read_generated
from worker.engines.parsers import Parsed, parse
from worker.engines.protocols import PageReader
from worker.engines.vlm import INFO
from worker.engines.vlm.checkpoint import Checkpoint, load_checkpoint
from worker.engines.vlm.generation import Generated, generate
from worker.engines.vlm.options import decoding_for
from worker.engines.vlm.prompt import inputs_for
from worker.engines.vlm.text import answer_of
from worker.models.memory_budget import module_bytes
from worker.page import PageImage, PageReading, Pixels

GPU_PAGES = 8  # together they keep a GPU busy; where memory is short, they are halved
CPU_PAGES = 2  # a batch gains little on a CPU, and its pages end together


class VlmEngine(PageReader):
    """A page reader; see the Protocol. It gives the text of a page without boxes.

    Args:
        checkpoint: The loaded model.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self.info = replace(
            INFO,
            name=f"vlm/{checkpoint.name}",
            batch_size=GPU_PAGES if checkpoint.model.device.type == "cuda" else CPU_PAGES,
            memory_bytes=module_bytes(checkpoint.model),
        )

    def read(self, pages: Sequence[PageImage], prompt: str | None, context: ReadContext) -> list[PageReading]:
        """One reading per page, in order; a page that the model reports as rotated is rotated and read again.

        Raises:
            ReadStopped: The job was cancelled, or its deadline has passed.
        """
        return read_generated(pages, prompt, lambda pictures: self._generate(pictures, prompt, context))

    def _generate(self, pictures: Sequence[Pixels], prompt: str | None, context: ReadContext) -> list[GeneratedPage]:
        inputs = inputs_for(self._checkpoint, pictures, prompt)
        free_tokens = self._checkpoint.positions
        if free_tokens is not None:
            free_tokens -= int(inputs["input_ids"].shape[1])
        decoding = decoding_for(context.options, self._checkpoint.preset.max_new_tokens, free_tokens)
        batch = generate(self._checkpoint, inputs, decoding, context)
        COUNTERS.add("tokens", sum(len(generated.tokens) for generated in batch), engine=self.info.name)
        return [self._page(generated, decoding.warnings) for generated in batch]

    def _page(self, generated: Generated, warnings: tuple[str, ...]) -> GeneratedPage:
        tokens = len(generated.tokens)
        failure = ONLY_LOOP if generated.ending == "loop" and self._only_repeats(generated) else None
        return GeneratedPage(self._parsed(generated, tokens), generated.ending, tokens, warnings, failure)

    def _parsed(self, generated: Generated, tokens: int) -> Parsed:
        """The text of the first tokens."""
        tokenizer = self._checkpoint.processor.tokenizer
        answer = answer_of(tokenizer, generated.tokens[:tokens], generated.probabilities[:tokens])
        return parse(self._checkpoint.preset.parser, answer)

    def _only_repeats(self, generated: Generated) -> bool:
        """Whether the text before the loop has no other words than those that are repeated."""
        head = self._parsed(generated, generated.sound).answer.text
        piece = self._checkpoint.processor.tokenizer.decode(generated.tokens[generated.sound :])
        return set(head.split()) <= set(str(piece).split())


def load(model: str, settings: Settings) -> VlmEngine:
    """The engine for the registry.

    Raises:
        ModelUnavailable: The checkpoint is not available, or cannot be loaded.
    """
    if not torch.cuda.is_available():
        torch.set_num_threads(1)  # processes are the parallelism
    return VlmEngine(load_checkpoint(model))
