"""Weights between those of two networks."""

import pytest
import torch
from torch import Tensor

from mememoji.training.classifier.interpolation import interpolate_weights
from mememoji.training.classifier.networks import CompactShape, build


def weights(shape: CompactShape, seed: int) -> dict[str, Tensor]:
    torch.manual_seed(seed)
    state: dict[str, Tensor] = build(shape).state_dict()
    return state


def test_interpolate_weights_at_both_ends_and_in_the_middle(tiny_shape: CompactShape) -> None:
    first, second = weights(tiny_shape, 0), weights(tiny_shape, 1)
    for alpha, expected in ((0.0, first), (1.0, second)):
        torch.testing.assert_close(interpolate_weights(first, second, alpha), expected)
    middle = interpolate_weights(first, second, 0.5)
    build(tiny_shape).load_state_dict(middle)
    torch.testing.assert_close(middle["labels.weight"], (first["labels.weight"] + second["labels.weight"]) / 2)


def test_interpolate_weights_of_two_architectures_is_refused(tiny_shape: CompactShape) -> None:
    other = weights(CompactShape(stem=4, widths=(8, 24), blocks=(1, 1)), 0)
    with pytest.raises(ValueError, match="architectures differ"):
        interpolate_weights(weights(tiny_shape, 0), other, 0.5)
    with pytest.raises(ValueError, match=r"alpha must be in 0\.\.1, got 1\.5"):
        interpolate_weights(weights(tiny_shape, 0), weights(tiny_shape, 1), 1.5)
