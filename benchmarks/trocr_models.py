"""TrOCR's published sizes with random weights: as fast as the real ones, and no download."""

from __future__ import annotations

from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models
from transformers import (
    PreTrainedTokenizerFast,
    TrOCRConfig,
    TrOCRForCausalLM,
    TrOCRProcessor,
    VisionEncoderDecoderConfig,
    VisionEncoderDecoderModel,
    ViTConfig,
    ViTImageProcessorPil,
    ViTModel,
)

VOCABULARY = 50265
ENCODERS: dict[str, dict[str, Any]] = {
    "base": {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072},
    "large": {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096},
}
DECODERS: dict[str, dict[str, Any]] = {
    "base": {"max_position_embeddings": 512},
    "large": {
        "activation_function": "relu",
        "layernorm_embedding": False,
        "max_position_embeddings": 1024,
        "scale_embedding": True,
        "use_learned_position_embeddings": False,
    },
}


def make_model(size: str, seed: int = 0) -> Any:
    """A model of microsoft/trocr-base-printed's or -large-printed's shape, float32, in evaluation mode."""
    torch.manual_seed(seed)
    encoder = ViTConfig(**ENCODERS[size], image_size=384, patch_size=16, qkv_bias=False)
    decoder = TrOCRConfig(
        **DECODERS[size],
        vocab_size=VOCABULARY,
        d_model=1024,
        decoder_layers=12,
        decoder_attention_heads=16,
        decoder_ffn_dim=4096,
        cross_attention_hidden_size=encoder.hidden_size,
        is_decoder=True,
        add_cross_attention=True,
    )
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(encoder, decoder)
    model: Any = VisionEncoderDecoderModel(
        config=config, encoder=ViTModel(encoder, add_pooling_layer=False), decoder=TrOCRForCausalLM(decoder)
    )
    for settings in (model.config, model.generation_config):
        settings.decoder_start_token_id, settings.pad_token_id, settings.eos_token_id = 2, 1, 2
    return model.eval().requires_grad_(False)


def make_processor() -> TrOCRProcessor:
    """The image processor of the published models, and a tokenizer of their size."""
    vocabulary = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3} | {f"t{i}": i for i in range(4, VOCABULARY)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.decoder = decoders.Fuse()
    return TrOCRProcessor(
        image_processor=ViTImageProcessorPil(
            size={"height": 384, "width": 384}, image_mean=[0.5] * 3, image_std=[0.5] * 3
        ),
        tokenizer=PreTrainedTokenizerFast(
            tokenizer_object=tokenizer, bos_token="<s>", pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
        ),
    )
