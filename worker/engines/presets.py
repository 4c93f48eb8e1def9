"""Presets of the vision-language models that read whole pages: one table for the engines that run them.

Prompts, in :mod:`worker.engines.prompts`, and image sizes are the published ones: a model fine-tuned on one prompt
reads worse with another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from worker.engines import prompts

ParserName = Literal["front_matter", "html", "json", "layout_json", "markdown", "plain"]
"""A key of :data:`worker.engines.parsers.PARSERS`."""


@dataclass(frozen=True)
class Repetition:
    """When a generation counts as a loop: its end repeats one piece.

    Only exact repeats count: rows of a table may differ in one digit.

    Attributes:
        span: Tokens the repeats have to fill; dot leaders and empty cells of a table fill less.
        times: How often the piece has to be repeated.
        longest: Tokens of the longest piece searched for: about a page.
    """

    span: int = 256
    times: int = 4
    longest: int = 1024


@dataclass(frozen=True)
class Preset:
    """How a model is prompted, and how its answer is parsed.

    Attributes:
        name: In logs and ``/models``.
        names: Parts of hub names, lower case; of several that match, the longest decides.
        model_types: The ``model_type`` in ``config.json``, for checkpoints whose name matches no preset.
        prompt: None where the model was trained on the picture alone, or its processor writes the prompt.
        parser: Parses the answer.
        longest_side: Pixels a page's longest side is scaled down to; None leaves it to the model's own processor.
        max_new_tokens: Of an answer, unless the caller wants fewer.
        picture_first: Whether the image comes before the prompt.
        stop: Tokens that end an answer, beside those of the checkpoint.
        repetition: When an answer counts as a loop.
    """

    name: str
    names: tuple[str, ...]
    prompt: str | None
    parser: ParserName
    model_types: tuple[str, ...] = ()
    longest_side: int | None = None
    max_new_tokens: int = 4096
    picture_first: bool = True
    stop: tuple[str, ...] = ()
    repetition: Repetition = field(default_factory=Repetition)


PRESETS: tuple[Preset, ...] = (
    Preset(  # allenai/olmOCR-2-7B-1025; as the olmocr toolkit 0.4 asks it
        name="olmocr-2",
        names=("olmocr", "olmocr-2"),
        model_types=("qwen2_5_vl",),
        prompt=prompts.OLMOCR_2,
        parser="front_matter",
        longest_side=1288,
        max_new_tokens=8000,
        picture_first=False,
    ),
    Preset(  # allenai/olmOCR-7B-0725 and -0825; tables in Markdown
        name="olmocr-1",
        names=("olmocr-7b", "olmocr-7b-0725", "olmocr-7b-0825"),
        prompt=prompts.OLMOCR_1,
        parser="front_matter",
        longest_side=1288,
        max_new_tokens=4500,
        picture_first=False,
    ),
    Preset(  # the first one, on Qwen2-VL, which answers in JSON
        name="olmocr-preview",
        names=("olmocr-7b-0225",),
        prompt=prompts.OLMOCR_PREVIEW,
        parser="json",
        longest_side=1024,
        max_new_tokens=3000,
        picture_first=False,
    ),
    Preset(  # no size is published; it has olmOCR's pages and Qwen2.5-VL, and so olmOCR's size
        name="rolmocr",
        names=("rolmocr",),
        prompt=prompts.ROLMOCR,
        parser="markdown",
        longest_side=1288,
    ),
    Preset(
        name="glm-ocr",
        names=("glm-ocr",),
        model_types=("glm_ocr",),
        prompt="Text Recognition:",
        parser="markdown",
        max_new_tokens=8192,
    ),
    Preset(  # 0.9B, 1.5 and 1.6; the prompt "Table Recognition:" for a picture of a table gives its cells
        name="paddleocr-vl",
        names=("paddleocr-vl",),
        model_types=("paddleocr_vl",),
        prompt="OCR:",
        parser="plain",
    ),
    Preset(  # trained on the picture alone: it repeats a prompt in its answer
        name="lightonocr",
        names=("lightonocr",),
        model_types=("lighton_ocr",),
        prompt=None,
        parser="markdown",
        longest_side=1540,
    ),
    Preset(  # layout blocks in HTML, which transformers serves as Qwen3.5
        name="chandra-2",
        names=("chandra",),
        prompt=prompts.CHANDRA_2,
        parser="html",
        max_new_tokens=8192,
    ),
    Preset(
        name="surya-2",
        names=("surya-ocr",),
        prompt=prompts.SURYA_2,
        parser="html",
        max_new_tokens=8192,
    ),
    Preset(  # transformers has no class of its own for it: behind an OpenAI-compatible server
        name="dots-ocr",
        names=("dots.ocr", "dots-ocr"),
        model_types=("dots_ocr",),
        prompt=prompts.DOTS_OCR,
        parser="layout_json",
        max_new_tokens=16384,
    ),
    Preset(
        name="deepseek-ocr-2",
        names=("deepseek-ocr-2", "deepseek-ocr2"),
        model_types=("deepseek_ocr2",),
        prompt="Free OCR.",
        parser="markdown",
        max_new_tokens=8192,
    ),
    Preset(  # its processor writes the prompt; the checkpoint does not declare <|im_end|> as an end token
        name="got-ocr-2",
        names=("got-ocr-2", "got-ocr2"),
        model_types=("got_ocr2",),
        prompt=None,
        parser="plain",
        stop=("<|im_end|>",),
    ),
)

GENERIC = Preset(
    name="generic",
    names=("qwen2.5-vl", "qwen2-vl", "qwen3-vl"),
    prompt="Read all the text on this page, line by line, in the order a person would read it. "
    "Answer with the text alone: no comments, no translation, nothing that is not on the page.",
    parser="markdown",
    longest_side=1540,  # about 180 dpi of an A4 page: small print is read, and a page stays under 3,000 patches
)
"""For models that are not in this table."""


def preset_for(model: str, model_type: str | None = None) -> Preset:
    """The preset of a model.

    Args:
        model: Its hub name, or the path of a directory named after the model.
        model_type: The ``model_type`` in its ``config.json``, where available; used where the name matches nothing.

    Returns:
        The one whose name matches longest, or else the one for the type, or :data:`GENERIC`.
    """
    own_name = re.sub(r"/+$", "", model).rsplit("/", 1)[-1].lower()
    matches = [(len(part), preset) for preset in (*PRESETS, GENERIC) for part in preset.names if part in own_name]
    if matches:
        return max(matches, key=lambda match: match[0])[1]
    return next((preset for preset in PRESETS if model_type in preset.model_types), GENERIC)
