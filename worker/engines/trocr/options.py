"""A request's decoding options in TrOCR's terms, with a warning for each that it does not support."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DEFAULT_BEAMS = 4  # a line's beams share its cross-attention: four cost little more than one
DEFAULT_TOP_K = 50  # transformers' own, where sampling is asked for and no top_k


@dataclass(frozen=True)
class Decoding:
    """How lines are decoded.

    Attributes:
        beams: 1 for greedy or sampled.
        limit: Most tokens of a line, its end counted; None derives it from the line's shape.
        least: Fewest tokens before the end may come.
        length_penalty: Power of the length that a finished sequence's score is divided by.
        early_stopping: Whether a line is done with its first ``beams`` finished sequences.
        repetition_penalty: Divides the scores of tokens that a line already has; 1 for none.
        no_repeat_ngram: No sequence of this many tokens is repeated; 0 for no such rule.
        sampling: Whether tokens are sampled.
        temperature: Above 0.
        top_k: The number of likeliest tokens sampled from.
        top_p: The likeliest tokens with this total probability are sampled from.
        seed: Of the sampling; equal seeds give equal texts.
    """

    beams: int = DEFAULT_BEAMS
    limit: int | None = None
    least: int = 0
    length_penalty: float = 1.0
    early_stopping: bool = False
    repetition_penalty: float = 1.0
    no_repeat_ngram: int = 0
    sampling: bool = False
    temperature: float = 1.0
    top_k: int = DEFAULT_TOP_K
    top_p: float = 1.0
    seed: int = 0


def decoding_of(options: Mapping[str, Any], positions: int) -> tuple[Decoding, list[str]]:
    """The decoding that a request's options ask for, and a warning for each that is beyond the model's limits.

    Args:
        options: As in ``DecodingOptions``, bounds already checked; None is not given.
        positions: Size of the model's position table, including the start token.
    """
    given = {name: value for name, value in options.items() if value is not None}
    warnings: list[str] = []
    limit = _limit(given, positions, warnings)
    least = int(given.get("min_length", 0)) - 1  # as max_length, it counts the start
    sampling, beams = _ways(given, warnings)
    if given.get("num_return_sequences", 1) > 1:
        warnings.append("decoding_options.num_return_sequences: a line has one reading; 1 was used")
    return Decoding(
        beams=beams,
        limit=limit,
        least=max(0, min(least, (limit or positions) - 1)),
        length_penalty=float(given.get("length_penalty", 1.0)),
        early_stopping=bool(given.get("early_stopping", False)),
        repetition_penalty=float(given.get("repetition_penalty", 1.0)),
        no_repeat_ngram=int(given.get("no_repeat_ngram_size", 0)),
        sampling=sampling,
        temperature=float(given.get("temperature", 1.0)) or 1.0,
        top_k=int(given.get("top_k", DEFAULT_TOP_K)),
        top_p=float(given.get("top_p", 1.0)),
        seed=int(given.get("seed", 0)),
    ), warnings


def _limit(given: Mapping[str, Any], positions: int, warnings: list[str]) -> int | None:
    """Most new tokens: ``max_new_tokens``, else ``max_length``, which counts the start as transformers does."""
    most = positions - 1
    if "max_new_tokens" in given:
        name, asked = "max_new_tokens", int(given["max_new_tokens"])
    elif "max_length" in given:
        name, asked = "max_length", max(1, int(given["max_length"]) - 1)
    else:
        return None
    if asked > most:
        used = most if name == "max_new_tokens" else positions
        warnings.append(f"decoding_options.{name}: the model has {positions} positions; {used} was used")
    return min(asked, most)


def _ways(given: Mapping[str, Any], warnings: list[str]) -> tuple[bool, int]:
    """Whether to sample, and the beams: temperature 0 means greedy, and sampling uses one beam."""
    if given.get("temperature") == 0:
        if given.get("num_beams", 1) > 1:
            warnings.append("decoding_options.num_beams: temperature 0 means greedy; 1 was used")
        return False, 1
    sampling = bool(given.get("do_sample", False))
    if sampling and given.get("num_beams", 1) > 1:
        warnings.append("decoding_options.num_beams: sampling reads with one beam; 1 was used")
    return sampling, 1 if sampling else int(given.get("num_beams", DEFAULT_BEAMS))
