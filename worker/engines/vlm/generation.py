"""Generation of one batch: stopped with the job, each sequence stopped at a loop, with token probabilities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import GenerationConfig, LogitsProcessorList, StoppingCriteriaList

from tasks.runner import ReadContext
from worker.engines.generated import Ending
from worker.engines.repetition import find_loop
from worker.engines.vlm.checkpoint import Checkpoint
from worker.engines.vlm.monitor import GenerationMonitor
from worker.engines.vlm.options import Decoding


@dataclass(frozen=True)
class Generated:
    """The tokens generated for one page.

    Attributes:
        tokens: Ids, without the one that ends it and without a loop's repeats.
        probabilities: One per token.
        ending: Why it ends there.
        sound: Tokens before the repeated piece; all of them where there is no loop.
    """

    tokens: tuple[int, ...]
    probabilities: tuple[float, ...]
    ending: Ending
    sound: int


def generate(
    checkpoint: Checkpoint, inputs: Mapping[str, Any], decoding: Decoding, context: ReadContext
) -> list[Generated]:
    """Generate the answers of a batch.

    Raises:
        ReadStopped: The job was cancelled, or its deadline has passed; checked at every token.
    """
    begin = int(inputs["input_ids"].shape[1])
    pages = int(inputs["input_ids"].shape[0])
    preset, ends = checkpoint.preset, frozenset(checkpoint.ends)
    monitor = GenerationMonitor(context, preset.repetition, pages, begin, ends, decoding.arguments["max_new_tokens"])
    config = cast(Any, GenerationConfig)(
        eos_token_id=list(checkpoint.ends), pad_token_id=checkpoint.pads, use_cache=True, **decoding.arguments
    )
    context.check()
    with torch.inference_mode(), _seeded(decoding, checkpoint.model.device):
        sequences = checkpoint.model.generate(
            **inputs,
            generation_config=config,
            logits_processor=LogitsProcessorList([monitor.trace]),
            stopping_criteria=StoppingCriteriaList([monitor]),
        )
    rows = sequences[:, begin:].cpu().numpy()
    return [_generated(page, row, monitor, checkpoint) for page, row in enumerate(rows)]


def _generated(page: int, row: NDArray[np.int64], monitor: GenerationMonitor, checkpoint: Checkpoint) -> Generated:
    """A row without its end token, padding, and a loop's repeats."""
    ends = np.flatnonzero(np.isin(row, (*checkpoint.ends, checkpoint.pads)))
    tokens = tuple(map(int, row[: int(ends[0])] if ends.size else row))
    loop = find_loop(np.array(tokens), checkpoint.preset.repetition)
    kept = loop.begins if loop else len(tokens)
    probabilities = monitor.probabilities(page, tokens)[:kept]
    ending: Ending = "loop" if loop else "end" if ends.size else "length"
    return Generated(tokens[:kept], tuple(probabilities), ending, kept - loop.length if loop else kept)


@contextmanager
def _seeded(decoding: Decoding, device: torch.device) -> Iterator[None]:
    """The same request samples the same text, without a change to the process's random state."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(decoding.seed)
        yield
