"""Model inputs of pages: images at the size that the model was trained on, and the prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from PIL import Image

from worker.engines.vlm.checkpoint import Checkpoint
from worker.page import Pixels

MIN_SIDE = 56  # pixels: two patches of these models; smaller images get a white margin
MAX_STRETCH = 100  # sides in a ratio above this are refused by Qwen's processor (200), so they get a margin too
WHITE = (255, 255, 255)


def inputs_for(checkpoint: Checkpoint, pages: Sequence[Pixels], prompt: str | None) -> Any:
    """Arguments of ``generate`` for a batch, on the model's device.

    Args:
        checkpoint: Its processor makes them.
        pages: Upright, BGR.
        prompt: The caller's; None for the preset's.
    """
    pictures = [picture_of(pixels, checkpoint.preset.longest_side) for pixels in pages]
    text = prompt_text(checkpoint, prompt)
    options: dict[str, Any] = {"padding": True, "return_tensors": "pt"}
    if text is None:
        inputs = checkpoint.processor(images=pictures, **options)
    else:
        inputs = checkpoint.processor(
            images=[[picture] for picture in pictures], text=[text] * len(pictures), **options
        )
    return inputs.to(checkpoint.model.device, dtype=checkpoint.model.dtype)


def prompt_text(checkpoint: Checkpoint, prompt: str | None) -> str | None:
    """The prompt in the model's chat form, with a placeholder for the image; None where its processor writes it."""
    asked = checkpoint.preset.prompt if prompt is None else prompt
    processor = checkpoint.processor
    if not processor.chat_template:
        return None if asked is None else f"{processor.image_token}\n{asked}"
    picture: dict[str, str] = {"type": "image"}
    parts = [picture] if asked is None else [picture, {"type": "text", "text": asked}]
    content = parts if checkpoint.preset.picture_first else parts[::-1]
    messages = [{"role": "user", "content": content}]
    return str(processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))


def picture_of(pixels: Pixels, longest_side: int | None) -> Image.Image:
    """The image of a page for these models.

    Args:
        pixels: BGR.
        longest_side: Pixels that the picture is scaled down to; None leaves it.
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, longest_side / max(height, width)) if longest_side else 1.0
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        height, width = pixels.shape[:2]
    least = max(MIN_SIDE, -(-max(height, width) // MAX_STRETCH))
    below, right = max(0, least - height), max(0, least - width)
    if below or right:
        pixels = np.asarray(cv2.copyMakeBorder(pixels, 0, below, 0, right, cv2.BORDER_CONSTANT, value=WHITE), np.uint8)
    return Image.fromarray(np.ascontiguousarray(pixels[:, :, ::-1]))
