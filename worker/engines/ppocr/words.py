"""Words that a CTC network is unsure of, chosen among its own alternatives by how common they are.

Nothing is read that the network did not see: a word's candidates are what a beam search over the network's likeliest
classes finds, and how common a word is weighs in only against what the network says itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.engines.ppocr.glyphs import BLANK, STEP_PIXELS, Glyph
from worker.engines.ppocr.word_frequency import SWITCH, commonness, switches

UNSURE = 0.95
"""A word with a character below this probability is looked at again, and a space below it parts no words."""

FEWEST_LETTERS = 2
"""Of words without a digit. Numbers without any letter are left as they are read, for no lexicon knows them; but for
those with an unsure space inside, which may be a faint decimal point."""

MOST_STEPS = 100
"""Longer stretches without a sure space are rows of dots or smudges."""

BEAM = 12
"""Candidates kept from step to step."""

LEAST_SHARE = 1e-3
"""Classes less likely than this at a step are not followed."""

LEXICON_WEIGHT = 0.5
"""What the lexicon's logarithms count against the network's, which is surer of itself than it should be."""

Steps = tuple[NDArray[np.float32], NDArray[np.int32]]
"""Steps x K: the probabilities of the likeliest classes, descending, and the classes."""


@dataclass(frozen=True)
class Candidate:
    """What may stand on some steps.

    Attributes:
        classes: Of its characters.
        at: The step at which each character's probability is highest.
        probabilities: Those, 0 to 1.
        log: Natural logarithm of the whole's probability, by the network alone.
    """

    classes: tuple[int, ...]
    at: tuple[int, ...]
    probabilities: tuple[float, ...]
    log: float


@dataclass(slots=True)
class _Prefix:
    """A beginning of a candidate: the probabilities that it ends in a blank and in its last character.

    ``before`` and ``total`` are the sums of its characters' probabilities, without and with the last one.
    """

    blank: float
    other: float
    at: tuple[int, ...]
    probabilities: tuple[float, ...]
    before: float
    total: float


_Beam = dict[tuple[int, ...], _Prefix]


def with_known_words(glyphs: Sequence[Glyph], steps: Steps, alphabet: Sequence[str]) -> list[Glyph]:
    """The glyphs of a line, unsure words replaced by likelier ones.

    Args:
        glyphs: As read greedily, over the steps they were read in.
        steps: All the line's.
        alphabet: The classes' characters.

    Returns:
        Glyphs over the steps they were read in. A character that was changed has the probability of its word among
        the candidates.
    """
    result: list[Glyph] = []
    first = 0
    stretches = _stretches(glyphs)
    for number, (word, space) in enumerate(stretches):
        last = number == len(stretches) - 1
        after = len(steps[0]) if last else round(space[0].left / STEP_PIXELS)
        if _needs_correction(word) and after - first <= MOST_STEPS:
            word = _likelier(word, _candidates(steps, first, after), alphabet)
        result += [*word, *space]
        first = after if last else round(space[0].right / STEP_PIXELS)
    return result


def _stretches(glyphs: Sequence[Glyph]) -> list[tuple[list[Glyph], list[Glyph]]]:
    """What stands between sure spaces, each with the space behind it."""
    found: list[tuple[list[Glyph], list[Glyph]]] = [([], [])]
    for glyph in glyphs:
        if glyph.text == " " and glyph.probability >= UNSURE:
            found[-1][1].append(glyph)
            found.append(([], []))
        else:
            found[-1][0].append(glyph)
    return found


def _needs_correction(word: Sequence[Glyph]) -> bool:
    if all(glyph.probability >= UNSURE for glyph in word):
        return False
    letters = sum(glyph.text.isalpha() for glyph in word)
    if letters:
        return letters >= FEWEST_LETTERS or any(glyph.text.isdigit() for glyph in word)
    return any(
        left.text.isdigit() and space.text == " " and right.text.isdigit()
        for left, space, right in zip(word, word[1:], word[2:], strict=False)
    )


def _likelier(word: list[Glyph], candidates: Sequence[Candidate], alphabet: Sequence[str]) -> list[Glyph]:
    """The word that network and lexicon together find likeliest; itself where that is what was read."""
    texts = ["".join(alphabet[index] for index in one.classes) for one in candidates]
    weight = LEXICON_WEIGHT * math.log(10)
    read = "".join(glyph.text for glyph in word)
    scores = [one.log + weight * _commonness(text, read) for one, text in zip(candidates, texts, strict=True)]
    best = max(range(len(scores)), key=scores.__getitem__)
    if not texts[best].strip() or texts[best] == read:
        return word
    share = 1 / sum(math.exp(score - scores[best]) for score in scores)
    chosen = candidates[best]
    result = []
    for index, step, probability in zip(chosen.classes, chosen.at, chosen.probabilities, strict=True):
        own = next((glyph for glyph in word if glyph.left <= step * STEP_PIXELS < glyph.right), None)
        kept = own is not None and own.text == alphabet[index]
        left, right = step * STEP_PIXELS, (step + 1) * STEP_PIXELS
        result.append(Glyph(alphabet[index], probability if kept else share, float(left), float(right)))
    return result


def _commonness(text: str, read: str) -> float:
    """How common a candidate is; it saves switches between letters and digits by other characters, not by fewer."""
    replaced = len(text) == len(read) and text.count(" ") == read.count(" ")
    return commonness(text) - SWITCH * (switches(text) if replaced else max(switches(text), switches(read)))


def _candidates(steps: Steps, first: int, after: int) -> list[Candidate]:
    """The likeliest readings of the steps from ``first`` to ``after``.

    CTC prefix beam search: Hannun et al., "First-Pass Large Vocabulary Continuous Speech Recognition using
    Bi-Directional Recurrent DNNs", arXiv:1408.2873.
    """
    beam: _Beam = {(): _Prefix(1.0, 0.0, (), (), 0.0, 0.0)}
    likely = zip(steps[0][first:after].tolist(), steps[1][first:after].tolist(), strict=True)
    for step, (probabilities, indices) in enumerate(likely, first):
        if indices[0] == BLANK and probabilities[1] < LEAST_SHARE:  # nothing new begins, and the order stays
            for prefix in beam.values():
                prefix.blank, prefix.other = (prefix.blank + prefix.other) * probabilities[0], 0.0
            continue
        grown: _Beam = {}
        for place, (probability, index) in enumerate(zip(probabilities, indices, strict=True)):
            if probability >= LEAST_SHARE or place == 0:
                for classes, prefix in beam.items():
                    _extend(grown, classes, prefix, step, index, probability)
        kept = sorted(grown.items(), key=lambda one: -(one[1].blank + one[1].other))[:BEAM]
        beam = dict(kept)
    return [
        Candidate(classes, prefix.at, prefix.probabilities, math.log(prefix.blank + prefix.other))
        for classes, prefix in beam.items()
    ]


def _extend(beam: _Beam, classes: tuple[int, ...], prefix: _Prefix, step: int, index: int, probability: float) -> None:
    """Let a prefix read one class at a step."""
    at, seen, before, total = prefix.at, prefix.probabilities, prefix.before, prefix.total
    both = prefix.blank + prefix.other
    if index == BLANK:
        _add(beam, classes, _Prefix(both * probability, 0.0, at, seen, before, total))
        return
    again = bool(classes) and classes[-1] == index
    if again and prefix.other > 0:
        other = prefix.other * probability
        if probability > seen[-1]:
            same = _Prefix(0.0, other, (*at[:-1], step), (*seen[:-1], probability), before, before + probability)
        else:
            same = _Prefix(0.0, other, at, seen, before, total)
        _add(beam, classes, same)
    begun = (prefix.blank if again else both) * probability  # between two equal characters CTC has a blank
    if begun > 0:
        longer = _Prefix(0.0, begun, (*at, step), (*seen, probability), total, total + probability)
        _add(beam, (*classes, index), longer)


def _add(beam: _Beam, classes: tuple[int, ...], way: _Prefix) -> None:
    """Add a way to read a prefix to those that are there; its place is that of the likelier way."""
    known = beam.get(classes)
    if known is None:
        beam[classes] = way
        return
    if way.total > known.total:
        known.at, known.probabilities, known.before, known.total = way.at, way.probabilities, way.before, way.total
    known.blank += way.blank
    known.other += way.other
