from __future__ import annotations

import pytest
import torch

from training.onnx_operators import OPERATORS

DATA = torch.arange(24.0).view(1, 2, 3, 4)


def test_a_resize_repeats_each_pixel() -> None:
    larger = OPERATORS["Resize"]([DATA, None, torch.tensor([1.0, 1.0, 2.0, 3.0])], {"mode": b"nearest"})
    assert torch.equal(larger, DATA.repeat_interleave(2, 2).repeat_interleave(3, 3))


def test_a_global_average_is_one_number_a_channel() -> None:
    assert OPERATORS["GlobalAveragePool"]([DATA], {}).flatten().tolist() == [5.5, 17.5]


def test_a_transposed_convolution_sets_its_weights_side_by_side() -> None:
    weights = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]], [[[0.0, 0.0], [0.0, 0.0]]]])
    result = OPERATORS["ConvTranspose"]([DATA, weights], {"strides": [2, 2], "pads": [0, 0, 0, 0], "group": 1})
    assert torch.equal(result, torch.kron(DATA[:, :1], weights[:1]))


def test_a_transposed_convolution_with_padding_is_refused() -> None:
    with pytest.raises(ValueError, match="padding"):
        OPERATORS["ConvTranspose"]([DATA, torch.zeros(2, 1, 2, 2)], {"pads": [1, 1, 0, 0]})
