"""Regular expressions of callers, on RE2: matching takes time linear in the text, whatever the pattern."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import re2

from ocrq.errors import InvalidSchema

MAX_PATTERN = 500  # characters
MAX_MEMORY = 256 << 10  # bytes RE2 may use for a pattern: at most 0.2 s to compile it
MAX_INSTRUCTIONS = 16_000  # of RE2, in all patterns of a schema; `^INV-\d{3,8}$` has 19

_BESIDE = r"[^\pL\pN]"  # what may stand beside a whole word
_BESIDE_MEMORY = 256 << 10  # bytes


def _options(memory: int) -> Any:
    options = re2.Options()
    options.max_mem = memory
    options.log_errors = False
    return options


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Any:
    r"""An RE2 pattern. As in ECMA 262, which JSON Schema names, `\d`, `\w` and `\s` are ASCII.

    Raises:
        InvalidSchema: It is not a regular expression that RE2 takes: look-around and back references are not
            (R. Cox, "Regular Expression Matching Can Be Simple And Fast", 2007).
    """
    shown = pattern[:60]
    if len(pattern) > MAX_PATTERN:
        raise _refused(f"has a pattern of {len(pattern):,} characters; at most {MAX_PATTERN} are accepted")
    try:
        return re2.compile(pattern, _options(MAX_MEMORY))
    except (re2.error, UnicodeError) as error:
        raise _refused(
            f"has a pattern that cannot be used ({_reason(error)}): {shown!r}; write a regular expression of RE2's "
            "syntax, without look-around and back references"
        ) from None


def whole_words(pattern: str, text: str) -> Iterator[tuple[int, int]]:
    """Where whole words match an accepted pattern, without the anchors at its ends: start and end, in characters."""
    words = _between_words(pattern)
    match = words.search(text)
    while match:
        start, end = match.span(1)
        if text[start:end].strip():
            yield start, end
        # What stands behind one match may stand before the next.
        match = words.search(text, max(end, match.start() + 1))


@lru_cache(maxsize=512)
def _between_words(pattern: str) -> Any:
    bare = pattern.removeprefix("^").removesuffix("$")
    return re2.compile(f"(?:^|{_BESIDE})({bare})(?:$|{_BESIDE})", _options(MAX_MEMORY + _BESIDE_MEMORY))


def check_patterns(patterns: Iterable[str]) -> None:
    """Refuse patterns that cannot be used, or are too large together.

    Raises:
        InvalidSchema: Says which, and why.
    """
    instructions = 0
    for pattern in patterns:
        instructions += compiled(pattern).programsize
        if instructions > MAX_INSTRUCTIONS:
            raise _refused(f"has patterns that are too large together, at {pattern[:60]!r}; use shorter repeats")


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else ""
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


def _refused(what: str) -> InvalidSchema:
    return InvalidSchema(f"schema {what}", field="schema")
