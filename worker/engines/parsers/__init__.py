"""Parsers of a model's answer: the text on the page, its blocks, and what the model reports about the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from worker.engines.parsers.answer import Answer, Parsed
from worker.engines.parsers.front_matter import parse_front_matter
from worker.engines.parsers.json_answer import parse_json
from worker.engines.parsers.layout_json import parse_layout
from worker.engines.parsers.markup import parse_html, parse_markdown, parse_plain
from worker.engines.presets import ParserName

__all__ = ["PARSERS", "Answer", "Parsed", "parse"]


PARSERS: Mapping[ParserName, Callable[[Answer], Parsed]] = {
    "front_matter": parse_front_matter,
    "html": parse_html,
    "json": parse_json,
    "layout_json": parse_layout,
    "markdown": parse_markdown,
    "plain": parse_plain,
}


def parse(name: ParserName, answer: Answer) -> Parsed:
    """Parse an answer.

    Args:
        name: The parser that the model's preset names.
        answer: Everything the model wrote. One that is not in the form asked for is taken as text, with a warning.
    """
    return PARSERS[name](answer)
