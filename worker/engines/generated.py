"""Pages read by models that generate text: a page reported as rotated is read again, and a cut is a warning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from worker.engines.parsers import Parsed
from worker.imaging.orientation import turned_back
from worker.page import LineReading, PageImage, PageReading, Pixels
from worker.reading.confidence import page_confidence

MAX_REREADS = 2  # of a page that the model reports as rotated
FULL_TURN = 4  # quarters
ONLY_LOOP = "the model repeated one piece of text and was stopped; try another model, or a larger picture"
LOOP = "the model repeated itself and was stopped; the repeats were cut off, and more text may be missing"
STILL_ROTATED = "the model reports the page as rotated after it was rotated as the model reported"

Ending = Literal["end", "loop", "length"]
"""The model ended its text; it repeated itself and was stopped; it used up the tokens allowed."""


@dataclass(frozen=True)
class GeneratedPage:
    """A page as a model generated it once.

    Attributes:
        parsed: The text, and what the model reports about the page.
        ending: Why it ends there.
        tokens: Tokens at which it was cut off, where it was.
        warnings: Sentences for the result's metadata.
        failure: Why the page could not be read; None where it could.
    """

    parsed: Parsed
    ending: Ending = "end"
    tokens: int = 0
    warnings: tuple[str, ...] = ()
    failure: str | None = None


def read_generated(
    pages: Sequence[PageImage], prompt: str | None, generate: Callable[[Sequence[Pixels]], list[GeneratedPage]]
) -> list[PageReading]:
    """Read pages, and once more those that the model reports as rotated.

    Args:
        pages: In order.
        prompt: The caller's; a reply to it may have any form, so the parser's warnings are dropped.
        generate: Reads pictures together; one page per picture, in order.
    """
    generated = generate([page.pixels for page in pages])
    turns = [page.parsed.turns for page in generated]
    for _ in range(MAX_REREADS):
        rotated = [index for index, page in enumerate(generated) if page.parsed.turns]
        if not rotated:
            break
        upright = [turned_back(pages[index].pixels, -turns[index]) for index in rotated]
        for index, page in zip(rotated, generate(upright), strict=True):
            generated[index] = page
            turns[index] = (turns[index] + page.parsed.turns) % FULL_TURN
    return [_page_reading(*page, prompt) for page in zip(generated, turns, strict=True)]


def _page_reading(page: GeneratedPage, turns: int, prompt: str | None) -> PageReading:
    answer = page.parsed.answer
    warnings = (*page.warnings, *(page.parsed.warnings if prompt is None else ()))
    if page.failure is not None:
        return PageReading("", failure=page.failure, warnings=warnings)
    known = answer.probabilities or not answer.text
    return PageReading(
        text=answer.text,
        blocks=page.parsed.blocks,
        probability=page_confidence([LineReading(answer.text, answer.probabilities)]) if known else None,
        warnings=(*warnings, *_ending_warnings(page)),
        probabilities=answer.probabilities,
        turns=-turns % FULL_TURN,
        cut=page.ending != "end",
    )


def _ending_warnings(page: GeneratedPage) -> list[str]:
    """Why the text may be less than the page holds."""
    warnings = [LOOP] if page.ending == "loop" else []
    if page.ending == "length":
        remedy = "allow more with decoding_options.max_new_tokens"
        warnings.append(f"the text was cut off at {page.tokens} tokens; {remedy}")
    if page.parsed.turns:
        warnings.append(STILL_ROTATED)
    return warnings
