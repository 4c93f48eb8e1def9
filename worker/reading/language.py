"""Language detection from a text's letters, offline."""

from __future__ import annotations

import lzma
import re
from array import array
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
    language, probability = _identifier().classify(words)
    return str(language) if probability >= MIN_PROBABILITY else None


@lru_cache(maxsize=1)
def _identifier() -> Any:
    """After Lui and Baldwin, "langid.py: An Off-the-shelf Language Identification Tool", ACL 2012; 4.5 MB, 0.8 s.

    The package's own loader unpacks the model into a temporary file, which on a full disk fails; memory does as well.
    """
    import numpy as np
    from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier

    with lzma.open(MODEL_DIR / MODEL_FILE) as packed, np.load(BytesIO(packed.read()), allow_pickle=False) as model:
        identifier = LanguageIdentifier(
            model["ptc"],
            model["pc"],
            model["classes"].tolist(),
            _unsigned(model["nextmove"]),
            model["out_feat"].tolist(),
            norm_probs=True,
            tk_row=_unsigned(model["nextmove_row"]),
        )
    identifier.set_languages(LANGUAGES)
    return identifier


def _unsigned(numbers: NDArray[Any]) -> array[int]:
    """As an array of the standard library, which is the faster one to read single numbers of."""
    return array(numbers.dtype.char, numbers.tobytes())
