"""From answers to ``structured_data`` that is valid under the schema, or the reason why none can be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jsonschema import ValidationError

from ocrq.errors import FieldsMissing
from worker.fields.coercion import ABSENT
from worker.fields.evidence import missing
from worker.fields.extract import Extraction
from worker.fields.specs import Json, Spec
from worker.fields.validation import validator_for

ROUNDS = 50
"""Values that do not fit together are taken out one after another; so often at most."""

NAMED = 10
"""Missing fields that an error names."""


def fill(answers: Extraction) -> Json:
    """The data a schema asks for.

    A field that was not found is null where the schema lets it be, else left out where it may be, else empty ("", [])
    or the one value that the schema allows. Where only an invented value would do, there is no data.

    Returns:
        Valid under the schema. A value that had to be taken out to make it so is named in its field's ``reason``.

    Raises:
        FieldsMissing: No such data can be made of what was found; names the fields and carries what was found.
    """
    data = _object(answers.spec, answers)
    validator = validator_for(answers.spec.schema)
    for _ in range(ROUNDS):
        errors = list(validator.iter_errors(data))
        if not errors:
            return data
        if not any(_take_out(data, error, answers) for error in sorted(errors, key=lambda e: -len(e.absolute_path))):
            break
    raise _failure(list(validator.iter_errors(data)), answers)


def _object(spec: Spec, answers: Extraction) -> Json:
    data: Json = {}
    required = spec.merged.get("required", [])
    for child in spec.children:
        value = _value(child, answers, child.path[-1] in required)
        if value is not ABSENT:
            data[child.path[-1]] = value
    for name in required:
        if name not in data:
            value = _emptiest(spec.merged.get("properties", {}).get(name, True))
            if value is not ABSENT:
                data[name] = value
    return data


def _value(spec: Spec, answers: Extraction, required: bool) -> Any:
    if spec.kind == "object":
        data = _object(spec, answers)
        found = any(
            name.startswith(f"{spec.name}.") and answer.value is not None for name, answer in answers.fields.items()
        )
        if found or (required and not spec.nullable) or (data and not spec.nullable):
            return data
    elif spec.kind == "array":
        items = answers.items.get(spec.name, [])
        if items:
            return items
        answers.fields.setdefault(spec.name, missing("no rows of a table that answer it were found"))
        if not _allows_null(spec.schema) and validator_for(spec.schema).is_valid([]):
            return []
    else:
        answer = answers.fields[spec.name]
        if answer.value is not None:
            return answer.value
    return None if _allows_null(spec.schema) else ABSENT


def _allows_null(schema: Any) -> bool:
    return bool(validator_for(schema).is_valid(None))


def _emptiest(schema: Any) -> Any:
    """What says least under a schema: null, the one value it allows, or an empty text, list or object."""
    choices: list[Any] = [None]
    if isinstance(schema, dict):
        choices += [schema["const"]] if "const" in schema else []
        choices += schema["enum"] if len(schema.get("enum", [])) == 1 else []
    validator = validator_for(schema)
    return next((choice for choice in [*choices, "", [], {}] if validator.is_valid(choice)), ABSENT)


def _take_out(data: Json, error: ValidationError, answers: Extraction) -> bool:
    """Take the value that an error is about out of the data, or make it null; false if it is the root."""
    path = list(error.absolute_path)
    if not path:
        return False
    holder: Any = data
    for step in path[:-1]:
        holder = holder[step]
    last = path[-1]
    try:
        value = holder[last]
    except (KeyError, IndexError):
        return False
    if isinstance(holder, dict) and value is not None:
        holder[last] = None
        if not validator_for(answers.spec.schema).evolve(schema=_schema_at(answers.spec.schema, path)).is_valid(None):
            del holder[last]
    else:
        del holder[last]
    _tell(answers, path, error)
    return True


def _schema_at(schema: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        if not isinstance(schema, dict):
            return True
        schema = schema.get("properties", {}).get(step, True) if isinstance(step, str) else schema.get("items", True)
    return schema


def _tell(answers: Extraction, path: Sequence[str | int], error: ValidationError) -> None:
    name = ""
    for step in path:
        name += f"[{step}]" if isinstance(step, int) else f".{step}" if name else step
    for known in [name, *(other for other in answers.fields if other.startswith((f"{name}.", f"{name}[")))]:
        if known in answers.fields and answers.fields[known].value is not None:
            answers.fields[known] = missing(f"the value found does not fit the schema: {error.message[:150]}")


def _failure(errors: Sequence[ValidationError], answers: Extraction) -> FieldsMissing:
    absent = [
        name
        for name, answer in answers.fields.items()
        if answer.value is None and any(name.split(".")[-1] in error.message for error in errors)
    ]
    names = ", ".join(absent[:NAMED]) or errors[0].message[:200]
    return FieldsMissing(
        f"the document does not give what the schema requires: {names}; let it be null, or do not require it",
        field="schema",
        extra={
            "missing": absent[:NAMED],
            "fields": {name: a.model_dump(mode="json") for name, a in answers.fields.items() if a.value is not None},
        },
    )
