"""Load a TrOCR checkpoint: safetensors only, never code, with the known faults of old checkpoints corrected."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import TrOCRProcessor, VisionEncoderDecoderModel

from ocrq.errors import ModelUnavailable
from worker.engines.trocr.beams import Vocabulary

UNUSED = "encoder.pooler."  # part of ViT that TrOCR does not use, so it may be missing


@dataclass(frozen=True)
class Checkpoint:
    """A model with its processor and special tokens.

    Attributes:
        model: A VisionEncoderDecoderModel with TrOCR's decoder, in evaluation mode, on its device.
        processor: A TrOCRProcessor: pictures to pixels, tokens to text.
        vocabulary: Special tokens.
    """

    model: Any
    processor: Any
    vocabulary: Vocabulary


def load_checkpoint(directory: Path, device: torch.device, dtype: torch.dtype) -> Checkpoint:
    """Load the checkpoint of a directory.

    Args:
        directory: Holds the configuration, weights in safetensors, the image processor's and the tokenizer's files.
        device: Where it computes.
        dtype: Precision of weights and sums.

    Raises:
        ModelUnavailable: No weights in safetensors, no TrOCR decoder, or a file is missing or damaged.
    """
    try:
        loaded: Any = VisionEncoderDecoderModel.from_pretrained(
            directory,
            use_safetensors=True,
            dtype=dtype,
            local_files_only=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
        processor = TrOCRProcessor.from_pretrained(directory, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise _unavailable(directory, f"could not be loaded ({type(error).__name__})") from error
    model, report = loaded
    if getattr(model.config.decoder, "model_type", None) != "trocr":
        raise _unavailable(directory, "has no decoder of TrOCR's kind")
    missing = sorted(name for name in report["missing_keys"] if not name.startswith(UNUSED))
    if missing:  # transformers would initialise them at random
        raise _unavailable(directory, f"lacks weights ({missing[0]} and others)")
    settle_positions(model)
    model.to(device=device, dtype=dtype).eval().requires_grad_(False)
    settle_positions(model)
    model.config.use_cache = model.config.decoder.use_cache = True  # old configurations switch it off
    return Checkpoint(model, processor, vocabulary_of(model))


def settle_positions(model: Any) -> None:
    """Rebuild a sinusoidal position table on the device and in the precision of the weights.

    The table is computed and not stored, and ``from_pretrained`` of transformers 5 leaves it on the meta device, where
    it has no values; nor does ``model.to`` move it, as it is not a buffer.
    """
    decoder = model.decoder.model.decoder
    positions = decoder.embed_positions
    if isinstance(positions, torch.nn.Embedding):
        return
    rows = int(positions.weights.shape[0])
    like = decoder.embed_tokens.weight
    table = positions.get_embedding(rows, positions.embedding_dim, positions.padding_idx)
    positions.weights = table.to(device=like.device, dtype=like.dtype)


def vocabulary_of(model: Any) -> Vocabulary:
    """The special tokens, each from the first configuration that names it: the files of old checkpoints disagree."""
    sources = (model.generation_config, model.config, model.config.decoder)

    def declared(name: str) -> int | None:
        values = (getattr(source, name, None) for source in sources)
        return next((value if isinstance(value, int) else value[0] for value in values if value is not None), None)

    end = declared("eos_token_id")
    start = declared("decoder_start_token_id")
    padding = declared("pad_token_id")
    if end is None:
        raise ModelUnavailable("the model's configuration names no eos_token_id", field="model_name")
    return Vocabulary(start=end if start is None else start, end=end, padding=end if padding is None else padding)


def _unavailable(directory: Path, what: str) -> ModelUnavailable:
    remedy = "TrOCR needs config.json, model.safetensors, preprocessor_config.json and the tokenizer's files"
    return ModelUnavailable(f"the model in {directory.name} {what}; {remedy}", field="model_name")
