"""A found value in the type its property asks for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from worker.fields.candidate import Candidate
from worker.fields.specs import Spec, types_of
from worker.fields.validation import validator_for

ABSENT = object()
"""No form of the value is valid."""


class Coercer:
    """Gives values the form a property's schema allows.

    Args:
        spec: The property.
    """

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._types = types_of(spec.schema)
        self._validator = validator_for(spec.schema)

    def of(self, candidate: Candidate, text: str) -> Any:
        """The first form of a value that is valid under the property's schema; :data:`ABSENT` if none is.

        Args:
            candidate: The value.
            text: As it stands on the page.
        """
        for form in self._forms(candidate.value, text):
            if self._validator.is_valid(form):
                return form
        return ABSENT

    def _forms(self, value: Any, text: str) -> Iterator[Any]:
        """Forms from the most to the least natural."""
        if self._spec.kind == "enum":
            yield value
            return
        if isinstance(value, bool):
            yield value
        if isinstance(value, float):
            yield from self._of_number(value, text)
        elif isinstance(value, str):
            if self._types & {"number", "integer"} and value.isascii() and value.isdigit():
                yield int(value)
            if not self._types or "string" in self._types:
                yield value
                yield text

    def _of_number(self, value: float, text: str) -> Iterator[Any]:
        if not math.isfinite(value):
            return
        whole = int(value) if value.is_integer() else None
        if "integer" in self._types and whole is not None:
            yield whole
        if not self._types or "number" in self._types:
            yield value
        if "string" in self._types:
            yield text
            yield f"{value:.2f}"
            if whole is not None:
                yield str(whole)
