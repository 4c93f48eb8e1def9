"""Finds labels: where a line names a concept, the longest name winning."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import accumulate

from worker.fields.folding import fold
from worker.fields.layout_page import LayoutLine, LayoutPage
from worker.fields.vocabulary import ALWAYS, CURRENCY, EXCLUDING, INCLUDING, LABELS, NAMES, NUMBER, TAX

GAP = r"(?:[^\w\n]|_){0,4}"
"""What may stand between the words of a label: spaces, points, brackets, or nothing where spaces got lost."""


SPOKEN = 0.5
"""A language counts that a document has this share of its best language's words of."""

TELLING = 5
"""Letters of a word from which on it tells the language."""

TITLE = 0.5
"""Weight of a document's title as a label of its number."""

MISREADABLE = 4
"""Letters of a word from which on it is known with letters misread; shorter ones would be taken for others."""

_SHAPES = {"o": "[o0]", "i": "[il1|]", "l": "[li1|]", "s": "[s5]", "b": "[b8]", "g": "[g9]", "z": "[z2]"}
_SHAPES |= {"t": "[ti1]", "a": "[a4]", "e": "[ec]"}

_ALIKE = str.maketrans("0l1|t58924c", "oiiiisbgzae")
"""Letters of one shape as one letter: a quick look whether a phrase can be on a page at all."""

_CHOICE = re.compile(r"\((?:[^()]|\([^()]*\))*\)")
"""Of a phrase's wordings: none of their words must be on the page."""

_WEIGHT = re.compile(r"=([\d.]+)$")
_TRAILING = re.compile(r"[^\w#%ºo°]+$")


@dataclass(frozen=True)
class Label:
    """A concept named on a line.

    Attributes:
        concepts: What it names; one phrase may name several ("amount": a total, or a column).
        line: Index of the line.
        start: First character.
        end: Character after the last.
        whole: Whether nothing else stands on the line but punctuation.
    """

    concepts: Mapping[str, float]
    line: int
    start: int
    end: int
    whole: bool


@dataclass(frozen=True)
class _Phrase:
    written: str
    concept: str
    weight: float
    needed: str = ""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compiled when a document first has its word."""
        return _compiled(self.written)


def find_labels(layout: LayoutPage, own: Mapping[str, Iterable[str]]) -> list[Label]:
    """All labels of a document, none over another.

    Args:
        layout: The document.
        own: Phrases of the caller's fields, by a name of their own: aliases, titles, names without vocabulary.
    """
    alike = layout.folded.translate(_ALIKE)
    phrases = [phrase for language in _languages(alike) for phrase in _vocabulary()[language]]
    phrases += [phrase for name, texts in own.items() for phrase in _own_phrases(name, texts)]
    hits: list[dict[tuple[int, int], dict[str, float]]] = [{} for _ in layout.lines]
    starts = [0, *accumulate(len(line.folded) + 1 for line in layout.lines)]
    for phrase in phrases:
        if phrase.needed not in alike:
            continue
        for match in phrase.pattern.finditer(layout.folded):
            at = bisect_right(starts, match.start()) - 1
            end = match.start() + len(_TRAILING.sub("", match[0]))  # an optional last word leaves its gap behind
            concepts = hits[at].setdefault((match.start() - starts[at], end - starts[at]), {})
            concepts[phrase.concept] = max(phrase.weight, concepts.get(phrase.concept, 0.0))
    return [label for line in layout.lines for label in _longest(line, hits[line.index])]


def concept_of(name: str) -> str | None:
    """The concept a property name asks for, by its words; None if it is not in the vocabulary."""
    return _names().get(" ".join(words_of(name)))


def words_of(name: str) -> list[str]:
    """A property name's words: ``invoiceNumber``, ``invoice_number`` and ``Invoice No.`` alike, folded."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return [word for word in re.split(r"[\W_]+", fold(spaced)) if word]


def _is_part(text: str, start: int, end: int) -> bool:
    """Whether a single word ends a compound that is no label itself: "Leistungs-Datum" is not the "Datum"."""
    return bool(re.search(r"[^\W\d_]{3}-$", text[:start])) and text[start:end].isalpha()


def _longest(line: LayoutLine, hits: Mapping[tuple[int, int], Mapping[str, float]]) -> list[Label]:
    labels: list[Label] = []
    for start, end in sorted(hits, key=lambda span: (span[0] - span[1], span[0])):
        if _is_part(line.folded, start, end):
            continue
        if all(end <= label.start or start >= label.end for label in labels):
            rest = line.folded[:start] + line.folded[end:]
            labels.append(Label(hits[start, end], line.index, start, end, not re.search(r"\w", rest)))
    return labels


def _languages(alike: str) -> list[str]:
    """The languages of a document by the words of their labels that it has, and those that count everywhere."""
    shares = {
        language: sum(share for word, share in words.items() if word in alike) for language, words in _words().items()
    }
    most = max(shares.values(), default=0.0)
    return [*ALWAYS, *(language for language, share in shares.items() if share >= max(SPOKEN * most, 0.1))]


@cache
def _words() -> dict[str, dict[str, float]]:
    """By language: the words of its labels, each worth the less the more languages have it."""
    words = {
        language: {phrase.needed for phrase in phrases if len(phrase.needed) >= TELLING}
        for language, phrases in _vocabulary().items()
    }
    shared = Counter(word for several in words.values() for word in several)
    return {
        language: {word: 1 / shared[word] for word in several}
        for language, several in words.items()
        if language not in ALWAYS
    }


@cache
def _vocabulary() -> dict[str, list[_Phrase]]:
    return {
        language: [
            _phrase(concept, text)
            for concept, texts in (*labels.items(), ("invoice_number", _titles(labels)))
            for text in texts
        ]
        for language, labels in LABELS.items()
    }


def _titles(labels: Mapping[str, Sequence[str]]) -> list[str]:
    """What a document is called, alone on a line: its number may stand below or beside."""
    return [
        f"{text.replace('^', '^^')}={TITLE}" for text in labels.get("title", ()) if text[0] == "^" and "=" not in text
    ]


def _phrase(concept: str, text: str) -> _Phrase:
    weighted = _WEIGHT.search(text)
    written = text[: weighted.start()] if weighted else text
    fixed = _CHOICE.sub(" ", written.lstrip("^"))
    plain = [word for word in fixed.split(" ") if word.isascii() and word.isalpha()]
    needed = max(plain, key=len, default="").translate(_ALIKE)
    return _Phrase(written, concept, float(weighted[1]) if weighted else 1.0, needed)


def _compiled(text: str) -> re.Pattern[str]:
    alone, numbered = text.startswith("^"), text.startswith("^^")
    words = [word for word in text.lstrip("^").strip().replace(" ?", " ").split(" ") if word]
    pattern = GAP.join(_misreadable(word) for word in words)
    for name, words_for in (("no", NUMBER), ("tax", TAX), ("incl", INCLUDING), ("excl", EXCLUDING), ("cur", CURRENCY)):
        pattern = pattern.replace(f"{{{name}}}", words_for)
    if numbered:
        return re.compile(rf"(?<![^\n]){pattern}(?=[^\S\n]*(?:[:#\n]|\Z|[a-z]{{0,3}}[-/]?\d))")
    if alone:
        return re.compile(rf"(?<![^\n]){pattern}(?=[^\S\n]*(?:[:\n]|\Z))")
    more = r"\w" if len(words[-1]) == 1 else r"[^\W\d_]"  # "fattura a" is not called so in "fattura A28079"
    return re.compile(rf"(?<![^\W_]){pattern}(?!{more})")


def _misreadable(word: str) -> str:
    """A plain word as a pattern that also takes it where letters were read as others of their shape."""
    if len(word) < MISREADABLE or not word.isascii() or not word.isalpha():
        return word
    return "".join(_SHAPES.get(letter, letter) for letter in word)


def _own_phrases(name: str, texts: Iterable[str]) -> list[_Phrase]:
    return [_Phrase(GAP.join(map(re.escape, words_of(text))), name, 1.0) for text in texts if words_of(text)]


@cache
def _names() -> dict[str, str]:
    return {name: concept for concept, names in NAMES.items() for name in names}
