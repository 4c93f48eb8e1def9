"""The caller's decoding options in a vision-language model's terms; what it cannot do is capped, and told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MAX_BEAMS = 4
"""Each beam keeps the attention's keys and values of a whole page: about half a gigabyte for a model of 7 billion."""

_AS_THEY_ARE = ("repetition_penalty", "no_repeat_ngram_size")
_OF_SAMPLING = ("temperature", "top_k", "top_p")
_OF_BEAMS = ("length_penalty", "early_stopping")


@dataclass(frozen=True)
class Decoding:
    """How a page is generated.

    Attributes:
        arguments: Of ``GenerationConfig``.
        seed: Of the sampling.
        warnings: Sentences for the result's metadata.
    """

    arguments: Mapping[str, Any]
    seed: int = 0
    warnings: tuple[str, ...] = ()


def decoding_for(options: Mapping[str, Any], usual_tokens: int, room: int | None) -> Decoding:
    """The decoding that a caller's options ask for: greedy unless they say otherwise.

    Args:
        options: Bounds already checked; None is as good as missing.
        usual_tokens: Of an answer, where the caller says nothing.
        room: Tokens the model has left beside prompt and picture; None for no bound.
    """
    told = {name: value for name, value in options.items() if value is not None}
    warnings: list[str] = []
    beams = _capped("num_beams", told.get("num_beams", 1), MAX_BEAMS, warnings)
    arguments: dict[str, Any] = {"num_beams": beams, "do_sample": _samples(told)}
    arguments |= {name: told[name] for name in _AS_THEY_ARE if name in told}
    if arguments["do_sample"]:
        arguments |= {"top_k": 0} | {name: told[name] for name in _OF_SAMPLING if told.get(name)}
    if beams > 1:
        # Else beams that have no end yet go on to the last token they may have, for pages on end.
        arguments |= {"early_stopping": True} | {name: told[name] for name in _OF_BEAMS if name in told}
    wanted = told.get("max_new_tokens", told.get("max_length"))
    name = "max_new_tokens" if "max_new_tokens" in told else "max_length"
    most = usual_tokens if wanted is None else wanted
    arguments["max_new_tokens"] = most if room is None else _capped(name, most, max(1, room), warnings, wanted is None)
    if told.get("min_length"):
        arguments["min_new_tokens"] = min(told["min_length"], arguments["max_new_tokens"])
    if told.get("num_return_sequences", 1) > 1:
        warnings.append("num_return_sequences is 1 here: a page has one text")
    return Decoding(arguments, told.get("seed", 0), tuple(warnings))


def _samples(told: Mapping[str, Any]) -> bool:
    """Temperature 0 means greedy, whatever else is said; a temperature alone means sampling."""
    if told.get("temperature") == 0:
        return False
    return bool(told.get("do_sample", "temperature" in told))


def _capped(name: str, value: int, most: int, warnings: list[str], quietly: bool = False) -> int:
    if value > most and not quietly:
        warnings.append(f"{name} {value} is more than this model can; {most} was used")
    return min(value, most)
