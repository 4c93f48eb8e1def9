"""What labels are called: concepts and the phrases that name them on paper, in several languages.

The phrases are in ``locales``, by language. One is a small pattern over folded text: a space stands for any spacing and
punctuation, ``{no}`` for the ways to write "number", ``{tax}`` for the taxes' names, ``{cur}`` for currencies,
``{incl}`` and ``{excl}`` for with and without them. The longest phrase at a place wins, so "total qty" is no total. A
weight after ``=`` says how surely the phrase names the concept; 1 where none is given.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

NUMBER = r"(?:no|nr|num|number|numero|nummer|numer|nro|nbr|num[eé]ro|id|code|#|n\.?[ºo°])"
TAX = r"(?:gst|sst|hst|pst|vat|tax|taxes|mwst|ust|tva|iva|btw|moms|mva|pajak|steuer|cukai|impuesto|imposto)"
INCLUDING = r"(?:incl|inc|included|inclusive|including|with|inkl|inclusief|ttc|w)"
EXCLUDING = r"(?:excl|ex|exc|excluded|excluding|exclusive|without|before|net of|ohne|exkl|eks|exclusief|ht|zzgl)"

CURRENCY = (
    r"(?:rm|myr|usd|us[$]|eur|euro|gbp|sgd|s[$]|aud|cad|nzd|chf|inr|rs|sek|nok|dkk|pln|zl|czk|kc|huf|ft|brl|r[$]|mxn|"
    r"[$€£₹])"
)

LOCALES = Path(__file__).parent / "locales"
"""A file a language, and ``any.toml`` for what all of them share."""


def _labels() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in sorted(LOCALES.glob("*.toml")):
        for concept, phrases in tomllib.loads(path.read_text(encoding="utf-8")).get("labels", {}).items():
            found.setdefault(concept, []).extend(phrases)
    return dict(sorted(found.items()))


CONCEPTS: dict[str, list[str]] = _labels()
"""Concept to the phrases that name it on paper."""

NAMES: dict[str, list[str]] = tomllib.loads(Path(__file__).with_name("names.toml").read_text(encoding="utf-8"))["names"]
"""Concept to the property names that ask for it."""
