"""Which characters are Chinese, for they have fonts of their own and are most of the reader's alphabet."""

from __future__ import annotations

FIRST_CHINESE = 0x2E80
"""The first of CJK's radicals; nothing behind it is of a script that is drawn here otherwise."""


def is_chinese(character: str) -> bool:
    """Whether a character is Chinese, or of the scripts behind it."""
    return ord(character) >= FIRST_CHINESE
