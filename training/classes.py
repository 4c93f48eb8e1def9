"""The reader's frozen classifier over its alphabet, and the loss of what the features spell by it."""

from __future__ import annotations

import random
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from training.batches import Batch
from training.chinese import is_chinese
from worker.engines.ppocr.glyphs import BLANK

OTHERS = 1500
"""Classes drawn beside those that occur, so that letters are not taken for others' look-alikes."""


class Classes:
    """A linear classifier, of which each batch uses a part: what is not Chinese, what occurs, and some strangers.

    Args:
        weights: Features x classes.
        bias: One a class.
        alphabet: The classes' characters; the first is CTC's blank.
        seed: Of the strangers.

    Attributes:
        characters: Those that have a class.
    """

    def __init__(self, weights: Tensor, bias: Tensor, alphabet: Sequence[str], seed: int) -> None:
        self._weights, self._bias, self._random = weights, bias, random.Random(seed)
        classes = reversed(list(enumerate(alphabet)))  # the first of equals stands
        self._of = {character: index for index, character in classes if len(character) == 1}
        self._always = [BLANK, *(index for character, index in self._of.items() if not is_chinese(character))]
        self.characters = frozenset(self._of)

    def loss(self, features: Tensor, batch: Batch) -> Tensor:
        """CTC's loss per character, over the classes of this batch.

        Args:
            features: N x steps x features.
            batch: What they were made of.
        """
        targets = [self._of[character] for text in batch.texts for character in text]
        others = range(BLANK + 1, len(self._bias))
        others_drawn = self._random.sample(others, min(OTHERS, len(others)))
        chosen = list(dict.fromkeys([*self._always, *targets, *others_drawn]))  # the blank first, as ctc_loss wants it
        place = {index: at for at, index in enumerate(chosen)}
        logits = features @ self._weights[:, chosen] + self._bias[chosen]
        whole = F.ctc_loss(
            F.log_softmax(logits, -1).transpose(0, 1),
            torch.tensor([place[index] for index in targets]),
            torch.tensor(batch.steps),
            torch.tensor([len(text) for text in batch.texts]),
            reduction="sum",
            zero_infinity=True,
        )
        return whole / len(targets)
