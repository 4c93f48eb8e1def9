"""Image-text-to-text models of transformers that read whole pages: olmOCR, RolmOCR and others, by preset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from tasks.runner import ReadContext
from tasks.settings import Settings
from worker.engines.parsers import Parsed, parse
from worker.engines.protocols import PageReader
from worker.engines.vlm import INFO
from worker.engines.vlm.checkpoint import Checkpoint, load_checkpoint
from worker.engines.vlm.generation import Generated, generate
from worker.engines.vlm.options import decoding_for
from worker.engines.vlm.prompt import inputs_for
from worker.engines.vlm.text import answer_of
from worker.imaging.orientation import turned_back
from worker.models.memory import module_bytes
from worker.page import LineReading, PageImage, PageReading, Pixels
from worker.reading.confidence import page_confidence

GPU_PAGES = 8  # together they keep a GPU's arithmetic busy; memory that does not suffice halves them
CPU_PAGES = 2  # a batch gains little there, and its pages are done together
MAX_TURNS = 2  # times a page is read again because the model says that it stands turned
FULL_TURN = 4  # quarters
ONLY_LOOP = "the model only wrote one piece over and over and was stopped; try another model, or a larger picture"
LOOP = "the model went round in circles and was stopped; what it repeated was cut off, and more text may be missing"


@dataclass(frozen=True)
class _Attempt:
    """A page as it was generated once."""

    generated: Generated
    parsed: Parsed
    warnings: tuple[str, ...]


class VlmEngine(PageReader):
    """A page reader; see the Protocol for what its methods promise. It says what stands on a page, not where.

    Args:
        checkpoint: What reads.
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
        """One reading per page, in order; a page that the model says stands turned is turned and read again.

        Raises:
            JobCancelled: The job was cancelled.
            TimeLimitExceeded: The deadline has passed.
        """
        attempts = self._read([page.pixels for page in pages], prompt, context)
        turns = [attempt.parsed.turns for attempt in attempts]
        for _ in range(MAX_TURNS):
            turned = [index for index, attempt in enumerate(attempts) if attempt.parsed.turns]
            if not turned:
                break
            upright = [turned_back(pages[index].pixels, -turns[index]) for index in turned]
            for index, attempt in zip(turned, self._read(upright, prompt, context), strict=True):
                attempts[index] = attempt
                turns[index] = (turns[index] + attempt.parsed.turns) % FULL_TURN
        return [self._reading(attempt, turn) for attempt, turn in zip(attempts, turns, strict=True)]

    def _read(self, pages: Sequence[Pixels], prompt: str | None, context: ReadContext) -> list[_Attempt]:
        inputs = inputs_for(self._checkpoint, pages, prompt)
        room = self._checkpoint.positions
        if room is not None:
            room -= int(inputs["input_ids"].shape[1])
        decoding = decoding_for(context.options, self._checkpoint.preset.max_new_tokens, room)
        return [
            self._attempt(generated, prompt, decoding.warnings)
            for generated in generate(self._checkpoint, inputs, decoding, context)
        ]

    def _attempt(self, generated: Generated, prompt: str | None, warnings: tuple[str, ...]) -> _Attempt:
        parsed = self._parsed(generated, len(generated.tokens))
        # Who asks something else is answered in another form.
        told = parsed.warnings if prompt is None else ()
        return _Attempt(generated, parsed, (*warnings, *told))

    def _parsed(self, generated: Generated, tokens: int) -> Parsed:
        """What the first so many tokens say."""
        tokenizer = self._checkpoint.processor.tokenizer
        answer = answer_of(tokenizer, generated.tokens[:tokens], generated.probabilities[:tokens])
        return parse(self._checkpoint.preset.parser, answer)

    def _is_spent(self, generated: Generated) -> bool:
        """Whether no other word stands before a loop than those it repeats."""
        head = self._parsed(generated, generated.sound).answer.text
        piece = self._checkpoint.processor.tokenizer.decode(generated.tokens[generated.sound :])
        return set(head.split()) <= set(str(piece).split())

    def _reading(self, attempt: _Attempt, turns: int) -> PageReading:
        generated, answer = attempt.generated, attempt.parsed.answer
        if generated.ending == "loop" and self._is_spent(generated):
            return PageReading("", failure=ONLY_LOOP, warnings=attempt.warnings)
        return PageReading(
            text=answer.text,
            probability=page_confidence([LineReading(answer.text, answer.probabilities)]),
            warnings=(*attempt.warnings, *_warnings(attempt)),
            probabilities=answer.probabilities,
            turns=-turns % FULL_TURN,
            cut=generated.ending != "end",
        )


def _warnings(attempt: _Attempt) -> list[str]:
    """Why a text may be less than the page holds."""
    warnings = []
    if attempt.generated.ending == "loop":
        warnings.append(LOOP)
    if attempt.generated.ending == "length":
        count = len(attempt.generated.tokens)
        warnings.append(f"the text was cut off at {count} tokens; allow more with decoding_options.max_new_tokens")
    if attempt.parsed.turns:
        warnings.append("the model still takes the page for turned after it was turned as the model said")
    return warnings


def load(model: str, settings: Settings) -> VlmEngine:
    """The engine for the registry.

    Raises:
        ModelUnavailable: The checkpoint cannot be had or read.
    """
    if not torch.cuda.is_available():
        torch.set_num_threads(1)  # processes are the parallelism
    return VlmEngine(load_checkpoint(model))
