"""Train the tiny TrOCR that the tests read with: a ViT encoder and TrOCR's decoder, under 3 MB, on one CPU core.

    python -m scripts.make_tiny_trocr [--steps 6000] [--folder tests/data/tiny-trocr]

It reads lines of the words in the folder's ``words.txt``. The checkpoint is one of transformers' own: the image
processor is Donut's, which keeps a line's proportions, so that a model this small need not learn every stretch.
A CTC loss on the encoder stands beside the decoder's, so that the two find each other soon (Kim, Hori and Watanabe,
arXiv:1609.06773); the head it needs is not saved.
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, processors
from torch import nn
from transformers import (
    DonutImageProcessorPil,
    PreTrainedTokenizerFast,
    TrOCRConfig,
    TrOCRForCausalLM,
    TrOCRProcessor,
    VisionEncoderDecoderConfig,
    VisionEncoderDecoderModel,
    ViTConfig,
    ViTModel,
)

from scripts.tiny_trocr_lines import HEIGHT, MOST_CHARACTERS, WIDTH, Lines

PATCH_WIDTH = 6  # pixels; a patch is as high as the line
HIDDEN, HEADS, FEED_FORWARD = 96, 3, 288
ENCODER_LAYERS, DECODER_LAYERS = 4, 2
POSITIONS = 64  # tokens a line can have: MOST_CHARACTERS and the end, with some room
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")  # ids 0 to 3, as in TrOCR's own vocabulary
CTC_SHARE = 0.4  # of the loss
SMOOTHING = 0.02  # of the labels, until the polish: it steadies training, and makes the model less sure than it is
RATE, WARM_UP_STEPS, SMALLEST_RATE = 2e-3, 150, 0.01  # the last as a share of the first
CLIP = 1.0  # norm of the gradient
TINT = 60  # grey levels by which ink and ground may differ from channel to channel


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("tests/data/tiny-trocr"))
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--resume", action="store_true", help="Polish the folder's weights: half the rate, no CTC, no smoothing."
    )
    parser.add_argument("--save-every", type=int, default=500, help="Steps.")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    words = (options.folder / "words.txt").read_text(encoding="utf-8").split()
    processor = make_processor(words)
    model = make_model(len(processor.tokenizer))
    if options.resume:
        weights = VisionEncoderDecoderModel.from_pretrained(options.folder, dtype=torch.float32).state_dict()
        model.load_state_dict({name: weights[name] for name in model.state_dict()})
    train(model, processor, Lines(words, options.seed), options)


def make_processor(words: list[str]) -> TrOCRProcessor:
    """Images as Donut fits them; tokens are single characters."""
    characters = sorted({*"".join(words), " ", *"abcdefghijklmnopqrstuvwxyz0123456789."})
    vocabulary = {token: index for index, token in enumerate((*SPECIAL, *characters))}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 2)])
    tokenizer.decoder = decoders.Fuse()
    return TrOCRProcessor(
        image_processor=DonutImageProcessorPil(size={"height": HEIGHT, "width": WIDTH}, do_align_long_axis=False),
        tokenizer=PreTrainedTokenizerFast(
            tokenizer_object=tokenizer,
            bos_token="<s>",
            pad_token="<pad>",
            eos_token="</s>",
            unk_token="<unk>",
            clean_up_tokenization_spaces=False,
            model_max_length=POSITIONS,
        ),
    )


def make_model(vocabulary: int) -> VisionEncoderDecoderModel:
    """The model with random weights; positions start as sinusoids, so that near patches look alike from the start."""
    encoder = ViTConfig(
        hidden_size=HIDDEN,
        num_hidden_layers=ENCODER_LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=FEED_FORWARD,
        image_size=(HEIGHT, WIDTH),
        patch_size=(HEIGHT, PATCH_WIDTH),
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    decoder = TrOCRConfig(
        vocab_size=vocabulary,
        d_model=HIDDEN,
        decoder_layers=DECODER_LAYERS,
        decoder_attention_heads=HEADS,
        decoder_ffn_dim=FEED_FORWARD,
        max_position_embeddings=POSITIONS,
        dropout=0.0,
        cross_attention_hidden_size=HIDDEN,
        is_decoder=True,
        add_cross_attention=True,
    )
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(encoder, decoder)
    model = VisionEncoderDecoderModel(config=config, encoder=ViTModel(encoder), decoder=TrOCRForCausalLM(decoder))
    for settings in (model.config, model.generation_config):
        settings.decoder_start_token_id, settings.pad_token_id, settings.eos_token_id = 2, 1, 2
    model.generation_config.max_length = POSITIONS
    with torch.no_grad():
        table = model.encoder.embeddings.position_embeddings
        table.copy_(0.3 * sinusoids(table.shape[1]))
        positions = model.decoder.model.decoder.embed_positions.weight
        positions.copy_(0.3 * sinusoids(positions.shape[0])[0])
    return model


def sinusoids(count: int) -> torch.Tensor:
    """1 x count x HIDDEN, as in "Attention is all you need"."""
    steps = torch.exp(torch.arange(0, HIDDEN, 2) * (-math.log(1000.0) / HIDDEN))
    angles = torch.arange(count).unsqueeze(1) * steps
    return torch.cat([angles.sin(), angles.cos()], dim=1).unsqueeze(0)


def train(model: Any, processor: TrOCRProcessor, lines: Lines, options: argparse.Namespace) -> None:
    """Steps of gradient descent, saved now and then."""
    head = nn.Linear(HIDDEN, len(processor.tokenizer))
    optimizers = make_optimizers(model, head, RATE / 2 if options.resume else RATE)
    ctc_share = 0.0 if options.resume else CTC_SHARE
    schedules = [torch.optim.lr_scheduler.LambdaLR(each, lambda step: rate(step, options.steps)) for each in optimizers]
    random, shown, began = np.random.default_rng(options.seed), [], time.process_time()
    for step in range(1, options.steps + 1):
        texts, greys = lines.take(options.batch)
        labels = processor.tokenizer(texts, padding=True, return_tensors="pt").input_ids
        loss, parts = losses(model, head, coloured(greys, random), labels, ctc_share)
        loss.backward()
        nn.utils.clip_grad_norm_([*model.parameters(), *head.parameters()], CLIP)
        for each in (*optimizers, *schedules):
            each.step()
        model.zero_grad(set_to_none=True)
        head.zero_grad(set_to_none=True)
        shown.append(parts)
        if step % 50 == 0:
            means = " ".join(f"{value:.3f}" for value in np.mean(shown, axis=0))
            print(f"step {step}: decoder, CTC, tokens right: {means}; {time.process_time() - began:.0f} s", flush=True)
            shown = []
        if step % options.save_every == 0 or step == options.steps:
            save(model, processor, options.folder)


def losses(
    model: Any, head: nn.Linear, pixels: torch.Tensor, labels: torch.Tensor, ctc_share: float
) -> tuple[torch.Tensor, Any]:
    """The loss to descend, and for the log: the decoder's, the CTC one, and the share of tokens that are right."""
    hidden = model.encoder(pixel_values=pixels).last_hidden_state
    given = torch.cat([torch.full_like(labels[:, :1], 2), labels[:, :-1]], dim=1)
    logits = model.decoder(input_ids=given, encoder_hidden_states=hidden, use_cache=False).logits
    counted = labels != 1
    decoder = nn.functional.cross_entropy(
        logits[counted], labels[counted], label_smoothing=SMOOTHING if ctc_share else 0.0
    )
    scores = head(hidden[:, 1:]).log_softmax(-1).transpose(0, 1)
    lengths = counted.sum(1) - 1  # without the end
    ctc = nn.functional.ctc_loss(
        scores, labels, torch.full_like(lengths, scores.shape[0]), lengths, blank=1, zero_infinity=True
    )
    right = (logits.argmax(-1) == labels)[counted].float().mean()
    return (1 - ctc_share) * decoder + ctc_share * ctc, (decoder.item(), ctc.item(), right.item())


def coloured(greys: np.ndarray, random: np.random.Generator) -> torch.Tensor:
    """Pictures as the processor gives them, ink and ground in colours of their own: N x 3 x H x W, -1 to 1."""
    shares = torch.from_numpy(greys).float().div(255).unsqueeze(1)
    dark = torch.from_numpy(random.uniform(0, TINT / 255, (len(greys), 3, 1, 1)).astype(np.float32))
    light = torch.from_numpy(random.uniform(1 - TINT / 255, 1, (len(greys), 3, 1, 1)).astype(np.float32))
    plain = torch.from_numpy(random.random((len(greys), 1, 1, 1)) < 0.6)
    tinted = torch.where(shares > 0, dark + shares * (light - dark), 0.0)  # padding stays black
    return torch.where(plain, shares.expand_as(tinted), tinted) * 2 - 1


def make_optimizers(model: Any, head: nn.Linear, top: float) -> list[torch.optim.Optimizer]:
    """Muon (Jordan, 2024; arXiv:2502.16982) for the layers' matrices, AdamW for all else."""
    named = dict(model.named_parameters())
    matrices = [value for name, value in named.items() if value.ndim == 2 and "layer" in name]
    others = [value for value in named.values() if all(value is not each for each in matrices)]
    return [
        torch.optim.Muon(matrices, lr=top, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW([*others, *head.parameters()], lr=top, betas=(0.9, 0.98), weight_decay=0.01),
    ]


def rate(step: int, steps: int) -> float:
    """Share of the full learning rate: up in a line, down in a cosine."""
    warm_up = min(WARM_UP_STEPS, steps // 10)
    if step < warm_up:
        return (step + 1) / warm_up
    done = (step - warm_up) / max(1, steps - warm_up)
    return SMALLEST_RATE + (1 - SMALLEST_RATE) * 0.5 * (1 + math.cos(math.pi * done))


def save(model: Any, processor: TrOCRProcessor, folder: Path) -> None:
    """Weights in half precision, and all that TrOCRProcessor needs."""
    copy.deepcopy(model).half().save_pretrained(folder)
    processor.save_pretrained(folder)


if __name__ == "__main__":
    assert MOST_CHARACTERS < POSITIONS
    main()
