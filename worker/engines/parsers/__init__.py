"""Parsers of a model's answer: its text without markup, and what the model reports about the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from worker.engines.parsers.answer import Answer, Parsed
from worker.engines.parsers.front_matter import parse_front_matter
from worker.engines.parsers.json_answer import parse_json
from worker.engines.parsers.markup import without_markup
from worker.engines.presets import ParserName

__all__ = ["PARSERS", "Answer", "Parsed", "parse"]


def _parse_markdown(answer: Answer) -> Parsed:
    return Parsed(without_markup(answer))


def _parse_plain(answer: Answer) -> Parsed:
    return Parsed(answer.stripped())


PARSERS: Mapping[ParserName, Callable[[Answer], Parsed]] = {
    "front_matter": parse_front_matter,
    "json": parse_json,
    "markdown": _parse_markdown,
    "plain": _parse_plain,
}


def parse(name: ParserName, answer: Answer) -> Parsed:
    """Parse an answer.

    Args:
        name: The parser that the model's preset names.
        answer: Everything the model wrote. One that is not in the form asked for is taken as text, with a warning.
    """
    return PARSERS[name](answer)
