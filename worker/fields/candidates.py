"""Candidates of every kind on a page, each kind looked for once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from tasks.documents.patterns import whole_words
from worker.fields.candidate import Candidate, Span
from worker.fields.folding import fold
from worker.fields.kinds import (
    addresses,
    bics,
    currencies,
    dates,
    emails,
    ibans,
    identifiers,
    money,
    parties,
    percentages,
    phones,
    quantities,
    texts,
    times,
    vat_ids,
    websites,
)  # fmt: skip
from worker.fields.labels import Label
from worker.fields.layout_page import LayoutPage
from worker.layout.text import BOX_CHECKED, BOX_EMPTY

YES = ("yes", "y", "x", "true", "ja", "oui", "si", "[x]", "☒", "☑", "✓", "✔", "checked")
NO = ("no", "n", "false", "nein", "non", "[ ]", "☐", "unchecked")


class CandidateIndex:
    """Finds candidates by kind and keeps them.

    Args:
        layout: The document.
        labels: Its labels: free text stands between them.
        dayfirst: See :func:`worker.fields.kinds.dates.find`.
    """

    def __init__(self, layout: LayoutPage, labels: Sequence[Label], dayfirst: bool | None) -> None:
        self._layout, self._labels, self._dayfirst = layout, labels, dayfirst
        self._kept: dict[str, list[Candidate]] = {}

    def of(self, kind: str) -> list[Candidate]:
        """All candidates of a kind that needs nothing but the page."""
        if kind not in self._kept:
            self._kept[kind] = self._find(kind)
        return self._kept[kind]

    @cached_property
    def currency(self) -> str | None:
        """The document's currency."""
        return money.main_currency(self.of("money"))

    def _find(self, kind: str) -> list[Candidate]:
        layout = self._layout
        if kind == "date":
            return dates.find(layout, self._dayfirst)
        if kind == "datetime":
            return [self._with_time(candidate) for candidate in dates.find(layout, self._dayfirst)]
        if kind == "phone":
            return phones.find(layout, phones.REGIONS.get(self.currency or ""))
        if kind == "party":
            return parties.find(layout, self._labels)
        if kind == "number":
            return [*money.find(layout), *quantities.find(layout)]
        if kind in ("text", "boolean"):
            free = texts.find(layout, self._labels)
            if kind == "text":
                return free
            return [*_checkboxes(layout), *(c for c in map(_as_boolean, free) if c is not None)]
        finders = {
            "money": money,
            "identifier": identifiers,
            "address": addresses,
            "email": emails,
            "website": websites,
            "iban": ibans,
            "bic": bics,
            "vat_id": vat_ids,
            "percentage": percentages,
            "currency": currencies,
            "time": times,
        }
        return finders[kind].find(layout) if kind in finders else []

    def _with_time(self, candidate: Candidate) -> Candidate:
        span = candidate.first
        rest = self._layout.lines[span.line].text[span.end :]
        match = re.match(r"[\sT,]{0,3}(\d{1,2}:\d{2}(?::\d{2})?(?:\s?[AaPp][Mm])?)", rest)
        clock = times.of(match[1]) if match else None
        end = span.end + match.end() if match else span.end
        return Candidate(
            f"{candidate.value}T{clock or '00:00:00'}Z",
            (Span(span.line, span.start, end),),
            candidate.plausibility,
            candidate.facts,
        )

    def matching(self, pattern: str) -> list[Candidate]:
        """Words of lines that match a caller's pattern as a whole."""
        return [
            Candidate(line.text[start:end], (Span(line.index, start, end),))
            for line in self._layout.lines
            for start, end in whole_words(pattern, line.text)
        ]

    def among(self, values: Sequence[Any]) -> list[Candidate]:
        """Where values of an enumeration stand, letter case and spacing aside; the longest at a place."""
        found: list[Candidate] = []
        for value in sorted(
            (v for v in values if isinstance(v, str | int | float) and not isinstance(v, bool)),
            key=lambda v: -len(str(v)),
        ):
            words = [re.escape(word) for word in re.split(r"[\s_-]+", fold(str(value))) if word]
            if not words:
                continue
            spaced = r"[\s_-]*".join(words)
            pattern = re.compile(rf"(?<![^\W_])(?<![.,]){spaced}(?![^\W_])")
            for line in self._layout.lines:
                for match in pattern.finditer(line.folded):
                    span = Span(line.index, *match.span())
                    if not any(
                        c.first.line == span.line and c.first.start < span.end and span.start < c.first.end
                        for c in found
                    ):
                        found.append(Candidate(value, (span,)))
        return found


def _checkboxes(layout: LayoutPage) -> list[Candidate]:
    """The state of each checkbox."""
    return [
        Candidate(character == BOX_CHECKED, (Span(line.index, index, index + 1),))
        for line in layout.lines
        for index, character in enumerate(line.text)
        if character in (BOX_CHECKED, BOX_EMPTY)
    ]


def _as_boolean(candidate: Candidate) -> Candidate | None:
    word = fold(str(candidate.value)).strip(" .")
    if word in YES or word in NO:
        return Candidate(word in YES, candidate.spans)
    return None
