"""Which script a line is in, by what the recogniser's network makes of it, and the reader for that script.

The network knows Latin, Chinese and Japanese. Its features tell other scripts apart although it has no letters for
them, so a line costs nothing more to look at.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from worker.engines.ppocr.classifier import SURE_LOGIT

if TYPE_CHECKING:
    from worker.engines.ppocr.recognition import Recogniser

Floats = NDArray[np.float32]

OWN = "own"
"""The class of lines in the network's own scripts, and of what is not text."""

LEAST, SURE = 0.7, 0.97
"""Probability of another script from which a line is read in it as well, and from which only that counts; on 324
drawn lines in the network's own scripts and none, it was above these nine times and never."""

LEAST_ON_SUCH_A_PAGE, SURE_ON_SUCH_A_PAGE = 0.1, 0.6
"""Likewise where the page's other lines are in that script."""

LEAST_STEPS = 3
"""Output steps with ink, fewer of which are a letter or a digit that says nothing about its script."""


@dataclass(frozen=True)
class ScriptClassifier:
    """A linear classifier over a line's pooled features.

    Attributes:
        scripts: ISO 15924 codes; :data:`OWN` first.
        weights: Measures x scripts.
        bias: One a script.
    """

    scripts: tuple[str, ...]
    weights: Floats
    bias: Floats

    def __call__(
        self, outputs: Sequence[NDArray[Any]], steps: int, allowed: frozenset[str] | None = None
    ) -> tuple[str, float]:
        """The likeliest of the other scripts, and the probability that the line is in another than the own ones.

        Args:
            outputs: Of the recogniser's network, as :func:`worker.engines.ppocr.classifier.ranking_features` says.
            steps: How many of the output's steps show the line; the others are padding.
            allowed: Scripts that a line may be in; None for all.
        """
        logits = line_measures(outputs, steps) @ self.weights + self.bias
        if allowed is not None:
            logits[[script != OWN and script not in allowed for script in self.scripts]] = -np.inf
        shares = np.exp(logits - logits.max())
        return self.scripts[int(shares[1:].argmax()) + 1], float(1 - shares[0] / shares.sum())


LANGUAGES = {
    "Arab": ("ar", "fa", "ps", "sd", "ug", "ur"),
    "Armn": ("hy",),
    "Beng": ("as", "bn"),
    "Cyrl": ("be", "bg", "bs", "kk", "ky", "mk", "mn", "ru", "sr", "tg", "tt", "uk", "uz"),
    "Deva": ("hi", "mr", "ne", "sa"),
    "Ethi": ("am", "ti"),
    "Geor": ("ka",),
    "Grek": ("el",),
    "Gujr": ("gu",),
    "Guru": ("pa",),
    "Hang": ("ko",),
    "Hebr": ("he", "yi"),
    "Khmr": ("km",),
    "Knda": ("kn",),
    "Laoo": ("lo",),
    "Mlym": ("ml",),
    "Mymr": ("my",),
    "Sinh": ("si",),
    "Taml": ("ta",),
    "Telu": ("te",),
    "Thai": ("th",),
}
"""ISO 639-1 codes of the languages that are written in each script."""


def scripts_of(languages: Sequence[str]) -> frozenset[str] | None:
    """The other scripts that a document in these languages may have; None, for all, where none is named."""
    if not languages:
        return None
    return frozenset(script for script, own in LANGUAGES.items() if not set(own).isdisjoint(languages))


class Scripts:
    """Tells lines in other scripts than the network's own, and has the recogniser for some of them.

    Args:
        classifier: Tells the script.
        load: Loads the recogniser for those of ``read``; called when the first such line comes.
        read: Codes of the scripts that it reads.
    """

    def __init__(self, classifier: ScriptClassifier, load: Callable[[], Recogniser], read: frozenset[str]) -> None:
        self._classifier, self._load, self._read = classifier, load, read
        self._loaded: Recogniser | None = None
        self._lock = threading.Lock()

    def script_of(
        self, outputs: Sequence[NDArray[Any]], steps: int, allowed: frozenset[str] | None, likely: str | None
    ) -> tuple[str | None, bool]:
        """The script that a line may be in by its ISO 15924 code, None for the network's own; and whether it is sure.

        Args:
            outputs: As the classifier takes them.
            steps: Likewise.
            allowed: Likewise.
            likely: The script of the page's other lines.
        """
        if steps < LEAST_STEPS:
            return None, True
        script, probability = self._classifier(outputs, steps, allowed)
        if likely is not None:
            return (likely if probability >= LEAST_ON_SUCH_A_PAGE else None), probability >= SURE_ON_SUCH_A_PAGE
        return (script if probability >= LEAST else None), probability >= SURE

    def reader(self, script: str) -> Recogniser | None:
        """The recogniser for a script; None where there is none."""
        if script not in self._read:
            return None
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded


def line_measures(outputs: Sequence[NDArray[Any]], steps: int) -> Floats:
    """What the classifier sees of a line: its features' mean, spread and extremes, and how sure the network is."""
    features, probabilities, _, logits = (output[0, :steps] for output in outputs)
    mean = features.mean(axis=0)
    apart = features - mean
    own = (
        mean,
        np.sqrt((apart * apart).mean(axis=0)),
        features.max(axis=0),
        features.min(axis=0),
        (probabilities[:, 0].mean(), (logits[:, 0] < SURE_LOGIT).mean(), logits[:, 0].mean() / SURE_LOGIT),
    )
    return np.concatenate([np.asarray(part, np.float32).ravel() for part in own])


def load_classifier(path: Path) -> ScriptClassifier:
    """The classifier that ``training/scripts/script_classifier.py`` saved."""
    with np.load(path, allow_pickle=False) as file:
        scripts = tuple(str(script) for script in file["scripts"])
        return ScriptClassifier(scripts, file["weights"].astype(np.float32), file["bias"].astype(np.float32))
