"""A vision-language checkpoint in memory: weights and processor, with or without torchvision."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
import transformers
from transformers import AutoConfig, AutoModelForImageTextToText, AutoProcessor, GenerationConfig
from transformers.models.auto.processing_auto import PROCESSOR_MAPPING

from ocrq.errors import ModelUnavailable
from worker.engines.presets import Preset, preset_for
from worker.models import hub

_PROCESSOR_FILES = ("processor_config.json", "preprocessor_config.json", "tokenizer_config.json")


@dataclass(frozen=True)
class Checkpoint:
    """A loaded model with its preset and processor.

    Attributes:
        name: As the operator lists it.
        preset: Prompt, image size and parser.
        model: On its device, in evaluation mode.
        processor: Makes inputs of images and prompts; batches are padded on the left.
        ends: Ids of the tokens that end an answer.
        pads: Id of the padding token.
    """

    name: str
    preset: Preset
    model: Any
    processor: Any
    ends: tuple[int, ...]
    pads: int

    @property
    def positions(self) -> int | None:
        """Tokens that prompt, image and answer may have together; None where the configuration has no limit."""
        limit = getattr(self.model.config.get_text_config(), "max_position_embeddings", None)
        return int(limit) if limit else None


def load_checkpoint(name: str) -> Checkpoint:
    """Load a checkpoint onto the GPU in bfloat16, or the CPU in single precision where there is none.

    Args:
        name: A hub name, or a directory. The operator's list allowed it; none of its code is ever run.

    Raises:
        ModelUnavailable: It is not available, its weights are not in safetensors, or this release of transformers does
            not support it.
    """
    directory = hub.checkpoint(name)
    if not hub.is_complete(directory):
        raise ModelUnavailable(
            f"{name} has no complete set of weights in safetensors; convert them", field="model_name"
        )
    try:
        config = AutoConfig.from_pretrained(directory, trust_remote_code=False, local_files_only=True)
        processor = _processor(directory, config)
    except (ValueError, KeyError) as error:
        detail = f"transformers {transformers.__version__} does not support {name} as a model that reads pages"
        raise ModelUnavailable(f"{detail}; use one of the models in docs/models.md", field="model_name") from error
    model = _model(directory)
    preset = preset_for(name, config.model_type)
    ends = _ends(model, processor.tokenizer, preset)
    model.generation_config = cast(Any, GenerationConfig)()  # without the checkpoint's own sampling and penalties
    pads = processor.tokenizer.pad_token_id
    return Checkpoint(name, preset, model, processor, ends, ends[0] if pads is None else pads)


def _model(directory: Path) -> Any:
    on_gpu = torch.cuda.is_available()
    model: Any = AutoModelForImageTextToText.from_pretrained(
        directory,
        dtype=torch.bfloat16 if on_gpu else torch.float32,
        use_safetensors=True,
        trust_remote_code=False,
        local_files_only=True,
    )
    return model.to("cuda" if on_gpu else "cpu").eval()


def _processor(directory: Path, config: Any) -> Any:
    """The processor; where torchvision is missing, without the one for videos, the only one that needs it."""
    options = {"trust_remote_code": False, "local_files_only": True}
    auto: Any = AutoProcessor
    try:
        processor = auto.from_pretrained(directory, **options)
    except ImportError:
        processor = _without_video(_processor_class(directory, config)).from_pretrained(directory, **options)
    processor.tokenizer.padding_side = "left"
    return processor


def _processor_class(directory: Path, config: Any) -> type[Any]:
    """The class that the checkpoint's files name, or the default for its type."""
    for file in _PROCESSOR_FILES:
        path = directory / file
        class_name = json.loads(path.read_text(encoding="utf-8")).get("processor_class") if path.is_file() else None
        if class_name and hasattr(transformers, class_name):
            return cast(type[Any], getattr(transformers, class_name))
    return cast(type[Any], PROCESSOR_MAPPING[type(config)])


def _without_video(processor_class: type[Any]) -> type[Any]:
    """The processor class without its video processor."""

    def attributes(_: type[Any]) -> list[str]:
        return [name for name in processor_class.get_attributes() if name != "video_processor"]

    return type(processor_class.__name__, (processor_class,), {"get_attributes": classmethod(attributes)})


def _ends(model: Any, tokenizer: Any, preset: Preset) -> tuple[int, ...]:
    declared = model.generation_config.eos_token_id
    listed = declared if isinstance(declared, list) else [declared]
    named = (tokenizer.convert_tokens_to_ids(token) for token in preset.stop if token in tokenizer.get_vocab())
    return tuple(dict.fromkeys(one for one in (*listed, tokenizer.eos_token_id, *named) if one is not None))
