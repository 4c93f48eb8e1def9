from __future__ import annotations

from typing import Any

import numpy as np
import openvino
import pytest
from openvino import opset13 as op

from worker.engines.ppocr.classifier import (
    LIKELIEST,
    SURE_LOGIT,
    Classifier,
    LatinOnly,
    LinearLayer,
    common_classes,
    last_layer,
    ranking_features,
)
from worker.engines.ppocr.network import compiled

CHANNELS, CLASSES, COMMON, STEPS = 16, 400, 60, 19
RANDOM = np.random.default_rng(1)
WEIGHTS = RANDOM.normal(size=(CHANNELS, CLASSES)).astype(np.float32)
BIAS = RANDOM.normal(size=CLASSES).astype(np.float32)


@pytest.fixture(scope="module")
def model() -> Any:
    """The input through a linear layer and a softmax."""
    data = op.parameter([1, -1, CHANNELS], np.float32)
    logits = op.add(op.matmul(data, op.constant(WEIGHTS), False, False), op.constant(BIAS))
    return openvino.Model([op.softmax(logits, 2)], [data], "sample")


def features_for(classes: np.ndarray, logit: float) -> np.ndarray:
    """Steps on which these classes have about this logit."""
    directions = WEIGHTS[:, classes] / np.linalg.norm(WEIGHTS[:, classes], axis=0) ** 2
    return np.asarray(directions.T * (logit - BIAS[classes])[:, None], np.float32)[np.newaxis]


def softmax(logits: np.ndarray) -> np.ndarray:
    return np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)


@pytest.mark.parametrize("common_only", [True, False])
def test_the_likeliest_classes_come_in_falling_order_common_or_not(model: Any, common_only: bool) -> None:
    common = np.arange(0, CLASSES, CLASSES // COMMON)[:COMMON]
    features = ranking_features(model, common)
    wanted = RANDOM.choice(common if common_only else CLASSES, STEPS)
    data = features_for(wanted, 2 * SURE_LOGIT if common_only else SURE_LOGIT / 2)
    probabilities, classes = Classifier(LinearLayer(WEIGHTS, BIAS))(compiled(features)(data))
    all_logits = data[0] @ WEIGHTS + BIAS
    among = common if common_only else np.arange(CLASSES)
    ranked = all_logits[:, among]
    expected = np.argsort(-ranked, axis=1)[:, :LIKELIEST]
    assert classes.shape == probabilities.shape == (STEPS, LIKELIEST)
    assert np.array_equal(classes, among[expected])
    assert probabilities == pytest.approx(np.take_along_axis(softmax(ranked), expected, 1), abs=1e-5)


ADDED, LATIN, CHINESE = slice(0, 10), slice(10, 60), slice(60, CLASSES)


def steps_beside(others: range, logit: float) -> np.ndarray:
    """Two steps on which an added class wins and a Chinese one is the next best, with others between."""
    between = features_for(np.array(others), logit)
    ends = features_for(np.array([3, 7]), 2 * SURE_LOGIT) + features_for(np.array([200, 300]), SURE_LOGIT)
    return np.concatenate([ends[:, :1], between, ends[:, 1:]], axis=1)


def classes_read(model: Any, data: np.ndarray) -> list[int]:
    masks = np.zeros((3, CLASSES), np.bool_)
    for mask, classes in zip(masks, (ADDED, LATIN, CHINESE), strict=True):
        mask[classes] = True
    classifier = Classifier(LinearLayer(WEIGHTS, BIAS), LatinOnly(*masks))
    return classifier(compiled(ranking_features(model, np.arange(COMMON)))(data))[1][:, 0].tolist()


def test_letters_trained_on_latin_lines_give_way_to_chinese_ones_among_these(model: Any) -> None:
    chinese, latin = steps_beside(range(100, 110), SURE_LOGIT / 2), steps_beside(range(20, 30), 2 * SURE_LOGIT)
    logits = chinese[0] @ WEIGHTS + BIAS
    assert logits.argmax(axis=1)[[0, -1]].tolist() == [3, 7]
    logits[:, ADDED] = -np.inf
    assert classes_read(model, chinese) == logits.argmax(axis=1).tolist()
    assert classes_read(model, latin)[::11] == [3, 7]


def test_latin_blank_and_space_are_common_and_so_is_what_looks_like_them() -> None:
    alphabet = ["", "O", "中", "О", "文", "书", "学", " "]
    weights = np.eye(len(alphabet), dtype=np.float32)
    weights[:, 3] = weights[:, 1] + 0.1 * weights[:, 3]  # the Cyrillic O is read much like the Latin one
    weights[:, 4] = -weights[:, 0] - weights[:, 1] - weights[:, 7]
    common = common_classes(alphabet, LinearLayer(weights, np.zeros(len(alphabet), np.float32)))
    assert {0, 1, 3, 7} <= set(common.tolist())
    assert 4 not in common
    assert list(common) == sorted(set(common))


def test_classes_that_differ_in_their_last_bits_alone_are_chosen_alike_whatever_these_are() -> None:
    alphabet = ["", *"abcdefgh", *(chr(0x4E00 + index) for index in range(300)), " "]
    untrained = np.repeat(RANDOM.normal(size=(CHANNELS, 10)), 30, axis=1)
    weights = np.concatenate([RANDOM.normal(size=(CHANNELS, 9)), untrained, RANDOM.normal(size=(CHANNELS, 1))], axis=1)

    def chosen() -> list[int]:
        rounded = (weights * (1 + 1e-9 * RANDOM.normal(size=weights.shape))).astype(np.float32)
        return common_classes(alphabet, LinearLayer(rounded, np.zeros(len(alphabet), np.float32))).tolist()

    assert chosen() == chosen() == chosen()


def test_a_model_that_ends_in_no_classifier_is_not_cut() -> None:
    data = op.parameter([1, -1, CHANNELS], np.float32)
    with pytest.raises(ValueError, match="Relu"):
        last_layer(openvino.Model([op.relu(data)], [data], "sample"))
