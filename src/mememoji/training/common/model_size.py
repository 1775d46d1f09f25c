"""Size of a model: parameters and multiply-accumulate operations."""

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode


def count_parameters(model: nn.Module) -> int:
    """Return the number of trainable parameters."""
    return sum(parameter.numel() for parameter in model.parameters())


def count_macs(model: nn.Module, example: Tensor) -> int:
    """Return the number of multiply-accumulate operations that the model takes for an input."""
    was_training = model.training
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model.eval()(example)
    model.train(was_training)
    # The counter counts a multiplication and its addition as two operations.
    return int(counter.get_total_flops()) // 2
