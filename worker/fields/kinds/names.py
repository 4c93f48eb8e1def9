"""What gives away a company's name: its legal form, its trade, its registration number; and what is not a name."""

from __future__ import annotations

import re

from worker.fields.vocabulary import LABELS, words

LEGAL_FORM = re.compile(rf"(?<![^\W_])(?:{words('legal_forms')})\.?(?![^\W_])")
TRADE = re.compile(rf"(?<![^\W_])(?:{words('trades')})(?![^\W_])")

_NUMBER = r"(?:[A-Z]{0,3}\d[\dOoIl]{3,11}(?:[- ]{0,3}[A-Z0-9]{1,2})?|[A-Z]{1,3}[- ]?\d{4,12})"
_CALLED = (
    r"(?i:[(\[]?(?:co(?:mpany)?|business|roc|r[eo]g(?:istration|d)?|ssm|brn|uen|gst|sst|tax|id|no|num(?:ber)?)"
    r"[\s.:#/;]{0,6}){1,5}"
)
_FORMS_OF_IT = (
    rf"(?<![^\W_]){_CALLED}{_NUMBER}",
    r"(?<=[\w.)])\s{1,4}[A-Z]{1,3}-?\d{6,12}(?:-[A-Z])?",
    rf"[(\[{{]\s{{0,4}}(?:{_CALLED})?{_NUMBER}\s{{0,4}}[)\]}}]?",
    r"\d{4,12}-? ?[A-Z]{1,2}",
)
REGISTRATION = re.compile(
    rf"[\s,]{{0,4}}(?:{'|'.join(_FORMS_OF_IT)})\s{{0,4}}[)\]}}]?(?:\s{{0,4}}\([^()]{{2,16}}\))?\W{{0,6}}$"
)
"""A registration number at the end of a line, in brackets or not, called one or not."""

_BARE = re.compile(rf"\W*{_NUMBER}\W*")

_TITLES = "|".join(
    phrase.removeprefix("^").replace(" ", r"\W*") for labels in LABELS.values() for phrase in labels.get("title", ())
)
_TITLE = re.compile(rf"\W*(?:{_TITLES})\W*")


def is_title(folded: str) -> bool:
    """Whether a line only says what the paper is, or greets."""
    return bool(_TITLE.fullmatch(folded))


def is_registration(text: str) -> bool:
    """Whether a line is a registration number and nothing else."""
    if _BARE.fullmatch(text):
        return True
    return bool(re.search(r"\d", text)) and not re.search(r"\w", REGISTRATION.sub("", text, count=1))
