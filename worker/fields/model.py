"""A model's answers beside the rules': each value located on the page, one that is not there flagged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ocrq.contracts import FieldEvidence
from worker.fields.candidate import Candidate
from worker.fields.candidates import CandidateIndex
from worker.fields.coercion import ABSENT, Coercer
from worker.fields.evidence import evidence
from worker.fields.extract import Extraction
from worker.fields.locate import located
from worker.fields.specs import Json, Spec, arrays, leaves
from worker.fields.validation import validator_for

AGREED, ALONE, DISPUTED, UNSEEN = 0.97, 0.8, 0.55, 0.2
"""Confidence of a model's value, before its reading's: that the rules found too, that they did not find, that they
found another one for, and that is not on the page."""


def with_model(answers: Extraction, reply: Json) -> Extraction:
    """Put a model's values in the place of the rules'.

    Args:
        answers: By the rules.
        reply: The model's object.
    """
    fields, items, found = dict(answers.fields), dict(answers.items), answers.found
    for leaf in leaves(answers.spec):
        value = _at(reply, leaf.path)
        if value not in (None, "") and not isinstance(value, dict | list):
            _take(fields, leaf, leaf.name, value, answers, found)
    for array in arrays(answers.spec):
        rows = _at(reply, array.path)
        if array.items is not None and isinstance(rows, list) and rows:
            items[array.name] = _listed(fields, array, rows, answers, found)
    return replace(answers, fields=fields, items=items)


def _at(reply: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        reply = reply.get(step) if isinstance(reply, dict) else None
    return reply


def _take(fields: dict[str, Any], leaf: Spec, name: str, value: Any, answers: Extraction, found: CandidateIndex) -> Any:
    """Answer a field by a model's value; returns it in its valid form, or ABSENT where it has none."""
    form = value if validator_for(leaf.schema).is_valid(value) else ABSENT
    place = located(leaf, value, answers.layout, found)
    if form is ABSENT:
        numeric = place or Candidate(float(value) if isinstance(value, int | float) else value, ())
        form = Coercer(leaf).of(numeric, place.text(answers.layout) if place else str(value))
    if form is ABSENT:
        return ABSENT
    ruled = fields.get(name)
    if place is None:
        reason = f"the model's answer {str(value)[:60]!r} is not on the page"
        if ruled is not None and ruled.value is not None:
            fields[name] = ruled.model_copy(update={"reason": reason})
            return ruled.value
        fields[name] = evidence_free(form, reason)
        return form
    agreed = ruled is not None and ruled.value == form
    probability = AGREED if agreed else ALONE if ruled is None or ruled.value is None else DISPUTED
    probability = max(
        probability * place.confidence(answers.layout), ruled.confidence if agreed and ruled is not None else 0.0
    )
    fields[name] = evidence(answers.layout, place, form, round(probability, 4))
    if probability < ALONE and ruled is not None and ruled.value is not None and not agreed:
        reason = f"the model's answer; by its label {str(ruled.value)[:60]!r} would be it"
        fields[name] = fields[name].model_copy(update={"reason": reason})
    return form


def evidence_free(value: Any, reason: str) -> FieldEvidence:
    """The answer of a value that no place on the page vouches for."""
    return FieldEvidence(value=value, confidence=UNSEEN, reason=reason)


def _listed(
    fields: dict[str, Any], array: Spec, rows: list[Any], answers: Extraction, found: CandidateIndex
) -> list[Any]:
    """A model's rows in the place of the rules'."""
    item = array.items
    if item is None:
        return []
    for name in [name for name in fields if name.startswith(f"{array.name}[")]:
        del fields[name]
    result: list[Any] = []
    validator = validator_for(item.schema)
    for one in rows:
        name = f"{array.name}[{len(result)}]"
        if item.kind == "object" and isinstance(one, dict):
            row = {}
            for leaf in leaves(item):
                key = leaf.path[-1]
                value = one.get(key)
                form = ABSENT if value is None else _take(fields, leaf, f"{name}.{key}", value, answers, found)
                if form is not ABSENT:
                    row[key] = form
                elif validator_for(leaf.schema).is_valid(None):
                    row[key] = None
            valid: Any = row
        else:
            valid = ABSENT if isinstance(one, dict | list) else _take(fields, item, name, one, answers, found)
        if valid is not ABSENT and validator.is_valid(valid):
            result.append(valid)
        else:
            for key in [key for key in fields if key.startswith(name)]:
                del fields[key]
    return result
