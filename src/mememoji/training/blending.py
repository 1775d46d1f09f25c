"""Blending: weights between those of two runs, of which one went on from the other."""

from typing import Any

import torch

from mememoji.errors import RunError
from mememoji.training.checkpoint import Checkpoint


def blended(first: Checkpoint, second: Checkpoint, part: float) -> dict[str, Any]:
    """The weights that lie so far on the straight line from one run's best to another's.

    A network that went on from another to learn something new lies in the same valley: between both, what the first
    could do is hardly lost, and most of what the second learned is there. Wortsman et al. (2022), "Robust fine-tuning
    of zero-shot models".

    Args:
        first: where part 0 is.
        second: where part 1 is; of the same shape.
        part: 0..1.

    Returns:
        A state dict. Whole numbers, which count batches, are the first's.

    Raises:
        RunError: the two are of different shapes.
        ValueError: part is out of range.
    """
    if first.recipe.shape != second.recipe.shape:
        raise RunError(f"no weights lie between networks of two shapes: {first.recipe.shape}, {second.recipe.shape}")
    if not 0.0 <= part <= 1.0:
        raise ValueError(f"part lies in 0..1, got {part}")
    return {
        name: torch.lerp(value, second.best[name], part) if value.is_floating_point() else value
        for name, value in first.best.items()
    }
