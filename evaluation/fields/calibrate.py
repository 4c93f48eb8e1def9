"""Fit the fields' confidence: ``python -m evaluation.fields.calibrate DRAWN... [--write]``.

A logistic regression from how each value was found to whether it is right, on drawn documents of layouts, fonts and
names that the ranker did not learn from. The figures are cross-validated: a document's values are judged by weights
fitted without it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from evaluation.fields.measure import SURE, calibration_error, is_same
from evaluation.fields.sources import drawn
from tasks.documents.schemas import prepared
from worker.fields.calibration import WEIGHTS
from worker.fields.extract import extract

FOLDS = 10
RIDGE = 2.0
"""Strength of the pull of weights towards zero: the documents are few."""

CAUTION = 0.2
"""Log odds taken off every value: real documents are less like those to learn from than drawn ones held apart are."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """A value that was given: how it was found, and whether it is right."""

    document: str
    field: str
    features: dict[str, float]
    right: bool


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--pages", type=click.Path(path_type=Path), help="Read the pictures; read pages are kept here.")
@click.option("--write", is_flag=True, help="Replace the weights that the worker uses.")
def main(folders: tuple[Path, ...], pages: Path | None, write: bool) -> None:
    """Fit the confidence on the drawn documents of FOLDERS."""
    cases = [case for folder in folders for case in _cases(folder, pages)]
    names = sorted({name for case in cases for name in case.features})
    right = np.array([case.right for case in cases])
    features = _matrix(cases, names)
    judged = _cautious(_cross_validated(cases, features, right))
    judgements = [
        (float(p), bool(r), case.field, case.document) for p, r, case in zip(judged, right, cases, strict=True)
    ]
    sure = judged >= SURE
    click.echo(
        f"{len(cases)} values, {right.mean():.3f} right; ECE, cross-validated: {calibration_error(judgements):.4f}"
    )
    click.echo(f"wrong at {SURE} or more: {int((~right[sure]).sum())} of {int(sure.sum())}")
    if write:
        weights = dict(zip(("bias", *names), _fitted(features, right).round(4).tolist(), strict=True))
        weights["bias"] = round(weights["bias"] - CAUTION, 4)
        kept = json.loads(WEIGHTS.read_text(encoding="utf-8"))["by_rules"]
        written = {"weights": weights, "values": len(cases), "by_rules": kept}
        WEIGHTS.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


def _cases(folder: Path, pages: Path | None) -> list[Case]:
    found = []
    for case in drawn(folder, read=pages / folder.name if pages else None):
        answers = extract(case.pages, prepared(case.schema))
        for name, features in answers.features.items():
            if "by_rules" in features:
                continue
            truth, value = case.truth.get(name), answers.fields[name].value
            right = truth is not None and is_same(name, value, truth, case.dayfirst)
            found.append(Case(case.name, name, features, right))
    return found


def _fitted(features: Matrix, right: NDArray[np.bool_]) -> Matrix:
    """Weights of a logistic regression, the bias first and free."""
    signs = np.where(right, 1.0, -1.0)

    def loss(weights: Matrix) -> float:
        return float(np.logaddexp(0, -signs * (features @ weights)).sum() + RIDGE * (weights[1:] ** 2).sum() / 2)

    return np.asarray(minimize(loss, np.zeros(features.shape[1]), method="L-BFGS-B").x, np.float64)


def _cross_validated(cases: Sequence[Case], features: Matrix, right: NDArray[np.bool_]) -> Matrix:
    """Each value's confidence by weights fitted on the other documents."""
    documents = sorted({case.document for case in cases})
    fold = {document: place % FOLDS for place, document in enumerate(documents)}
    folds = np.array([fold[case.document] for case in cases])
    judged = np.zeros(len(cases))
    for number in range(FOLDS):
        held = folds == number
        judged[held] = 1 / (1 + np.exp(-features[held] @ _fitted(features[~held], right[~held])))
    return judged


def _cautious(judged: Matrix) -> Matrix:
    odds = np.exp(-CAUTION) * judged / (1 - judged)
    return np.asarray(odds / (1 + odds), np.float64)


def _matrix(cases: Sequence[Case], names: Sequence[str]) -> Matrix:
    return np.array([[1.0, *(case.features.get(name, 0.0) for name in names)] for case in cases])


if __name__ == "__main__":
    main()
