from __future__ import annotations

import pytest
import torch

from training.batches import Batch
from training.classes import Classes

ALPHABET = ["", "a", "b", "c", "中", "文", "a", " "]
FEATURES = len(ALPHABET)  # one for each class, so that features spell themselves


@pytest.fixture
def classes() -> Classes:
    return Classes(torch.eye(FEATURES), torch.zeros(FEATURES), ALPHABET, seed=1)


def spelling(*classes: int) -> torch.Tensor:
    return torch.nn.functional.one_hot(torch.tensor([classes]), FEATURES) * 20.0


def batch(text: str, steps: int) -> Batch:
    return Batch(torch.zeros(1, 3, 48, 8 * steps), [text], [steps])


@pytest.mark.parametrize(("text", "spelled"), [("ab c", (1, 2, 7, 3)), ("aa", (1, 0, 1)), ("中a文", (4, 1, 0, 5))])
def test_features_that_spell_the_text_lose_nothing(classes: Classes, text: str, spelled: tuple[int, ...]) -> None:
    assert float(classes.loss(spelling(*spelled), batch(text, len(spelled)))) == pytest.approx(0, abs=1e-3)


def test_features_that_spell_another_text_lose(classes: Classes) -> None:
    assert float(classes.loss(spelling(1, 2), batch("ac", 2))) > 5


def test_steps_beyond_a_strip_do_not_count(classes: Classes) -> None:
    assert float(classes.loss(spelling(1, 2, 3, 3), batch("ab", 2))) == pytest.approx(0, abs=1e-3)


def test_of_a_character_with_two_classes_the_first_is_learned(classes: Classes) -> None:
    assert float(classes.loss(spelling(1), batch("a", 1))) == pytest.approx(0, abs=1e-3)
    assert float(classes.loss(spelling(6), batch("a", 1))) > 5


def test_the_characters_with_a_class_are_known(classes: Classes) -> None:
    assert classes.characters == set("abc中文 ")
