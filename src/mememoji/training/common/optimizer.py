"""What moves the weights: the optimizer, its rate's course, the moving average."""

import copy
import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from mememoji.training.classifier.classifier_config import Recipe


class Optimized(Protocol):
    """What a recipe says of its optimizer: "sgd" or "adamw", the rate's peak, the decay of weights."""

    @property
    def optimizer(self) -> str: ...
    @property
    def rate(self) -> float: ...
    @property
    def decay(self) -> float: ...


def make_optimizer(network: nn.Module, recipe: Optimized) -> torch.optim.Optimizer:
    """The recipe's optimizer; matrices and filters decay, norms and biases do not (He et al. 2019)."""
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": recipe.decay},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if recipe.optimizer == "adamw":
        return torch.optim.AdamW(groups, lr=recipe.rate, fused=True)
    return torch.optim.SGD(groups, lr=recipe.rate, momentum=0.9, nesterov=True)


def rate_at(recipe: Recipe, epoch: float) -> float:
    """The learning rate at a moment, in epochs from the start: linear rise, then a cosine down to 0."""
    if epoch < recipe.warmup:
        return recipe.rate * max(epoch, 0.0) / recipe.warmup
    done = min((epoch - recipe.warmup) / (recipe.epochs - recipe.warmup), 1.0)
    return recipe.rate * 0.5 * (1.0 + math.cos(math.pi * done))


class MovingAverage:
    """An exponential moving average of a network's weights and norms' statistics (Polyak and Juditsky 1992).

    Early on the decay is lower, or the average would remember the random start.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).eval()
        self.network.requires_grad_(False)
        self.decay = decay
        self.steps = 0
        self._pairs: _Pairs | None = None

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Take one step's weights in."""
        self.steps += 1
        decay = min(self.decay, self.steps / (self.steps + 10))
        # Asking for the state dicts each step would take longer than the arithmetic; their tensors stay the same.
        if self._pairs is None or self._pairs.of is not network:
            self._pairs = _Pairs.between(network, self.network)
        torch._foreach_lerp_(self._pairs.averaged, self._pairs.current, 1.0 - decay)
        if self._pairs.copies:
            torch._foreach_copy_(self._pairs.copies, self._pairs.counts)


@dataclass(frozen=True, slots=True)
class _Pairs:
    """A network's tensors and those of its average: numbers to average, and counts to copy."""

    of: nn.Module
    averaged: list[Tensor]
    current: list[Tensor]
    copies: list[Tensor]
    counts: list[Tensor]

    @classmethod
    def between(cls, network: nn.Module, average: nn.Module) -> "_Pairs":
        kept, now = average.state_dict(), network.state_dict()
        floats = [name for name, value in kept.items() if value.is_floating_point()]
        others = [name for name in kept if name not in floats]
        lists = ([values[n] for n in names] for names in (floats, others) for values in (kept, now))
        return cls(network, *lists)
