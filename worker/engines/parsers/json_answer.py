"""Answers in JSON: olmOCR's preview writes the text and facts about the page into one object."""

from __future__ import annotations

import json
import re

from worker.engines.parsers.answer import Answer, Parsed
from worker.engines.parsers.front_matter import about_page
from worker.engines.parsers.markup import parse_markdown

TEXT_KEY = "natural_text"

_FENCED = re.compile(r"\A\s*```(?:json)?\s*(.*?)\s*```\s*\Z", re.S)


def parse_json(answer: Answer) -> Parsed:
    """An answer's text, and the page's language and rotation."""
    fenced = _FENCED.match(answer.text)
    try:
        reply = json.loads(fenced.group(1) if fenced else answer.text)
    except (ValueError, RecursionError):
        reply = None
    if not isinstance(reply, dict) or not isinstance(reply.get(TEXT_KEY), str | None):
        return Parsed(answer.stripped(), warnings=("the model's answer is not in JSON and was taken as text",))
    return about_page(reply, parse_markdown(_spread(reply.get(TEXT_KEY) or "", answer)))


def _spread(text: str, answer: Answer) -> Answer:
    """A decoded string with the probabilities of the answer: escapes shift its characters, so each has the mean."""
    if not answer.probabilities:
        return Answer(text)
    mean = sum(answer.probabilities) / len(answer.probabilities)
    return Answer(text, (mean,) * len(text))
