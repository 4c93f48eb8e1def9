"""Language detection from a text's letters, offline."""

from __future__ import annotations

import hashlib
import lzma
import re
from collections.abc import Mapping
from functools import cache, partial
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.cache_files import kept

Arrays = Mapping[str, NDArray[Any]]

MIN_LETTERS = 12
"""With fewer letters there is no reliable estimate; ideographs count as two."""

MIN_PROBABILITY = 0.4
"""Of the identifier's calibrated estimate; below it the text is too short or too mixed."""

MAX_LETTERS = 4000
"""Used from the start of the text; more only takes longer."""

LANGUAGES = (
    *("af", "ar", "az", "be", "bg", "bn", "bs", "ca", "cs", "cy", "da", "de", "el", "en", "es", "et", "eu", "fa", "fi"),
    *("fr", "ga", "gl", "gu", "he", "hi", "hr", "hu", "hy", "id", "is", "it", "ja", "ka", "kk", "km", "kn", "ko", "lt"),
    *("lv", "mk", "ml", "mn", "mr", "ms", "mt", "ne", "nl", "nn", "no", "pa", "pl", "pt", "ro", "ru", "sk", "sl", "sq"),
    *("sr", "sv", "sw", "ta", "te", "th", "tl", "tr", "uk", "ur", "uz", "vi", "zh"),
)
"""Languages of official documents, by ISO 639-1; the identifier's rarer ones mostly catch short English by mistake."""

# Words of letters; numbers, codes with digits in them and single letters are the same in every language.
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_IDEOGRAPHS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def detect_language(text: str) -> str | None:
    """The language most of a text is in.

    Receipts are all capitals and numbers: case is dropped, and numbers are left out.

    Args:
        text: Of any length.

    Returns:
        An ISO 639-1 code; None where there is too little text.
    """
    tokens = (token for token in re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", text) if _WORD.fullmatch(token))
    words = " ".join(token for token in tokens if len(token) > 1 or _IDEOGRAPHS.match(token))[:MAX_LETTERS].lower()
    if sum(map(str.isalpha, words)) + len(_IDEOGRAPHS.findall(words)) < MIN_LETTERS:
        return None
    prepare()
    language, probability = _loaded[0].classify(words)
    return str(language) if probability >= MIN_PROBABILITY else None


def prepare(directory: Path | None = None) -> None:
    """Load the identifier, where it is not loaded yet; the first text does it otherwise.

    Args:
        directory: Keeps the unpacked model for all processes; None unpacks it in this one's memory.
    """
    if not _loaded:
        _loaded.append(_identifier(directory))


_loaded: list[Any] = []


def _identifier(directory: Path | None) -> Any:
    """After Lui and Baldwin, "langid.py: An Off-the-shelf Language Identification Tool", ACL 2012.

    The package's own loader unpacks the model into a temporary file, which on a full disk fails; memory does as well.
    """
    from py3langid.langid import LanguageIdentifier

    model = _unpacked() if directory is None else _mapped(directory)
    return LanguageIdentifier(
        model["ptc"],
        model["pc"],
        model["classes"].tolist(),
        model["nextmove"].data,  # single numbers of which are read faster than an array's
        model["out_feat"].tolist(),
        norm_probs=True,
        tk_row=model["nextmove_row"].tolist(),
    )


def _unpacked() -> Arrays:
    """The package's model, with the columns of ``LANGUAGES`` alone: a second of CPU time, and 54 MB."""
    from py3langid.langid import MODEL_DIR, MODEL_FILE

    with lzma.open(MODEL_DIR / MODEL_FILE) as packed, np.load(BytesIO(packed.read()), allow_pickle=False) as stored:
        model = dict(stored)
    used = np.isin(model["classes"], LANGUAGES)
    return {**model, "ptc": model["ptc"][:, used], "pc": model["pc"][used], "classes": model["classes"][used]}


def _mapped(directory: Path) -> Arrays:
    """The same from files that all processes share in memory, and of which few pages are ever needed."""
    unpacked = cache(_unpacked)
    chosen = hashlib.blake2b(" ".join(LANGUAGES).encode(), digest_size=4).hexdigest()

    def array(name: str) -> NDArray[Any]:
        file = directory / f"languages-{version('py3langid')}-{chosen}-{name}.npy"
        return kept(file, partial(np.load, mmap_mode="r", allow_pickle=False), lambda: unpacked()[name], _as_file)

    return {name: array(name) for name in ("ptc", "pc", "classes", "nextmove", "nextmove_row", "out_feat")}


def _as_file(array: NDArray[Any]) -> bytes:
    content = BytesIO()
    np.save(content, array, allow_pickle=False)
    return content.getvalue()
