"""Presets of the vision-language models that read whole pages: one table for the engines that run them.

Prompts and image sizes are the published ones: a model fine-tuned on one prompt reads worse with another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

ParserName = Literal["front_matter", "json", "markdown", "plain"]
"""A key of :data:`worker.engines.parsers.PARSERS`."""

NATURALLY = "Just return the plain text representation of this document as if you were reading it naturally."
FRONT_MATTER = (
    "Return your output as markdown, with a front matter section on top specifying values for the primary_language, "
    "is_rotation_valid, rotation_correction, is_table, and is_diagram parameters."
)
OLMOCR_2_PROMPT = (
    f"Attached is one page of a document that you must process. {NATURALLY} "
    "Convert equations to LateX and tables to HTML.\n"
    "If there are any figures or charts, label them with the following markdown syntax "
    "![Alt text describing the contents of the figure](page_startx_starty_width_height.png)\n"
    f"{FRONT_MATTER}"
)
OLMOCR_1_PROMPT = (
    f"Attached is one page of a document that you must process. {NATURALLY} "
    f"Convert equations to LateX and tables to markdown.\n{FRONT_MATTER}"
)
# The preview wants text taken out of the PDF between the marks; a picture has none.
OLMOCR_PREVIEW_PROMPT = (
    "Below is the image of one page of a document, as well as some raw textual content that was previously extracted "
    f"for it. {NATURALLY}\nDo not hallucinate.\nRAW_TEXT_START\n\nRAW_TEXT_END"
)
ROLMOCR_PROMPT = "Return the plain text representation of this document as if you were reading it naturally.\n"


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
        licence: Of the weights, as an SPDX identifier; "" where it is not known here.
        longest_side: Pixels a page's longest side is scaled down to; None leaves it to the model's own processor.
        max_new_tokens: Of an answer, unless the caller wants fewer.
        picture_first: Whether the image comes before the prompt.
        stop: Tokens that end an answer, beside those of the checkpoint.
        repetition: When an answer counts as a loop.
    """

    name: str
    names: tuple[str, ...]
    model_types: tuple[str, ...]
    prompt: str | None
    parser: ParserName
    licence: str
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
        prompt=OLMOCR_2_PROMPT,
        parser="front_matter",
        licence="Apache-2.0",
        longest_side=1288,
        max_new_tokens=8000,
        picture_first=False,
    ),
    Preset(  # allenai/olmOCR-7B-0725 and -0825; tables in Markdown
        name="olmocr-1",
        names=("olmocr-7b", "olmocr-7b-0725", "olmocr-7b-0825"),
        model_types=(),
        prompt=OLMOCR_1_PROMPT,
        parser="front_matter",
        licence="Apache-2.0",
        longest_side=1288,
        max_new_tokens=4500,
        picture_first=False,
    ),
    Preset(  # the first one, on Qwen2-VL, which answers in JSON
        name="olmocr-preview",
        names=("olmocr-7b-0225",),
        model_types=(),
        prompt=OLMOCR_PREVIEW_PROMPT,
        parser="json",
        licence="Apache-2.0",
        longest_side=1024,
        max_new_tokens=3000,
        picture_first=False,
    ),
    Preset(  # no size is published; it has olmOCR's pages and Qwen2.5-VL, and so olmOCR's size
        name="rolmocr",
        names=("rolmocr",),
        model_types=(),
        prompt=ROLMOCR_PROMPT,
        parser="markdown",
        licence="Apache-2.0",
        longest_side=1288,
    ),
    Preset(
        name="glm-ocr",
        names=("glm-ocr",),
        model_types=("glm_ocr",),
        prompt="Text Recognition:",
        parser="markdown",
        licence="MIT",
        max_new_tokens=8192,
    ),
    Preset(
        name="paddleocr-vl",
        names=("paddleocr-vl",),
        model_types=("paddleocr_vl",),
        prompt="OCR:",
        parser="plain",
        licence="Apache-2.0",
    ),
    Preset(  # trained on the picture alone: it repeats a prompt in its answer
        name="lightonocr",
        names=("lightonocr",),
        model_types=("lighton_ocr",),
        prompt=None,
        parser="markdown",
        licence="Apache-2.0",
        longest_side=1540,
    ),
    Preset(
        name="deepseek-ocr-2",
        names=("deepseek-ocr-2", "deepseek-ocr2"),
        model_types=("deepseek_ocr2",),
        prompt="Free OCR.",
        parser="markdown",
        licence="Apache-2.0",
        max_new_tokens=8192,
    ),
    Preset(  # its processor writes the prompt; the checkpoint does not declare <|im_end|> as an end token
        name="got-ocr-2",
        names=("got-ocr-2", "got-ocr2"),
        model_types=("got_ocr2",),
        prompt=None,
        parser="plain",
        licence="Apache-2.0",
        stop=("<|im_end|>",),
    ),
)

GENERIC = Preset(
    name="generic",
    names=("qwen2.5-vl", "qwen2-vl", "qwen3-vl"),
    model_types=(),
    prompt="Read all the text on this page, line by line, in the order a person would read it. "
    "Answer with the text alone: no comments, no translation, nothing that is not on the page.",
    parser="markdown",
    licence="",
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
