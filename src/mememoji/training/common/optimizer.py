"""Optimizer, learning rate schedule and sharpness-aware minimization."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import torch
from torch import Tensor, nn


class OptimizerConfig(Protocol):
    """The fields of a training configuration that the optimizer and its schedule need.

    Attributes:
        optimizer: "sgd" (Nesterov momentum 0.9) or "adamw".
        lr: Peak learning rate.
        weight_decay: Weight decay of matrices and convolution filters.
        epochs: Number of epochs; the learning rate is 0 at the end of the last.
        warmup_epochs: Epochs of linear warmup.
        lr_decay_start: The epoch at which the learning rate starts to decay.
    """

    @property
    def optimizer(self) -> str: ...
    @property
    def lr(self) -> float: ...
    @property
    def weight_decay(self) -> float: ...
    @property
    def epochs(self) -> int: ...
    @property
    def warmup_epochs(self) -> float: ...
    @property
    def lr_decay_start(self) -> float: ...


def make_optimizer(model: nn.Module, config: OptimizerConfig) -> torch.optim.Optimizer:
    """Make the optimizer of a config; norms and biases get no weight decay (He et al. 2019)."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if config.optimizer == "adamw":
        return torch.optim.AdamW(groups, lr=config.lr, fused=True)
    return torch.optim.SGD(groups, lr=config.lr, momentum=0.9, nesterov=True)


def compute_lr(config: OptimizerConfig, epoch: float) -> float:
    """Return the learning rate at a point of the training: linear warmup, constant, then cosine decay to 0.

    Args:
        config: The schedule (Loshchilov and Hutter 2017).
        epoch: Epochs since the start, with a fraction.
    """
    if epoch < config.warmup_epochs:
        return config.lr * max(epoch, 0.0) / config.warmup_epochs
    if epoch <= config.lr_decay_start:
        return config.lr
    progress = min((epoch - config.lr_decay_start) / (config.epochs - config.lr_decay_start), 1.0)
    return config.lr * 0.5 * (1.0 + math.cos(math.pi * progress))


def set_lr(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """Set the learning rate of all parameter groups."""
    for group in optimizer.param_groups:
        group["lr"] = lr


class SAM:
    """Sharpness-aware minimization: gradients are taken where the loss is worst nearby.

    Such gradients lead to minima that are wide as well as low, which partly wrong labels affect less (Foret, Kleiner,
    Mobahi and Neyshabur 2021, "Sharpness-aware minimization for efficiently improving generalization").

    Args:
        model: The model whose parameters are perturbed.
        rho: Length of the perturbation, over all parameters together.
    """

    def __init__(self, model: nn.Module, rho: float) -> None:
        self._model, self._rho = model, rho

    @contextmanager
    def ascend(self) -> Iterator[None]:
        """Perturb the weights along their gradients, set these to zero, and restore the weights after the block."""
        parameters: list[Tensor] = [p for p in self._model.parameters() if p.grad is not None]
        gradients = [p.grad for p in parameters if p.grad is not None]
        with torch.no_grad():
            norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
            perturbations = list(torch._foreach_mul(gradients, self._rho / (norm + 1e-12)))
            torch._foreach_add_(parameters, perturbations)
            torch._foreach_zero_(gradients)
        yield
        with torch.no_grad():
            torch._foreach_sub_(parameters, perturbations)
