"""The caller's decoding options in a vision-language model's terms, capped with a warning at the model's limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MAX_BEAMS = 4
"""Each beam keeps the attention's keys and values of a whole page: about half a gigabyte for a model of 7 billion."""

_PASSED_ON = ("repetition_penalty", "no_repeat_ngram_size")
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


def decoding_for(options: Mapping[str, Any], usual_tokens: int, free_tokens: int | None) -> Decoding:
    """The decoding that a caller's options ask for: greedy by default.

    Args:
        options: Bounds already checked; None is not given.
        usual_tokens: Of an answer, where no limit is asked for.
        free_tokens: Tokens that prompt and image leave free in the model's context; None for no bound.
    """
    given = {name: value for name, value in options.items() if value is not None}
    warnings: list[str] = []
    beams = _capped("num_beams", given.get("num_beams", 1), MAX_BEAMS, warnings)
    arguments: dict[str, Any] = {"num_beams": beams, "do_sample": _samples(given)}
    arguments |= {name: given[name] for name in _PASSED_ON if name in given}
    if arguments["do_sample"]:
        arguments |= {"top_k": 0} | {name: given[name] for name in _OF_SAMPLING if given.get(name)}
    if beams > 1:
        # Otherwise beams without an end token run on to the token limit.
        arguments |= {"early_stopping": True} | {name: given[name] for name in _OF_BEAMS if name in given}
    wanted = given.get("max_new_tokens", given.get("max_length"))
    name = "max_new_tokens" if "max_new_tokens" in given else "max_length"
    most = usual_tokens if wanted is None else wanted
    arguments["max_new_tokens"] = (
        most if free_tokens is None else _capped(name, most, max(1, free_tokens), warnings, wanted is None)
    )
    if given.get("min_length"):
        arguments["min_new_tokens"] = min(given["min_length"], arguments["max_new_tokens"])
    if given.get("num_return_sequences", 1) > 1:
        warnings.append("num_return_sequences is 1 here: a page has one text")
    return Decoding(arguments, given.get("seed", 0), tuple(warnings))


def _samples(given: Mapping[str, Any]) -> bool:
    """Temperature 0 means greedy, whatever other options are set; a temperature alone means sampling."""
    if given.get("temperature") == 0:
        return False
    return bool(given.get("do_sample", "temperature" in given))


def _capped(name: str, value: int, most: int, warnings: list[str], quietly: bool = False) -> int:
    if value > most and not quietly:
        warnings.append(f"{name} {value} is more than this model allows; {most} was used")
    return min(value, most)
