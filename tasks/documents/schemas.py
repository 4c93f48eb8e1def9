"""Schemas of requests: the short form spelled out, references resolved, hostile ones refused in bounded time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from ocrq.contracts.request import MAX_SCHEMA_BYTES
from ocrq.errors import InvalidSchema
from tasks.documents.patterns import check_patterns

Json = dict[str, Any]

MAX_BYTES = MAX_SCHEMA_BYTES
MAX_PROPERTIES = 500  # in all: more fields than any form has, and few enough to assign within a second
MAX_NODES = 20_000  # JSON values after references are resolved: small references may stand for large ones
MAX_OBJECTS = 2_000  # in all: each costs a fifth of a millisecond to check
MAX_DEPTH = 24  # of JSON values inside each other
MAX_BATCH_REFERENCES = 80  # in the different schemas of a batch: 27 unfold to MAX_NODES, in a sixth of a second

SIMPLE: dict[str, Json] = {
    "string": {"type": "string"}, "str": {"type": "string"}, "text": {"type": "string"},
    "number": {"type": "number"}, "float": {"type": "number"}, "decimal": {"type": "number"},
    "money": {"type": "number"}, "amount": {"type": "number"}, "currency": {"type": "string"},
    "integer": {"type": "integer"}, "int": {"type": "integer"},
    "boolean": {"type": "boolean"}, "bool": {"type": "boolean"},
    "date": {"type": "string", "format": "date"}, "datetime": {"type": "string", "format": "date-time"},
    "date-time": {"type": "string", "format": "date-time"}, "time": {"type": "string", "format": "time"},
    "email": {"type": "string", "format": "email"}, "url": {"type": "string"}, "uri": {"type": "string"},
    "phone": {"type": "string"}, "address": {"type": "string"}, "iban": {"type": "string"},
    "percentage": {"type": "number"},
    "array": {"type": "array"}, "list": {"type": "array"}, "object": {"type": "object"}, "dict": {"type": "object"},
}  # fmt: skip
"""What a short form's words stand for; every field of it may be null."""

_TYPES = {"string", "number", "integer", "boolean", "array", "object", "null"}
_KEYWORDS = {
    "$schema", "$id", "$ref", "$defs", "definitions", "properties", "required", "additionalProperties", "allOf",
    "anyOf", "oneOf", "not",
    "patternProperties", "propertyNames", "minProperties", "maxProperties", "dependentRequired", "dependentSchemas",
    "if", "then", "else",
    "unevaluatedProperties", "$comment", "$anchor", "$dynamicRef", "$dynamicAnchor", "$vocabulary",
}  # fmt: skip
_NAMED_SCHEMAS = {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"}
_DATA = {"enum", "const", "default", "examples", "example"}


def prepared(schema: object) -> Json:
    """A caller's schema, ready to extract and validate by.

    Args:
        schema: A JSON Schema (draft 2020-12) whose root is an object, or the short form.

    Returns:
        A JSON Schema without references.

    Raises:
        InvalidSchema: It is neither, too large, recursive, or holds a pattern that may run for ever; says which.
    """
    if schema is None:
        raise _refused('is missing; send a JSON Schema, or the short form {"total": "number"}')
    if not isinstance(schema, dict):
        raise _refused('must be a JSON Schema object, or the short form {"total": "number"}')
    _check_size(schema)
    spelled = schema if _is_schema(schema) else _spelled_out(schema)
    _check_valid(spelled)
    resolved = _resolved(spelled)
    _check_counts(resolved)
    if not (_types(resolved) & {"object"} or _types(resolved) == set()):
        raise _refused("must describe an object at its root; put the value under a property of one")
    return resolved if _types(resolved) else {"type": "object", **resolved}


def check_batch_schemas(schemas: Iterable[object]) -> None:
    """Refuse a batch whose schemas are so many, and so different, that checking them would hold the API up.

    Args:
        schemas: As they came, one a document.

    Raises:
        InvalidSchema: There are more objects in them, each schema counted once, than in two of the largest, or more
            references than MAX_BATCH_REFERENCES.
    """
    apart = {id(schema): schema for schema in schemas if schema is not None}
    different = {json.dumps(schema) for schema in apart.values()}
    objects = sum(text.count("{") for text in different)
    references = sum(text.count('"$ref"') for text in different) if len(different) > 1 else 0
    if objects > 2 * MAX_OBJECTS or references > MAX_BATCH_REFERENCES:
        raise InvalidSchema(
            f"the {len(different)} different schemas of this batch are too large together; send the documents of "
            "each schema as a batch of their own",
            field="schema",
        )


def _refused(what: str) -> InvalidSchema:
    return InvalidSchema(f"schema {what}", field="schema")


def _check_size(schema: Json) -> None:
    stack: list[tuple[Any, int]] = [(schema, 1)]
    count = objects = 0
    while stack:
        value, depth = stack.pop()
        count += 1
        if depth > MAX_DEPTH * 2:
            raise _refused(f"is nested more than {MAX_DEPTH} deep; make it flatter")
        if count > MAX_NODES:
            raise _refused(f"has more than {MAX_NODES:,} values; ask for fewer fields")
        objects += isinstance(value, dict)
        if objects > MAX_OBJECTS:
            raise _refused(f"has more than {MAX_OBJECTS:,} objects; ask for fewer fields")
        if isinstance(value, dict) and len(value) > MAX_PROPERTIES:
            raise _refused(f"has more than {MAX_PROPERTIES} properties; ask for fewer fields at a time")
        if isinstance(value, dict | list):
            stack += [(inner, depth + 1) for inner in (value.values() if isinstance(value, dict) else value)]
    size = len(json.dumps(schema, default=str))
    if size > MAX_BYTES:
        raise _refused(f"has {size:,} bytes, and at most {MAX_BYTES:,} are taken; ask for fewer fields")


def _is_schema(schema: Json) -> bool:
    """Whether this is a JSON Schema and not the short form; a field named "type" or "properties" is a short form's."""
    named = schema.get("type")
    if named == "object" or (isinstance(named, list) and "object" in named):
        return True
    if isinstance(schema.get("properties"), dict):
        return True
    return bool(set(schema) & (_KEYWORDS - {"properties", "required", "not", "if", "then", "else"})) or (
        "type" in schema
        and set(schema) <= {"type", "title", "description", "enum", "const", "items", "format"}
        and isinstance(named, str)
        and named in _TYPES
    )


def _spelled_out(short: Json) -> Json:
    if not short:
        raise _refused('names no field; name some, like {"total": "number"}')
    return {"type": "object", "properties": {name: _long(name, value) for name, value in short.items()}}


def _long(name: str, value: object) -> Json:
    if isinstance(value, str):
        word = value.strip().lower().removesuffix("?")
        if word not in SIMPLE:
            raise _refused(f"has {value[:40]!r} for {name[:60]!r}; use one of {', '.join(SIMPLE)}")
        long = SIMPLE[word]
        return {**long, "type": [long["type"], "null"]}
    if isinstance(value, list) and len(value) == 1:
        return {"type": ["array", "null"], "items": _long(name, value[0])}
    if isinstance(value, dict) and value:
        if "type" in value or set(value) & (_KEYWORDS | {"enum", "const"}):
            return value
        return _spelled_out(value)
    raise _refused(f"has no type for {name[:60]!r}; write a word like 'string', a list of one, or an object")


def _check_valid(schema: Json) -> None:
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        where = ".".join(str(part) for part in error.absolute_path)[:100]
        raise _refused(f"is not a valid JSON Schema at {where or 'its root'}: {error.message[:150]}") from None
    except (RecursionError, ValueError, OverflowError) as error:
        raise _refused(f"cannot be checked ({type(error).__name__}); make it simpler") from None


def _resolved(schema: Json) -> Json:
    resolver = Registry().resolver_with_root(DRAFT202012.create_resource(schema))
    return cast(Json, _References().replaced(schema, resolver))


class _References:
    """Replaces every ``$ref`` of one schema, and counts the values that it unfolds to."""

    def __init__(self) -> None:
        self._values_left = MAX_NODES
        self._open: list[str] = []

    def replaced(self, value: Any, resolver: Any, named: bool = False) -> Any:
        """A copy without references; ``named`` where keys are names of schemas and not keywords."""
        self._values_left -= 1
        if self._values_left < 0:
            raise _refused(f"unfolds to more than {MAX_NODES:,} values; use fewer references")
        if isinstance(value, list):
            return [self.replaced(inner, resolver) for inner in value]
        if not isinstance(value, dict):
            return value
        if not named and "$dynamicRef" in value:
            raise _refused("uses $dynamicRef, which is not supported; use $ref to #/$defs/…")
        if not named and isinstance(value.get("$ref"), str):
            return self._referenced(value, resolver)
        drop = () if named else ("$defs", "definitions", "$id", "$anchor", "$dynamicAnchor")
        return {
            name: part
            if not named and name in _DATA
            else self.replaced(part, resolver, not named and name in _NAMED_SCHEMAS)
            for name, part in value.items()
            if name not in drop
        }

    def _referenced(self, value: Json, resolver: Any) -> Any:
        target = value["$ref"]
        if target in self._open:
            raise _refused(f"is recursive: {target[:80]} holds itself; write the levels out")
        try:
            found = resolver.lookup(target)
        except (Unresolvable, ValueError):
            raise _refused(
                f"refers to {target[:80]!r}, which is not in it; only references inside it (#/$defs/…) are supported"
            ) from None
        self._open.append(target)
        inner = self.replaced(found.contents, found.resolver)
        self._open.pop()
        rest = {name: part for name, part in value.items() if name != "$ref"}
        if not rest or not isinstance(inner, dict):
            return inner
        beside = self.replaced(rest, resolver)
        if set(inner) & (set(beside) - {"title", "description"}):
            return {"allOf": [inner, beside]}
        return {**inner, **beside}


def _check_counts(schema: Json) -> None:
    count = 0
    patterns: set[str] = set()
    for node in _schemas(schema):
        properties = node.get("properties")
        count += len(properties) if isinstance(properties, dict) else 0
        if count > MAX_PROPERTIES:
            raise _refused(f"has more than {MAX_PROPERTIES} properties; ask for fewer fields at a time")
        patterns |= _patterns(node)
    check_patterns(patterns)  # each once, however often references repeat it


def _patterns(node: Json) -> set[str]:
    named = node.get("patternProperties")
    return {
        pattern
        for pattern in (node.get("pattern"), *(named if isinstance(named, dict) else ()))
        if isinstance(pattern, str)
    }


def _schemas(node: Any) -> Iterator[Json]:
    """Every schema inside a resolved schema, itself first."""
    stack: list[tuple[Any, bool]] = [(node, False)]
    while stack:
        value, named = stack.pop()
        if isinstance(value, list):
            stack += [(inner, False) for inner in value]
        elif isinstance(value, dict):
            if not named:
                yield value
            stack += [
                (part, not named and name in _NAMED_SCHEMAS)
                for name, part in value.items()
                if named or name not in _DATA
            ]


def _types(schema: Json) -> set[str]:
    named = schema.get("type")
    return {named} if isinstance(named, str) else set(named or ())
