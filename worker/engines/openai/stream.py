"""A streamed answer: server-sent events of chat completions to text with probabilities."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError

from worker.engines.generated import Ending
from worker.engines.parsers import Answer
from worker.engines.presets import Repetition
from worker.engines.repetition import LoopDetector

CHARACTERS_A_TOKEN = 4  # about; where a server gives no tokens, loops are detected in characters
_DONE = "[DONE]"


class _Token(BaseModel):
    token: str
    logprob: float


class _Logprobs(BaseModel):
    content: list[_Token] | None = None


class _Delta(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    delta: _Delta = _Delta()
    logprobs: _Logprobs | None = None
    finish_reason: str | None = None


class _Chunk(BaseModel):
    choices: list[_Choice] = []
    error: Any = None


class BadAnswer(Exception):
    """The answer does not follow the protocol, or is incomplete."""


@dataclass
class Stream:
    """The part of an answer received so far.

    Args:
        rule: When it counts as a loop.
    """

    rule: Repetition
    end: Ending | None = None
    pieces: list[tuple[str, float | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        rule = self.rule
        self._tokens = LoopDetector(rule)
        wider = Repetition(rule.span * CHARACTERS_A_TOKEN, rule.times, rule.longest * CHARACTERS_A_TOKEN)
        self._characters = LoopDetector(wider)

    def take(self, event: str) -> None:
        """Take one event's data.

        Raises:
            BadAnswer: It does not follow the protocol.
        """
        choice = _choice(event)
        if choice is None:
            return
        text = choice.delta.content or ""
        tokens = (choice.logprobs.content if choice.logprobs else None) or []
        if tokens and "".join(token.token for token in tokens) == text:
            self.pieces += [(token.token, math.exp(min(0.0, token.logprob))) for token in tokens]
            looping = any([self._tokens.add(token.token) for token in tokens])
        else:
            self.pieces += [(text, None)] if text else []
            looping = any([self._characters.add(character) for character in text])
        if looping:
            self.end = "loop"
        elif choice.finish_reason:
            self.end = "length" if choice.finish_reason == "length" else "end"

    def answer(self) -> Answer:
        """The text; of a loop, the part before the repeats.

        Its characters have probabilities where the server gave one for every token: their product is the token's.
        """
        pieces = self.pieces[: self._tokens.begins] if self._tokens.begins is not None else self.pieces
        text = "".join(piece for piece, _ in pieces)
        if self._characters.begins is not None:
            text = text[: self._characters.begins]
        if any(probability is None for _, probability in pieces):
            return Answer(text)
        return Answer(text, tuple(p ** (1 / len(piece)) for piece, p in pieces if p is not None for _ in piece))


async def follow(lines: AsyncIterator[str], stream: Stream) -> None:
    """Take an answer's lines until it ends, or is a loop.

    Raises:
        BadAnswer: It is incomplete, or does not follow the protocol.
    """
    async for line in lines:
        if not line.startswith("data:"):
            continue  # comments that keep the connection alive, names of events, empty lines
        data = line[len("data:") :].strip()
        if data == _DONE:
            break
        stream.take(data)
        if stream.end == "loop":
            return
    if stream.end is None:
        raise BadAnswer("the answer was cut off")


def _choice(event: str) -> _Choice | None:
    """The one choice of an event; None where it has none, as the last event with the usage."""
    try:
        chunk = _Chunk.model_validate_json(event)
    except ValidationError as error:
        raise BadAnswer("the answer is not in the protocol") from error
    if chunk.error is not None:
        raise BadAnswer(f"the server reported an error: {str(chunk.error)[:200]}")
    return chunk.choices[0] if chunk.choices else None
