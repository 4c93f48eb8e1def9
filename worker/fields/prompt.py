"""What a model that follows prompts is asked, and what is made of its answer."""

from __future__ import annotations

import json
from typing import Any

import json_repair

from worker.fields.specs import Json

INSTRUCTION = (
    "Extract the fields of this JSON Schema from the document. Answer with one JSON object that is valid under the "
    "schema and nothing else. Copy values as they are printed, dates as YYYY-MM-DD and numbers as plain JSON numbers. "
    "Use null for what the document does not show; never guess.\n\nJSON Schema:\n"
)
MAX_ANSWER = 200_000  # characters of a model's answer that are looked at


def schema_prompt(schema: Json, asked: str | None = None) -> str:
    """The prompt that asks for a schema's fields.

    Args:
        schema: As :func:`tasks.documents.schemas.prepared` gives it.
        asked: The caller's own prompt; it goes first.
    """
    text = INSTRUCTION + json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
    return f"{asked}\n\n{text}" if asked else text


def answered(text: str) -> Json | None:
    """The JSON object of a model's answer: fenced, cut short or slightly wrong, it is repaired; None without one."""
    body = text[:MAX_ANSWER]
    start = body.find("{")
    if start < 0:
        return None
    value: Any = json_repair.loads(body[start:])
    if isinstance(value, list):  # what follows the object was taken for a second one
        value = next((one for one in value if isinstance(one, dict)), None)
    return value if isinstance(value, dict) and value else None


def merged_answers(answers: list[Json]) -> Json:
    """Several pages' answers as one: the first that says something of a field wins, lists are joined."""
    result: Json = {}
    for answer in answers:
        for name, value in answer.items():
            known = result.get(name)
            if isinstance(known, list) and isinstance(value, list):
                result[name] = known + value
            elif isinstance(known, dict) and isinstance(value, dict):
                result[name] = merged_answers([known, value])
            elif known in (None, "", [], {}):
                result[name] = value
    return result
