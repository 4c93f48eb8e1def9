"""What labels are called: concepts and the phrases that name them on paper, in several languages.

The phrases are in ``locales``, by language. One is a small pattern over folded text: a space stands for any spacing and
punctuation, ``{no}`` for the ways to write "number", ``{tax}`` for the taxes' names, ``{cur}`` for currencies,
``{incl}`` and ``{excl}`` for with and without them. The longest phrase at a place wins, so "total qty" is no total. A
weight after ``=`` says how surely the phrase names the concept; 1 where none is given. A phrase behind ``^`` counts
only where it begins its line and a colon or the line's end follows: "to" and "an" name no buyer elsewhere.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

LOCALES = Path(__file__).parent / "locales"
"""A file a language, and ``any.toml`` for what all of them share."""


ALWAYS = ("any", "en")
"""Languages whose labels count on every document: what all share, and what stands beside many an other language."""

_FILES = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(LOCALES.glob("*.toml"))}

LABELS: dict[str, dict[str, list[str]]] = {language: content.get("labels", {}) for language, content in _FILES.items()}
"""Language to concept to the phrases that name it on paper."""

CONCEPTS = sorted({concept for labels in LABELS.values() for concept in labels})
"""All concepts that have a label."""

NAMES: dict[str, list[str]] = tomllib.loads(Path(__file__).with_name("names.toml").read_text(encoding="utf-8"))["names"]
"""Concept to the property names that ask for it."""


def words(name: str) -> str:
    """Alternatives of a pattern: the words of a list of ``[words]``, such as legal forms, of all languages."""
    lists = (content.get("words", {}).get(name, ()) for content in _FILES.values())
    return "|".join(dict.fromkeys(word for several in lists for word in several))


def _alternatives(name: str) -> str:
    return f"(?:{words(name)})"


NUMBER, TAX, INCLUDING, EXCLUDING, CURRENCY = map(
    _alternatives, ("number", "tax", "including", "excluding", "currency")
)
"""What ``{no}``, ``{tax}``, ``{incl}``, ``{excl}`` and ``{cur}`` in phrases stand for."""

LANGUAGES = words("languages").split("|")
"""Languages whose months and countries are known by name."""
