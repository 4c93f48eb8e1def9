"""Fit the fields' confidence: ``python -m evaluation.calibrate_fields MANIFEST --pages CACHE [--write]``.

Documents are read once (their pages are kept in CACHE), their fields extracted by rules, and a logistic regression
fitted from how each value was found to whether it is right. The figures are cross-validated: a document's values are
judged by weights fitted without it.
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

from evaluation.documents import Entry, from_manifest, load_pages
from evaluation.fields.manifest import asked_of, is_right, read_pages
from ocrq.contracts import Page
from tasks.documents.schemas import prepared
from worker.fields.calibration import WEIGHTS, capped
from worker.fields.extract import extract
from worker.imaging.limits import Limits

FOLDS = 10
RIDGE = 1.0
"""Strength of the pull of weights towards zero: the documents are few."""

FEATURES = ("points", "margin", "read", "own", "kind_party", "kind_address", "kind_money", "ambiguous")
SURE = 0.9

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """A value that was given: how it was found, and whether it is right."""

    document: str
    field: str
    features: dict[str, float]
    right: bool


@click.command()
@click.argument("manifest", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--pages", "cache", required=True, type=click.Path(path_type=Path), help="Where read pages are kept.")
@click.option("--write", is_flag=True, help="Replace the weights that the worker uses.")
def main(manifest: Path, cache: Path, write: bool) -> None:
    """Fit the confidence of fields on the documents of MANIFEST that have some."""
    entries = [entry for entry in from_manifest(manifest) if entry.gold.get("fields")]
    cases = [case for entry in entries for case in cases_of(entry, pages_of(entry, cache))]
    judged = cross_validated(cases)
    right = np.array([case.right for case in cases])
    click.echo(f"{len(entries)} documents, {len(cases)} values, {right.mean():.3f} right")
    click.echo(f"ECE, cross-validated: {calibration_error(judged, right):.4f}")
    sure = judged >= SURE
    click.echo(f"wrong at {SURE} or more: {int((~right[sure]).sum())} of {int(sure.sum())}")
    if write:
        weights = dict(zip(("bias", *FEATURES), fitted(_matrix(cases), right).round(4).tolist(), strict=True))
        WEIGHTS.write_text(json.dumps({"weights": weights, "values": len(cases)}, indent=1) + "\n", encoding="utf-8")


def pages_of(entry: Entry, cache: Path) -> list[Page]:
    """A document's pages as the plain read gives them, kept as JSON."""
    kept = cache / f"{Path(entry.name).name}.json"
    if not kept.exists():
        cache.mkdir(parents=True, exist_ok=True)
        pages = read_pages(load_pages(entry, Limits()))
        kept.write_text(json.dumps([page.model_dump(mode="json") for page in pages]), encoding="utf-8")
    return [Page.model_validate(page) for page in json.loads(kept.read_text(encoding="utf-8"))]


def cases_of(entry: Entry, pages: Sequence[Page]) -> list[Case]:
    """A document's values against its truth."""
    answers = extract(pages, prepared(asked_of(entry)))
    return [
        Case(entry.name, name, answers.features[name], is_right(entry, name, answer.value))
        for name, answer in answers.fields.items()
        if answer.value is not None
    ]


def fitted(features: Matrix, right: NDArray[np.bool_]) -> Matrix:
    """Weights of a logistic regression, the bias first and free."""
    signs = np.where(right, 1.0, -1.0)

    def loss(weights: Matrix) -> float:
        return float(np.logaddexp(0, -signs * (features @ weights)).sum() + RIDGE * (weights[1:] ** 2).sum() / 2)

    return np.asarray(minimize(loss, np.zeros(features.shape[1]), method="BFGS").x, np.float64)


def cross_validated(cases: Sequence[Case]) -> Matrix:
    """Each value's confidence by weights fitted on the other documents."""
    documents = sorted({case.document for case in cases})
    fold = {document: place % FOLDS for place, document in enumerate(documents)}
    folds = np.array([fold[case.document] for case in cases])
    features, right = _matrix(cases), np.array([case.right for case in cases])
    judged = np.zeros(len(cases))
    for number in range(FOLDS):
        held = folds == number
        judged[held] = 1 / (1 + np.exp(-features[held] @ fitted(features[~held], right[~held])))
    return np.array([capped(one, case.features) for one, case in zip(judged.tolist(), cases, strict=True)])


def calibration_error(judged: Matrix, right: NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error (M. P. Naeini and others, 2015): bins' gaps between confidence and truth."""
    places = np.minimum((judged * bins).astype(int), bins - 1)
    gaps = [(places == n).mean() * abs(judged[places == n].mean() - right[places == n].mean()) for n in set(places)]
    return float(sum(gaps))


def _matrix(cases: Sequence[Case]) -> Matrix:
    return np.array([[1.0, *(case.features.get(name, 0.0) for name in FEATURES)] for case in cases])


if __name__ == "__main__":
    main()
