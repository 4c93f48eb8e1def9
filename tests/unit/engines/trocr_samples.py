"""Lines drawn for TrOCR's tests, and small checkpoints with random weights."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from transformers import (
    TrOCRConfig,
    TrOCRForCausalLM,
    TrOCRProcessor,
    VisionEncoderDecoderConfig,
    VisionEncoderDecoderModel,
    ViTConfig,
    ViTModel,
)

from worker.page import Pixels

TINY = Path(__file__).parents[2] / "data" / "tiny-trocr"
WORDS = (TINY / "words.txt").read_text(encoding="utf-8").split()
FONT_PIXELS = 30
MARGIN = 4  # pixels of ground around the ink, about as the detector cuts


def some_lines(count: int, seed: int = 5) -> list[str]:
    rng = random.Random(seed)
    return [" ".join(rng.sample(WORDS, rng.randint(1, 5))) for _ in range(count)]


def drawn(text: str, size: int = FONT_PIXELS) -> Pixels:
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(text)
    line = Image.new("RGB", (int(right - left) + 2 * MARGIN, int(bottom - top) + 2 * MARGIN), "white")
    ImageDraw.Draw(line).text((MARGIN - left, MARGIN - top), text, font=font, fill="black")
    return np.ascontiguousarray(np.asarray(line)[:, :, ::-1])


def save_random(folder: Path, **decoder: Any) -> Path:
    """A checkpoint of random weights in the tiny one's proportions, with its processor."""
    torch.manual_seed(3)
    vision = ViTConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        image_size=(24, 432),
        patch_size=(24, 24),
    )
    text = TrOCRConfig(
        **{
            "vocab_size": 57,
            "d_model": 48,
            "decoder_layers": 2,
            "decoder_attention_heads": 2,
            "decoder_ffn_dim": 64,
            "cross_attention_hidden_size": 32,
            "init_std": 0.3,
            "is_decoder": True,
            "add_cross_attention": True,
            **decoder,
        }
    )
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(vision, text)
    model: Any = VisionEncoderDecoderModel(config=config, encoder=ViTModel(vision), decoder=TrOCRForCausalLM(text))
    for settings in (model.config, model.generation_config):
        settings.decoder_start_token_id, settings.pad_token_id, settings.eos_token_id = 2, 1, 2
    model.save_pretrained(folder)
    TrOCRProcessor.from_pretrained(TINY).save_pretrained(folder)
    return folder
