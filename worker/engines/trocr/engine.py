"""TrOCR: VisionEncoderDecoder models that read one text line per image, on a GPU or, more slowly, a CPU.

All lines and variants are read as one list: equal images once, similar lengths together, each line until its end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from ocrq.errors import ModelUnavailable
from tasks.runner import ReadContext
from tasks.settings import Settings
from worker.engines.protocols import LineReader
from worker.engines.trocr import INFO
from worker.engines.trocr.attention import use_in_encoder
from worker.engines.trocr.beams import Tokens
from worker.engines.trocr.checkpoint import Checkpoint, load_checkpoint
from worker.engines.trocr.crops import Crop, distinct, picture
from worker.engines.trocr.network import Counts, DecoderNetwork
from worker.engines.trocr.options import Decoding, decoding_of
from worker.engines.trocr.search import decode
from worker.engines.trocr.text import reading_of
from worker.models import hub
from worker.models.memory_budget import module_bytes
from worker.page import LineReading, Pixels

CROSS_BYTES_CPU, CROSS_BYTES_GPU = 512 << 20, 4 << 30  # of the cross-attention's keys and values in a batch
ROWS_CPU, ROWS_GPU = 128, 1024  # beams of all lines of a batch; more are not faster, by benchmarks/trocr.py
ENCODED_CPU, ENCODED_GPU = 2, 64  # images in a batch of the encoder
CHECK_SECONDS = 0.2  # between two checks for a stop


class TrocrEngine(LineReader):
    """A line reader; see the Protocol.

    Args:
        name: For the result's ``served_by``.
        checkpoint: What reads.
        check_seconds: Between two checks for a stop.
    """

    def __init__(self, name: str, checkpoint: Checkpoint, check_seconds: float = CHECK_SECONDS) -> None:
        self.info = replace(INFO, name=name, memory_bytes=module_bytes(checkpoint.model))
        self._check_seconds = check_seconds
        self.counts = Counts()
        self._checkpoint = checkpoint
        self._network = DecoderNetwork(checkpoint.model, self.counts)
        self._device: torch.device = next(checkpoint.model.parameters()).device
        self._check: Callable[[], None] = lambda: None
        if self._device.type == "cpu" and checkpoint.model.dtype == torch.bfloat16:
            use_in_encoder(checkpoint.model)
        for layer in _encoder_layers(checkpoint.model):
            layer.register_forward_pre_hook(lambda *_: self._check())

    def read(self, crops: Sequence[Pixels], context: ReadContext) -> list[LineReading]:
        """One reading per crop, in order; ``context.warn`` gets a warning for each option beyond the model's limits.

        Raises:
            ReadStopped: The job was cancelled, or its deadline has passed.
        """
        positions = self._network.positions
        decoding, warnings = decoding_of(context.options, positions)
        for warning in warnings:
            context.warn(warning)
        readings: list[LineReading] = [LineReading("")] * len(crops)
        cut = 0
        with torch.inference_mode(), self._checking(context):
            for batch in self._batches(distinct(crops), decoding):
                for crop, tokens in zip(batch, self._read(batch, decoding, positions), strict=True):
                    reading = reading_of(tokens, self._checkpoint.processor.tokenizer, self._checkpoint.vocabulary)
                    cut += not tokens.ended
                    for place in crop.places:
                        readings[place] = reading
        if cut:
            context.warn(f"{cut} lines had no end where reading stopped; decoding_options.max_new_tokens allows more")
        return readings

    def _read(self, batch: Sequence[Crop], decoding: Decoding, positions: int) -> list[Tokens]:
        limits = [decoding.limit or min(crop.tokens, positions - 1) for crop in batch]
        seeds = [decoding.seed + crop.seed for crop in batch]
        hidden = torch.cat([self._encoded(part) for part in self._parts(batch)])
        return decode(self._network, hidden, limits, decoding, self._checkpoint.vocabulary, seeds, self._check)

    def _encoded(self, crops: Sequence[Crop]) -> Tensor:
        """Crops x positions x width."""
        model: Any = self._checkpoint.model
        pictures = [picture(crop.pixels) for crop in crops]
        pixels = self._checkpoint.processor.image_processor(images=pictures, return_tensors="pt").pixel_values
        self.counts.encoded += len(crops)
        hidden: Tensor = model.encoder(pixel_values=pixels.to(self._device, model.dtype)).last_hidden_state
        return hidden

    def _parts(self, batch: Sequence[Crop]) -> Iterator[Sequence[Crop]]:
        size = ENCODED_GPU if self._device.type == "cuda" else ENCODED_CPU
        return (batch[start : start + size] for start in range(0, len(batch), size))

    def _batches(self, crops: Sequence[Crop], decoding: Decoding) -> Iterator[Sequence[Crop]]:
        """Lines to decode together: as many as are faster together and fit into the memory."""
        on_gpu = self._device.type == "cuda"
        rows, room = (ROWS_GPU, CROSS_BYTES_GPU) if on_gpu else (ROWS_CPU, CROSS_BYTES_CPU)
        size = max(1, min(rows // decoding.beams, room // self._line_bytes()))
        return (crops[start : start + size] for start in range(0, len(crops), size))

    def _line_bytes(self) -> int:
        """Bytes of a line's cross-attention keys and values."""
        config: Any = self._checkpoint.model.config
        side = config.encoder.image_size
        height, width = side if isinstance(side, list | tuple) else (side, side)
        patch = config.encoder.patch_size
        patch_height, patch_width = patch if isinstance(patch, list | tuple) else (patch, patch)
        patches = (height // patch_height) * (width // patch_width) + 1
        precision = torch.finfo(self._checkpoint.model.dtype).bits // 8
        return 2 * int(config.decoder.decoder_layers * patches * config.decoder.d_model * precision)

    @contextmanager
    def _checking(self, context: ReadContext) -> Iterator[None]:
        """Check for a stop between decoding steps and between encoder layers, at most every ``check_seconds``."""
        checked = time.monotonic()

        def check() -> None:
            nonlocal checked
            if time.monotonic() - checked >= self._check_seconds:
                checked = time.monotonic()
                context.check()

        context.check()
        self._check = check
        try:
            yield
        finally:
            self._check = lambda: None


def load(model: str, settings: Settings) -> TrocrEngine:
    """The engine for the registry: in bfloat16 on a GPU, on a CPU in the precision that is set.

    Args:
        model: A hub name, or a directory with a checkpoint.
        settings: ``cpu_precision`` is used.

    Raises:
        ModelUnavailable: The checkpoint is not available, has no weights in safetensors, or is not TrOCR's.
    """
    directory = hub.checkpoint(model)
    if not hub.is_complete(directory):
        raise ModelUnavailable(
            f"{model} has no complete set of weights in safetensors; convert them with transformers' save_pretrained",
            field="model_name",
        )
    if torch.cuda.is_available():
        checkpoint = load_checkpoint(directory, torch.device("cuda"), torch.bfloat16)
    else:
        torch.set_num_threads(1)  # processes are the parallelism
        checkpoint = load_checkpoint(directory, torch.device("cpu"), getattr(torch, settings.cpu_precision))
    return TrocrEngine(f"trocr/{model}", checkpoint)


def _encoder_layers(model: Any) -> list[Any]:
    """The encoder's layers in order; empty where they are not found, and then encoding is not interrupted."""
    lists = (each for each in model.encoder.modules() if isinstance(each, torch.nn.ModuleList))
    return list(next(lists, []))
