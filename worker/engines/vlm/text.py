"""Generated tokens to text with a probability for each character."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from worker.engines.parsers import Answer

UNFINISHED = "\ufffd"  # shown by decoding for an incomplete character
CONTEXT_TOKENS = 6  # before a token: enough for decoders that need context for its space


def answer_of(tokenizer: Any, tokens: Sequence[int], probabilities: Sequence[float]) -> Answer:
    """The text of tokens, without special tokens.

    Args:
        tokenizer: The model's.
        tokens: Their ids.
        probabilities: One per token.

    Returns:
        A token's probability is spread over its characters so that their product is the token's again, and the
        product over a word or line is its probability. Tokens that are one character together count as one.
    """
    text: list[str] = []
    spread: list[float] = []
    written, share = 0, 1.0  # tokens that are in the text, and the probability of those that are not yet
    for index, probability in enumerate(probabilities):
        share *= probability
        new = _new_text(tokenizer, tokens, written, index + 1)
        if new.endswith(UNFINISHED) and index + 1 < len(tokens):
            continue
        if new:  # special tokens have no text
            text.append(new)
            spread += [share ** (1 / len(new))] * len(new)
        written, share = index + 1, 1.0
    return Answer("".join(text), tuple(spread))


def _new_text(tokenizer: Any, tokens: Sequence[int], first: int, after: int) -> str:
    """What the tokens from one index up to another add to the text before them."""
    begin = max(0, first - CONTEXT_TOKENS)
    options = {"skip_special_tokens": True, "clean_up_tokenization_spaces": False}
    before = tokenizer.decode(tokens[begin:first], **options)
    return str(tokenizer.decode(tokens[begin:after], **options)[len(before) :])
