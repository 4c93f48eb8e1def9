"""Patterns of callers: those that may take for ever are told from the others without being run."""

from __future__ import annotations

import re
from re import _constants as tokens  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from ocrq.errors import InvalidSchema

MAX_PATTERN = 500  # characters
MAX_REPEATS = 10_000  # characters a pattern's bounded repeats may unfold to
MAX_CLASS_WIDTH = 500_000  # characters named by all ranges of a schema: 50 ms to compile, four times all of CJK's
MAX_INNER = 16  # a bounded repeat up to here inside another is harmless on a line of text


def _refused(what: str) -> InvalidSchema:
    return InvalidSchema(f"schema {what}", field="schema")


def check_pattern(pattern: str) -> None:
    """Refuse a regular expression that is none, or may take a time that grows without bound on a short text.

    Repeats inside unbounded repeats, alternatives that begin alike inside one, and back references do
    (R. Cox, "Regular Expression Matching Can Be Simple And Fast", 2007).

    Raises:
        InvalidSchema: Says why.
    """
    shown = pattern[:60]
    if len(pattern) > MAX_PATTERN:
        raise _refused(f"has a pattern of {len(pattern):,} characters; at most {MAX_PATTERN} are taken")
    try:
        tree = _parser.parse(pattern)
    except (re.error, RecursionError, OverflowError, ValueError) as error:
        raise _refused(f"has a pattern that is no regular expression ({error}): {shown!r}") from None
    if _explosive(tree, False) or _unfolded(tree) > MAX_REPEATS:
        raise _refused(f"has a pattern that may take for ever: {shown!r}; write it without repeats inside repeats")


def class_width(pattern: str) -> int:
    """Characters that a pattern's ranges name, which is what compiling them costs; 0 for what is no pattern."""
    if len(pattern) > MAX_PATTERN:
        return 0  # refused without being compiled
    try:
        tree = _parser.parse(pattern)
    except (re.error, RecursionError, OverflowError, ValueError):
        return 0
    return _width(tree)


def _width(tree: Any) -> int:
    total = 0
    for operation, argument in tree:
        if operation is tokens.IN:
            total += sum(last - first for kind, span in argument if kind is tokens.RANGE for first, last in [span])
        elif operation is tokens.BRANCH:
            total += sum(map(_width, argument[1]))
        else:
            total += sum(map(_width, _inner(argument)))
    return total


def _explosive(tree: Any, repeated: bool) -> bool:
    """Whether a parsed pattern holds a repeat, a choice that may overlap, or a back reference inside a repeat."""
    for operation, argument in tree:
        if operation in (tokens.GROUPREF, tokens.GROUPREF_EXISTS):
            return True
        if operation in (tokens.MAX_REPEAT, tokens.MIN_REPEAT, tokens.POSSESSIVE_REPEAT):
            _, most, inner = argument
            many = most is tokens.MAXREPEAT or most > MAX_INNER
            if (repeated and many) or _explosive(inner, repeated or many):
                return True
        elif operation is tokens.BRANCH:
            if repeated and _overlap(argument[1]):
                return True
            if any(_explosive(branch, repeated) for branch in argument[1]):
                return True
        elif any(_explosive(inner, repeated) for inner in _inner(argument)):
            return True
    return False


def _overlap(branches: Any) -> bool:
    """Whether two alternatives may begin with the same character; true unless all begin with other literals."""
    firsts = []
    for branch in branches:
        head = branch[0] if len(branch) else None
        if head is None or head[0] is not tokens.LITERAL:
            return True
        firsts.append(head[1])
    return len(set(firsts)) < len(firsts)


def _unfolded(tree: Any) -> int:
    """Characters that bounded repeats unfold to."""
    total = 0
    for operation, argument in tree:
        if operation in (tokens.MAX_REPEAT, tokens.MIN_REPEAT, tokens.POSSESSIVE_REPEAT):
            least, most, inner = argument
            total += (least if most is tokens.MAXREPEAT else most) * max(1, _unfolded(inner))
        elif operation is tokens.BRANCH:
            total += sum(_unfolded(branch) for branch in argument[1])
        else:
            total += max(1, sum(_unfolded(inner) for inner in _inner(argument)))
    return total


def _inner(argument: Any) -> list[Any]:
    """The patterns inside an operation's argument: of groups and assertions."""
    parts = argument if isinstance(argument, tuple) else (argument,)
    return [part for part in parts if isinstance(part, _parser.SubPattern)]
