"""From tokens to text, with a probability for every character."""

from __future__ import annotations

import math
from typing import Any

from worker.engines.trocr.beams import Tokens, Vocabulary
from worker.page import LineReading

PARTIAL = "\ufffd"  # what a byte-level tokenizer shows for part of a character


def reading_of(tokens: Tokens, tokenizer: Any, vocabulary: Vocabulary) -> LineReading:
    """The text of a line.

    A token's probability is spread evenly over its characters, so that their product is the token's; what has no
    character of its own, the end above all, counts with the character before it. So the product over a line is the
    probability of all its tokens.

    Args:
        tokens: Of one line.
        tokenizer: A transformers tokenizer.
        vocabulary: Special tokens.
    """
    text, ids = "", []
    characters: list[str] = []
    logs: list[float] = []
    waiting = 0.0  # log probability of tokens whose character is not complete
    for token, log in zip(tokens.ids, tokens.log_probabilities, strict=True):
        waiting += log
        if token in (vocabulary.end, vocabulary.padding, vocabulary.start):
            continue
        ids.append(token)
        longer = tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        new = longer[len(text) :]
        if not new or new.endswith(PARTIAL):
            continue
        characters += new
        logs += [waiting / len(new)] * len(new)
        text, waiting = longer, 0.0
    if logs:
        logs[-1] += waiting
    return _stripped(characters, logs)


def _stripped(characters: list[str], logs: list[float]) -> LineReading:
    """Without spaces at the ends; theirs counts with the character beside them."""
    while characters and characters[0].isspace():
        characters.pop(0)
        first = logs.pop(0)
        if logs:
            logs[0] += first
    while characters and characters[-1].isspace():
        characters.pop()
        last = logs.pop()
        if logs:
            logs[-1] += last
    return LineReading("".join(characters), tuple(math.exp(min(0.0, log)) for log in logs))
