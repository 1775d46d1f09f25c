"""Interpolation: weights between a network and one that was fine-tuned from it."""

from collections.abc import Mapping

import torch
from torch import Tensor


def interpolate_weights(first: Mapping[str, Tensor], second: Mapping[str, Tensor], alpha: float) -> dict[str, Tensor]:
    """Interpolate linearly between the weights of two networks.

    A network that was fine-tuned from another for something new is connected to it by weights of a low loss: between
    both, what the first could do is hardly lost, and most of what the second learned is kept. Wortsman et al. (2022),
    "Robust fine-tuning of zero-shot models".

    Args:
        first: the state dict at alpha 0.
        second: the state dict at alpha 1, of the same architecture.
        alpha: 0..1.

    Returns:
        A state dict. Integers, which count batches, are the first's.

    Raises:
        ValueError: alpha is out of range, or the architectures differ.
    """
    if not 0.0 <= alpha <= 1.0:
        raise ValueError(f"alpha must be in 0..1, got {alpha}")
    if {name: value.shape for name, value in first.items()} != {name: value.shape for name, value in second.items()}:
        raise ValueError("cannot interpolate: the architectures differ")
    return {
        name: torch.lerp(value, second[name], alpha) if value.is_floating_point() else value
        for name, value in first.items()
    }
