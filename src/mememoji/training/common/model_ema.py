"""Exponential moving average of a model's weights."""

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn


class ModelEMA:
    """Exponential moving average of a model's weights and batch norm statistics (Polyak and Juditsky 1992).

    During the first steps the decay is lower, so that the average forgets the random initial weights.

    Args:
        model: The model to average; it is copied.
        decay: Weight of the average at each update, 0..1.

    Attributes:
        module: The averaged model, in evaluation mode.
        num_updates: Number of updates so far.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.module = copy.deepcopy(model).eval()
        self.module.requires_grad_(False)
        self.decay = decay
        self.num_updates = 0
        self._pairs: _TensorPairs | None = None

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Update the average with the model's current weights."""
        self.num_updates += 1
        decay = min(self.decay, self.num_updates / (self.num_updates + 10))
        # Collecting the state dicts at each step would take longer than the arithmetic; their tensors stay the same.
        if self._pairs is None or self._pairs.model is not model:
            self._pairs = _TensorPairs.from_models(model, self.module)
        torch._foreach_lerp_(self._pairs.averages, self._pairs.weights, 1.0 - decay)
        if self._pairs.integer_copies:
            torch._foreach_copy_(self._pairs.integer_copies, self._pairs.integers)


@dataclass(frozen=True, slots=True)
class _TensorPairs:
    """Tensors of a model and of its average: floats to average, and integers (batch counts) to copy."""

    model: nn.Module
    averages: list[Tensor]
    weights: list[Tensor]
    integer_copies: list[Tensor]
    integers: list[Tensor]

    @classmethod
    def from_models(cls, model: nn.Module, average: nn.Module) -> "_TensorPairs":
        averaged, current = average.state_dict(), model.state_dict()
        floats = [name for name, value in averaged.items() if value.is_floating_point()]
        integers = [name for name in averaged if name not in floats]
        lists = ([values[n] for n in names] for names in (floats, integers) for values in (averaged, current))
        return cls(model, *lists)
