"""Attention, in the fastest implementation for the model's device."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface

ENCODER_ATTENTION = "ocrq_plain"  # the name transformers knows :func:`attend` by


def attend(queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None = None) -> Tensor:
    """Scaled dot-product attention.

    On a CPU in bfloat16, torch's fused kernel takes up to six times as long as the plain products for the few queries
    of a decoding step (torch 2.13, see benchmarks/results/trocr.md).

    Args:
        queries: n x heads x rows x width.
        keys: n x heads x places x width.
        values: As ``keys``.
        mask: n x 1 x rows x places, True where a row may attend; None if everywhere.

    Returns:
        As ``queries``.
    """
    if queries.is_cuda or queries.dtype != torch.bfloat16:
        return scaled_dot_product_attention(queries, keys, values, attn_mask=mask)
    scores = torch.matmul(queries / math.sqrt(queries.shape[-1]), keys.transpose(-1, -2))
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    return torch.matmul(scores.softmax(-1), values)


def use_in_encoder(model: Any) -> None:
    """Have a ViT or DeiT encoder of transformers attend this way; one of another kind is left as it is."""

    def forward(
        module: Any, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **_: Any
    ) -> tuple[Tensor, None]:
        seen = attend(query.contiguous(), key.contiguous(), value.contiguous(), attention_mask)
        return seen.transpose(1, 2).contiguous(), None

    if model.config.encoder.model_type in {"vit", "deit"}:
        AttentionInterface.register(ENCODER_ATTENTION, forward)
        model.encoder.set_attn_implementation(ENCODER_ATTENTION)
