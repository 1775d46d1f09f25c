"""Sharpness-aware minimization: gradients from where the loss is worst nearby."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Climb:
    """A small move of a network's weights up its gradients, and back.

    Gradients taken up there lead to minima that are wide as well as low, which labels that are partly wrong pull about
    less (Foret, Kleiner, Mobahi and Neyshabur 2021, "Sharpness-aware minimization for efficiently improving
    generalization").

    Args:
        network: whose parameters are moved.
        radius: the move's length, over all parameters together.
    """

    def __init__(self, network: nn.Module, radius: float) -> None:
        self._network, self._radius = network, radius

    @contextmanager
    def uphill(self) -> Iterator[None]:
        """Moves the weights by the gradients they hold, sets these to zero, and moves back at the end."""
        moved: list[Tensor] = [p for p in self._network.parameters() if p.grad is not None]
        gradients = [p.grad for p in moved if p.grad is not None]
        with torch.no_grad():
            length = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
            moves = list(torch._foreach_mul(gradients, self._radius / (length + 1e-12)))
            torch._foreach_add_(moved, moves)
            torch._foreach_zero_(gradients)
        yield
        with torch.no_grad():
            torch._foreach_sub_(moved, moves)
