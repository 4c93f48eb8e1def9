"""Validation by a caller's schema, its patterns matched in linear time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError, validators

from tasks.documents.patterns import compiled


def _matches(pattern: str, text: str) -> bool:
    return compiled(pattern).search(text) is not None


def _pattern(validator: Any, pattern: str, value: Any, schema: Mapping[str, Any]) -> Iterator[ValidationError]:
    if isinstance(value, str) and not _matches(pattern, value):
        yield ValidationError(f"{value[:60]!r} does not match {pattern[:60]!r}")


def _pattern_properties(
    validator: Any, patterns: Mapping[str, Any], value: Any, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    if isinstance(value, dict):
        for pattern, inner in patterns.items():
            for name, part in value.items():
                if _matches(pattern, name):
                    yield from validator.descend(part, inner, path=name, schema_path=pattern)


_extend: Any = validators.extend  # which has no types
_Validator = _extend(Draft202012Validator, {"pattern": _pattern, "patternProperties": _pattern_properties})


def validator_for(schema: Any) -> Any:
    """A draft 2020-12 validator that checks formats, too."""
    return _Validator(schema, format_checker=FormatChecker())
