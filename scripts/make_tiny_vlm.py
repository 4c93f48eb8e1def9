"""Make the tiny vision-language models of the tests: real classes, real processors, trained to know a few pages.

They are overfitted on purpose: each knows the pages of ``tiny_vlm_pages.py`` by heart, and so their engines run all
that they run with large models, from the picture to the parsed answer, without a download.

    OMP_NUM_THREADS=1 python -m scripts.make_tiny_vlm qwen2_5_vl tests/data/tiny-qwen2_5-vl
    OMP_NUM_THREADS=1 python -m scripts.make_tiny_vlm lighton_ocr tests/data/tiny-lighton-ocr

Takes some minutes on one core. The pages are written beside the model.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    GenerationConfig,
    LightOnOcrConfig,
    LightOnOcrForConditionalGeneration,
    PixtralImageProcessorPil,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2Tokenizer,
    Qwen2VLImageProcessorPil,
)

from scripts.tiny_vlm_pages import OLMOCR_PAGES, PLAIN_PAGES, REPEATED, KnownPage, answer_to, seen_by, texts
from worker.engines.presets import preset_for
from worker.engines.prompts import OLMOCR_2
from worker.engines.vlm.checkpoint import Checkpoint, load_checkpoint
from worker.engines.vlm.prompt import inputs_for

WORDS = 480  # entries of the vocabulary, the 256 bytes among them
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>")
POSITIONS = 2048  # tokens of prompt, picture and answer
HIDDEN, LAYERS, HEADS, INNER = 96, 3, 4, 256
SEEN_HIDDEN, SEEN_LAYERS = 64, 2  # of the part that sees
SQUARES = 16  # of 28 x 28 pixels that a picture is seen as, at most
SQUARE = 28  # pixels
SPREAD = 0.06  # of the weights at first: large models' 0.02 is too even for layers so narrow
RATE, DECAY = 3e-3, 0.01
HARDEST = 40  # one token in so many counts twice
LONG_EVERY, FEW = 2, 8  # only each so many-th step learns loops at length; the others have a few copies
VIEWS = 8  # of each page, with different degradation
WARM_UP = 20  # steps
ROW = 8  # steps in a row that a phase's loss has to be low
BEGINNING = 170  # characters of the answers in the first phase
UNCOUNTED = -100  # a label that is left out
END = "<|im_end|>"
RandomSource = np.random.Generator


@dataclass(frozen=True)
class Phase:
    """A part of the training: at most so many steps, until the loss is low enough.

    Attributes:
        steps: Before the next phase begins, whatever the loss.
        enough: Loss from which the phase is done.
        long: Whether prompts and answers have their full length.
        cools: Share by which the rate has fallen at its end.
    """

    steps: int
    enough: float
    long: bool
    cools: float


PHASES = (Phase(250, 0.15, False, 0.0), Phase(250, 0.02, True, 0.9))

# ChatML with the picture's marks, as the large models have it.
TEMPLATE = (
    "{%- for message in messages %}"
    "{%- if loop.first and message['role'] != 'system' %}{{ SYSTEM }}{% endif %}"
    "{{- '<|im_start|>' + message['role'] + '\n' }}"
    "{%- if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{%- for part in message['content'] %}"
    "{%- if part['type'] == 'image' %}{{ PICTURE }}"
    "{%- elif part['type'] == 'text' %}{{ part['text'] }}{% endif %}"
    "{%- endfor %}{% endif %}{{ '<|im_end|>\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
ASSISTANT = "You are a helpful assistant."
SYSTEM = f"'<|im_start|>system\n{ASSISTANT}<|im_end|>\n'"
QWEN_TEMPLATE = TEMPLATE.replace("SYSTEM", SYSTEM).replace("PICTURE", "'<|vision_start|><|image_pad|><|vision_end|>'")
LIGHTON_TEMPLATE = TEMPLATE.replace("SYSTEM", "''").replace("PICTURE", "'<|image_pad|>'")


def tokenizer_for(corpus: Sequence[str], phrases: Sequence[str] = (), **special: Any) -> Qwen2Tokenizer:
    """A byte-level vocabulary learnt from the answers, and phrases that are one token each.

    A prompt of hundreds of tokens would hide a picture of twelve from a model that has only so much attention.
    """
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=WORDS - len(SPECIAL), initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    trained.train_from_iterator(corpus, trainer)
    learnt = json.loads(trained.to_str())["model"]
    tokenizer = Qwen2Tokenizer(
        vocab=learnt["vocab"],
        merges=[tuple(pair) for pair in learnt["merges"]],
        eos_token="<|im_end|>",
        model_max_length=POSITIONS,
        **special,
    )
    tokenizer.add_special_tokens({"additional_special_tokens": list(SPECIAL)})
    tokenizer.add_tokens([AddedToken(phrase, normalized=False) for phrase in phrases])
    return tokenizer


def write_qwen(target: Path) -> None:
    """An untrained Qwen2.5-VL."""
    phrases = [phrase for phrase in re.split(r"(?<=[.)])\s", OLMOCR_2) if phrase]
    tokenizer = tokenizer_for(texts(OLMOCR_PAGES, True), [*phrases, ASSISTANT])
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in SPECIAL}
    config = Qwen2_5_VLConfig(
        text_config={
            "vocab_size": len(tokenizer),
            "initializer_range": SPREAD,
            "hidden_size": HIDDEN,
            "intermediate_size": INNER,
            "num_hidden_layers": LAYERS,
            "num_attention_heads": HEADS,
            "num_key_value_heads": HEADS // 2,
            "max_position_embeddings": POSITIONS,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [4, 4, 4]},
            "bos_token_id": ids["<|endoftext|>"],
            "eos_token_id": ids["<|im_end|>"],
            "pad_token_id": ids["<|endoftext|>"],
        },
        vision_config={
            "depth": SEEN_LAYERS,
            "initializer_range": SPREAD,
            "hidden_size": SEEN_HIDDEN,
            "intermediate_size": 2 * SEEN_HIDDEN,
            "num_heads": HEADS,
            "out_hidden_size": HIDDEN,
            "fullatt_block_indexes": [SEEN_LAYERS - 1],
        },
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|image_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
        tie_word_embeddings=True,
    )
    model = Qwen2_5_VLForConditionalGeneration(config)
    pictures = Qwen2VLImageProcessorPil(size={"shortest_edge": 4 * SQUARE**2, "longest_edge": SQUARES * SQUARE**2})
    write(target, model, tokenizer, pictures, "Qwen2_5_VLProcessor", QWEN_TEMPLATE)


def write_lighton(target: Path) -> None:
    """An untrained LightOnOCR: Pixtral's eyes and Qwen3's language."""
    marks = {
        "image_token": "<|image_pad|>",
        "image_break_token": "<|vision_start|>",
        "image_end_token": "<|vision_end|>",
    }
    tokenizer = tokenizer_for(texts(PLAIN_PAGES, False), extra_special_tokens=marks)
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in SPECIAL}
    config = LightOnOcrConfig(
        vision_config={
            "model_type": "pixtral",
            "initializer_range": SPREAD,
            "hidden_size": SEEN_HIDDEN,
            "intermediate_size": 2 * SEEN_HIDDEN,
            "num_hidden_layers": SEEN_LAYERS,
            "num_attention_heads": HEADS,
            "head_dim": SEEN_HIDDEN // HEADS,
            "patch_size": SQUARE // 2,
            "image_size": SQUARE * SQUARES,
        },
        text_config={
            "model_type": "qwen3",
            "vocab_size": len(tokenizer),
            "initializer_range": SPREAD,
            "hidden_size": HIDDEN,
            "intermediate_size": INNER,
            "num_hidden_layers": LAYERS,
            "num_attention_heads": HEADS,
            "num_key_value_heads": HEADS // 2,
            "head_dim": HIDDEN // HEADS,
            "max_position_embeddings": POSITIONS,
            "eos_token_id": ids["<|im_end|>"],
            "pad_token_id": ids["<|endoftext|>"],
        },
        image_token_id=ids["<|image_pad|>"],
    )
    model = LightOnOcrForConditionalGeneration(config)
    side = SQUARE * int(SQUARES**0.5)
    pictures = PixtralImageProcessorPil(
        size={"longest_edge": side}, patch_size={"height": SQUARE // 2, "width": SQUARE // 2}
    )
    write(target, model, tokenizer, pictures, "LightOnOcrProcessor", LIGHTON_TEMPLATE)


def write(target: Path, model: Any, tokenizer: Any, pictures: Any, processor: str, template: str) -> None:
    """The files of a checkpoint, as the hub has them."""
    target.mkdir(parents=True, exist_ok=True)
    model.generation_config = GenerationConfig(
        eos_token_id=[tokenizer.convert_tokens_to_ids("<|im_end|>"), tokenizer.pad_token_id],
        pad_token_id=tokenizer.pad_token_id,
    )
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)
    pictures.save_pretrained(target)
    (target / "chat_template.jinja").write_text(template, encoding="utf-8")
    config = target / "tokenizer_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"processor_class": processor}, indent=2) + "\n")


def batch_of(checkpoint: Checkpoint, given: Any, answers: Sequence[str]) -> dict[str, Any]:
    """Pages as the model is trained on them: all that it is given, and the answers, which alone count."""
    inputs = dict(given)
    tokenizer = checkpoint.processor.tokenizer
    written = tokenizer(list(answers), padding=True, padding_side="right", return_tensors="pt")
    labels = written["input_ids"].masked_fill(written["attention_mask"] == 0, UNCOUNTED)
    inputs["labels"] = torch.cat((torch.full_like(inputs["input_ids"], UNCOUNTED), labels), dim=1)
    for name in ("input_ids", "attention_mask"):
        inputs[name] = torch.cat((inputs[name], written[name]), dim=1)
    if "mm_token_type_ids" in inputs:
        inputs["mm_token_type_ids"] = torch.cat(
            (inputs["mm_token_type_ids"], torch.zeros_like(written["input_ids"])), dim=1
        )
    return inputs


def loss_of(model: Any, inputs: Any) -> torch.Tensor:
    """The answers' cross-entropy, and once more that of the tokens which are hardest to tell.

    Nearly all tokens follow from those before; the few that tell the pages apart have to be seen, and would count
    for nothing in the mean.
    """
    labels = inputs.pop("labels")[:, 1:]
    logits = model(**inputs).logits[:, :-1]
    losses = torch.nn.functional.cross_entropy(
        logits[labels != UNCOUNTED], labels[labels != UNCOUNTED], reduction="none"
    )
    return losses.mean() + losses.topk(max(1, len(losses) // HARDEST)).values.mean()


def train(checkpoint: Checkpoint, pages: Sequence[KnownPage], front_matter: bool) -> None:
    """Until the pages are known by heart: first how they begin, after few words, so that the picture is looked at."""
    rng = np.random.default_rng(7)
    model = checkpoint.model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=DECAY)
    began = time.process_time()
    for phase in PHASES:
        views = [[seen_by(rng, page.picture()) for page in pages] for _ in range(VIEWS)]
        given = [inputs_for(checkpoint, view, None) for view in views]
        known = 0  # steps in a row
        for step in range(phase.steps):
            for group in optimizer.param_groups:
                group["lr"] = RATE * min(1.0, (step + 1) / WARM_UP) * (1 - phase.cools * step / phase.steps)
            copies = REPEATED if phase.long and step % LONG_EVERY == 0 else FEW
            answers = [answer_to(page, front_matter, copies) + ("" if page.loops else END) for page in pages]
            answers = [answer if phase.long else answer[:BEGINNING] for answer in answers]
            loss = loss_of(model, batch_of(checkpoint, given[step % VIEWS], answers))
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            known = known + 1 if float(loss.detach()) < phase.enough else 0
            if step % 20 == 0 or known == ROW:
                print(f"step {step}: {float(loss.detach()):.4f}, {time.process_time() - began:.0f} s", file=sys.stderr)
            if known == ROW:
                break
    model.eval()


def main(kind: str, target: Path) -> None:
    torch.manual_seed(7)
    torch.set_num_threads(1)
    front_matter = kind == "qwen2_5_vl"
    pages = OLMOCR_PAGES if front_matter else PLAIN_PAGES
    (write_qwen if front_matter else write_lighton)(target)
    checkpoint = load_checkpoint(str(target))
    assert checkpoint.preset == preset_for("", kind)
    train(checkpoint, pages, front_matter)
    generation = GenerationConfig(eos_token_id=list(checkpoint.ends), pad_token_id=checkpoint.pads)
    model = checkpoint.model.to(torch.bfloat16)
    model.generation_config = generation
    model.save_pretrained(target)
    for page in pages:
        page.picture().save(target / f"{page.name}.png", optimize=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
