"""What is asked for: a JSON Schema as a tree of fields, each with the kind of value that may answer it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from worker.fields.kind_words import FORMATS, KINDS, WORDS
from worker.fields.labels import concept_of, words_of
from worker.fields.vocabulary import NAMES

Json = dict[str, Any]

_VALUE_NAMES = {"value", "amount", "number", "text", "sum"}  # children that stand for their parent
_SUMS = {"total", "subtotal", "gross_total"}
_NUMERIC = {"money", "number", "percentage"}


@dataclass(frozen=True)
class Spec:
    """A property that is asked for.

    Attributes:
        path: Names from the root; the item of an array is ``[]``.
        schema: Of the property, references resolved.
        merged: The same with what its parts and first alternative say: what to look for, not what is valid.
        kind: Of value that answers it; "object", "array" for those that hold others.
        concept: Of the vocabulary, or the dotted path where that has none.
        phrases: Labels of its own: aliases, title, the name's words.
        children: Of an object.
        items: Of an array.
    """

    path: tuple[str, ...]
    schema: Json
    merged: Json
    kind: str
    concept: str
    phrases: tuple[str, ...] = ()
    children: tuple[Spec, ...] = field(default=())
    items: Spec | None = None

    @property
    def name(self) -> str:
        """Dotted, as in the result's ``fields``."""
        return ".".join(self.path)

    @property
    def nullable(self) -> bool:
        """Whether null is a valid value as far as the types say."""
        return "null" in types_of(self.schema)


def spec_of(schema: Json, path: tuple[str, ...] = (), parent: str | None = None) -> Spec:
    """The tree of a prepared schema.

    Args:
        schema: Without references and short forms.
        path: Where it stands.
        parent: The concept of the property that holds it.
    """
    merged = merged_schema(schema)
    types = types_of(merged)
    if "properties" in merged and (not types or "object" in types):
        concept = _concept(path, parent)
        children = tuple(
            spec_of(child, (*path, name), concept)
            for name, child in merged["properties"].items()
            if isinstance(child, dict)
        )
        return Spec(path, schema, merged, "object", concept, children=children)
    if "array" in types and not types & {"string", "number", "integer"}:
        items = merged.get("items")
        item = spec_of(items if isinstance(items, dict) else {}, (*path, "[]"), parent)
        return Spec(path, schema, merged, "array", _concept(path, parent), _phrases(path, merged), items=item)
    concept = _concept(path, parent)
    return Spec(path, schema, merged, _kind(path, merged, types, concept), concept, _phrases(path, merged))


def leaves(spec: Spec) -> Iterator[Spec]:
    """All fields of a tree that hold one value each, none inside an array."""
    if spec.kind == "object":
        for child in spec.children:
            yield from leaves(child)
    elif spec.kind != "array":
        yield spec


def arrays(spec: Spec) -> Iterator[Spec]:
    """All arrays of a tree, none inside another."""
    if spec.kind == "array":
        yield spec
    for child in spec.children:
        yield from arrays(child)


def types_of(schema: Mapping[str, Any]) -> set[str]:
    """The JSON types a schema names, by itself, in its alternatives, or by its values."""
    named = schema.get("type")
    types = {named} if isinstance(named, str) else set(named or ())
    for word in ("anyOf", "oneOf"):
        for branch in schema.get(word, ()):
            types |= types_of(branch) if isinstance(branch, dict) else set()
    if not types:
        values = schema.get("enum", [schema["const"]] if "const" in schema else [])
        types = {_type_name(value) for value in values}
    return types


def merged_schema(schema: Json) -> Json:
    """A schema with what ``allOf`` and its first fitting alternative say of its properties, kinds and hints."""
    merged = dict(schema)
    parts = [part for part in schema.get("allOf", ()) if isinstance(part, dict)]
    for word in ("anyOf", "oneOf"):
        parts += [part for part in schema.get(word, ()) if isinstance(part, dict) and part.get("type") != "null"][:1]
    for part in map(merged_schema, parts):
        for name, value in part.items():
            if name == "properties":
                merged[name] = {**value, **merged.get(name, {})}
            elif name not in ("anyOf", "oneOf", "allOf"):
                merged.setdefault(name, value)
    if "type" in merged and isinstance(schema.get("type"), type(None)):
        merged["type"] = sorted(types_of({**merged, **{"type": merged["type"]}}) | types_of(schema))
    return merged


def _concept(path: tuple[str, ...], parent: str | None) -> str:
    names = [part for part in path if part != "[]"]
    if not names:
        return ""
    known = concept_of(names[-1])
    if parent in NAMES and " ".join(words_of(names[-1])) in _VALUE_NAMES:
        return str(parent)
    if parent == "tax" and known not in (*_SUMS, "tax", "tax_rate"):
        known = concept_of(f"tax {names[-1]}")
    if parent in ("customer", "company") and known in ("company", "customer", "description"):
        return str(parent)
    if known is None and len(names) > 1:
        known = concept_of(f"{names[-2]} {names[-1]}")
    if known == "description" and len(names) == 1 and "name" in words_of(names[-1]):
        known = None
    if "[]" in path and parent != "tax" and known in _SUMS:
        return "line_total"  # an item's amount is not a document's total
    if parent == "customer" and known == "address":
        return "customer_address"
    return known or ".".join(path)


def _kind(path: tuple[str, ...], schema: Json, types: set[str], concept: str) -> str:
    if "enum" in schema or "const" in schema:
        return "enum"
    if types and types <= {"boolean", "null"}:
        return "boolean"
    by_format = FORMATS.get(str(schema.get("format")))
    if by_format:
        return by_format
    kind = KINDS.get(concept)
    if kind is None and "pattern" in schema:
        return "pattern"
    words = words_of(path[-1]) if path else []
    if kind is None:
        kind = next((WORDS[word] for word in reversed(words) if word in WORDS), None)
    numeric = bool(types) and types <= {"number", "integer", "null"}
    if numeric and kind not in (*_NUMERIC, "identifier"):
        kind = "number"
    return kind or "text"


def _phrases(path: tuple[str, ...], schema: Json) -> tuple[str, ...]:
    aliases = schema.get("x-aliases", [])
    phrases = [alias for alias in (aliases if isinstance(aliases, list) else [aliases]) if isinstance(alias, str)]
    if isinstance(schema.get("title"), str):
        phrases.append(schema["title"])
    name = path[-1] if path and path[-1] != "[]" else (path[-2] if len(path) > 1 else "")
    if concept_of(name) is None:
        phrases.append(name)
        phrases += _hinted(schema.get("description"))
    return tuple(dict.fromkeys(phrases))


def _hinted(description: Any) -> list[str]:
    """What a description quotes, and itself where it is short: both read like labels."""
    if not isinstance(description, str):
        return []
    import re

    quoted = re.findall(r"[\"'“‘]([^\"'”’]{2,40})[\"'”’]", description)
    return quoted + ([description] if len(description.split()) <= 4 else [])


def _type_name(value: Any) -> str:
    names: list[tuple[type | tuple[type, ...], str]] = [
        (bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array"), (dict, "object"),
    ]  # fmt: skip
    return next((name for kind, name in names if isinstance(value, kind)), "null")
