"""Train the ranker: ``python -m training.fields.learn FOLDER... --out worker/fields/weights/ranker.npz``."""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np

from training.fields.samples import Sample, documents, samples
from training.random_source import RandomSource
from worker.fields.feature_names import NAMES

CHECKED_SHARE = 0.08
"""Of the documents that tell when to stop; they are learned from by nothing else."""

PARAMETERS: dict[str, Any] = {
    "objective": "binary", "learning_rate": 0.08, "num_leaves": 24, "max_depth": 8, "min_data_in_leaf": 60,
    "feature_fraction": 0.5, "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l2": 4.0, "num_threads": 1,
    "verbosity": -1, "seed": 1, "deterministic": True, "force_row_wise": True, "max_bin": 63,
}  # fmt: skip


RISING = ("own", "lead", "rule", "rule_lead", "rule_first", "nearest_own")
FALLING = ("rival",)
"""Features that may only speak for a value, or against it: what holds on any layout."""


def exported(model: lightgbm.Booster) -> dict[str, np.ndarray]:
    """The trees as arrays, in the form of :class:`worker.fields.trees.TreeModel`."""
    trees = [_nodes(tree["tree_structure"]) for tree in model.dump_model()["tree_info"]]
    width = max(len(nodes) for nodes, _ in trees)
    shape = (len(trees), width)
    arrays = {
        "feature": np.zeros(shape, np.int16),
        "threshold": np.zeros(shape, np.float32),
        "left": np.zeros(shape, np.int16),
        "right": np.zeros(shape, np.int16),
        "value": np.zeros(shape, np.float32),
        "depth": np.array(max(depth for _, depth in trees)),
    }
    for place, (nodes, _) in enumerate(trees):
        for number, (feature, threshold, left, right, value) in enumerate(nodes):
            arrays["feature"][place, number] = feature
            arrays["threshold"][place, number] = threshold
            arrays["left"][place, number] = left
            arrays["right"][place, number] = right
            arrays["value"][place, number] = value
    return arrays


def stored(path: Path) -> dict[str, np.ndarray]:
    """The trees of parties that an earlier run wrote."""
    with np.load(path) as arrays:
        return {key.removeprefix("parties_"): arrays[key] for key in arrays if key.startswith("parties_")}


def mean(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The trees of two runs as one model whose sum is the mean of theirs."""
    width = max(one["feature"].shape[1], other["feature"].shape[1])
    wide = [
        {key: np.pad(array, ((0, 0), (0, width - array.shape[1]))) for key, array in trees.items() if key != "depth"}
        for trees in (one, other)
    ]
    joined = {key: np.concatenate([trees[key] for trees in wide]) for key in wide[0]}
    joined["value"] = joined["value"] / 2
    return {**joined, "depth": np.maximum(one["depth"], other["depth"])}


def save(path: Path, ranker: dict[str, np.ndarray], parties: dict[str, np.ndarray]) -> None:
    """Write both models."""
    arrays = {f"ranker_{key}": array for key, array in ranker.items()}
    np.savez_compressed(path, **arrays, **{f"parties_{key}": array for key, array in parties.items()})


def _nodes(root: dict[str, Any]) -> tuple[list[tuple[int, float, int, int, float]], int]:
    """A tree's nodes, the root first, and its depth; a leaf follows itself."""
    nodes: list[tuple[int, float, int, int, float]] = []

    def put(node: dict[str, Any]) -> tuple[int, int]:
        number = len(nodes)
        nodes.append((0, 0.0, number, number, float(node.get("leaf_value", 0.0))))
        if "split_feature" not in node:
            return number, 0
        left, deep = put(node["left_child"])
        right, deeper = put(node["right_child"])
        nodes[number] = (int(node["split_feature"]), float(node["threshold"]), left, right, 0.0)
        return number, 1 + max(deep, deeper)

    _, depth = put(root)
    return nodes, depth


def found_first(model: lightgbm.Booster, checked: list[Sample]) -> dict[str, tuple[int, int]]:
    """By concept: how often the candidate ranked first is right, of the samples that have a right one."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for sample in checked:
        if sample.right.any():
            scores = np.asarray(model.predict(sample.features))
            counts[sample.concept][0] += bool(sample.right[int(scores.argmax())])
            counts[sample.concept][1] += 1
    return {concept: (right, all_) for concept, (right, all_) in sorted(counts.items())}


def main() -> None:
    """Learn from drawn documents and write the trees."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--trees", type=int, default=260)
    parser.add_argument("--documents", type=int, default=10**9)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--mean", type=Path, help="Trees of another run: their mean with these ranks all but parties.")
    given = parser.parse_args()
    rng = RandomSource(given.seed)
    learned: list[Sample] = []
    checked: list[Sample] = []
    for number, document in enumerate(documents(given.folders)):
        if number >= given.documents:
            break
        (checked if rng.happens(CHECKED_SHARE) else learned).extend(samples(document, number, rng))
    sets = [
        lightgbm.Dataset(
            np.concatenate([sample.features for sample in group]),
            np.concatenate([sample.right for sample in group]).astype(np.float32),
            weight=np.concatenate([sample.weight for sample in group]),
            feature_name=[name.replace(" ", "_") for name in NAMES],
        )
        for group in (learned, checked)
    ]
    print(f"{len(learned)} samples, {len(sets[0].get_label())} candidates")  # type: ignore[arg-type]
    way = [1 if name in RISING else -1 if name in FALLING else 0 for name in NAMES]
    model = lightgbm.train(
        {**PARAMETERS, "monotone_constraints": way}, sets[0], given.trees, valid_sets=[sets[1]],
        callbacks=[lightgbm.log_evaluation(20), lightgbm.early_stopping(30)],
    )  # fmt: skip
    given.out.parent.mkdir(parents=True, exist_ok=True)
    parties = exported(model)
    ranker = mean(stored(given.mean), parties) if given.mean else parties
    save(given.out, ranker, parties)
    for concept, (right, count) in found_first(model, checked).items():
        print(f"{concept}: {right} of {count}")
    gains = sorted(zip(model.feature_importance("gain"), NAMES, strict=True), reverse=True)[:25]
    print(", ".join(f"{name} {gain:.0f}" for gain, name in gains))


if __name__ == "__main__":
    main()
