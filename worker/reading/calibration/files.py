"""The curves' files: ``<engine>.<pipeline>.json`` beside this module."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Literal

from worker.reading.calibration.curves import Calibration, Logistic, Platt

Way = Literal["olm", "rolm"]

FOLDER = Path(__file__).parent


def calibration_for(engine: str, way: Way) -> Calibration:
    """The curves of an engine; curves that change nothing where none were fitted.

    Args:
        engine: Its name, as in ``served_by``.
        way: The pipeline.
    """
    return _load(path_of(engine, way))


def is_calibrated(engine: str, way: Way) -> bool:
    """Whether an engine's confidence was fitted on real documents."""
    return calibration_for(engine, way).fitted


def path_of(engine: str, way: Way) -> Path:
    """The file of an engine's curves; in its name, a hyphen replaces other than letters, digits, dots and hyphens."""
    return FOLDER / f"{re.sub('[^A-Za-z0-9.-]+', '-', engine)}.{way}.json"


def save(calibration: Calibration, engine: str, way: Way, measured: dict[str, Any]) -> Path:
    """Write an engine's curves.

    Args:
        calibration: The curves.
        engine: Its name.
        way: The pipeline.
        measured: The data they were fitted on and their accuracy; for readers of the file.
    """
    data: dict[str, Any] = {"engine": engine, "way": way, "measured": measured}
    for name, curve in (("character", calibration.character), ("word", calibration.word)):
        data[name] = {"slope": round(curve.slope, 4), "offset": round(curve.offset, 4)}
    for name, model in (("line", calibration.line), ("page", calibration.page)):
        if model:
            weights = {measure: round(weight, 4) for measure, weight in model.weights.items()}
            data[name] = {"weights": weights, "offset": round(model.offset, 4)}
    path = path_of(engine, way)
    path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    return path


@cache
def _load(path: Path) -> Calibration:
    if not path.is_file():
        return Calibration()
    data = json.loads(path.read_text(encoding="utf-8"))
    return Calibration(
        character=Platt(**data["character"]),
        word=Platt(**data["word"]),
        line=Logistic(**data["line"]) if "line" in data else None,
        page=Logistic(**data["page"]) if "page" in data else None,
        fitted=True,
    )
