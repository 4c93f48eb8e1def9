"""olmOCR's answers: Markdown after a few lines of YAML about the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from worker.engines.parsers.answer import Answer, Parsed
from worker.engines.parsers.markdown import unfenced
from worker.engines.parsers.markup import parse_markdown

KEYS = ("primary_language", "is_rotation_valid", "rotation_correction", "is_table", "is_diagram")
"""All that the prompt asks for; each is one scalar on one line, so that YAML at large is not needed."""

QUARTER = 90  # degrees
NO_TEXT = frozenset({"", "null", "None"})  # what the models write for a page without text

_BLOCK = re.compile(rf"\A\s*---[ \t]*\n(?:(?:{'|'.join(KEYS)})[ \t]*:[^\n]*(?:\n|\Z))+(?:---[ \t]*(?:\n|\Z))?")
_ENTRY = re.compile(r"^(\w+)[ \t]*:[ \t]*(.*?)[ \t]*$", re.M)


def parse_front_matter(answer: Answer) -> Parsed:
    """An answer's text, and the page's language and rotation from its front matter."""
    answer = unfenced(answer)
    block = _BLOCK.match(answer.text)
    if block is None:
        body = _or_nothing(parse_markdown(answer))
        return replace(body, warnings=("the model's answer has no front matter and was taken as text",))
    return about_page(dict(_ENTRY.findall(block.group())), parse_markdown(answer.part(block.end())))


def about_page(facts: Mapping[str, object], body: Parsed) -> Parsed:
    """The text with what the model reports about the page.

    Args:
        facts: By the names of :data:`KEYS`, as text or as JSON has them.
        body: The parsed text.
    """
    language = str(facts.get("primary_language") or "").strip("\"'").lower()
    turns, warnings = _turns(facts)
    return replace(
        _or_nothing(body),
        language=language if re.fullmatch(r"[a-z]{2}", language) else None,
        turns=turns,
        warnings=warnings,
    )


def _turns(facts: Mapping[str, object]) -> tuple[int, tuple[str, ...]]:
    valid = str(facts.get("is_rotation_valid", "true")).lower() != "false"
    correction = str(facts.get("rotation_correction", "0"))
    if valid:
        return 0, ()
    degrees = int(correction) if re.fullmatch(r"\d{1,3}", correction) else -1
    if degrees % QUARTER or not 0 <= degrees < 4 * QUARTER:
        return 0, (
            f"the model reports the page as rotated by {correction[:20]!r} degrees, which is not a quarter turn",
        )
    return degrees // QUARTER, ()


def _or_nothing(body: Parsed) -> Parsed:
    return Parsed(Answer("")) if body.answer.text in NO_TEXT else body
