"""The networks: the original's family, our own, and a teacher of another kind."""

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from mememoji.emotions import FER2013_LABELS, FERPLUS_VOTES
from mememoji.training.classifier.networks.compact_network import Compact, CompactShape
from mememoji.training.classifier.networks.plain_network import Plain, PlainShape
from mememoji.training.classifier.networks.vgg_network import Vgg, VggShape

Shape = CompactShape | PlainShape | VggShape
"""How a network is built; which network it is follows from the type."""


def build(shape: Shape) -> nn.Module:
    """A network with fresh weights: (N, 1, 48, 48) float32 -> logits by head, a dict of (N, classes)."""
    if isinstance(shape, CompactShape):
        return Compact(shape, labels=len(FER2013_LABELS), votes=len(FERPLUS_VOTES))
    if isinstance(shape, VggShape):
        return Vgg(shape, labels=len(FER2013_LABELS), votes=len(FERPLUS_VOTES))
    return Plain(shape, labels=len(FER2013_LABELS))


def parameter_count(network: nn.Module) -> int:
    """How many numbers are trained."""
    return sum(parameter.numel() for parameter in network.parameters())


def multiplication_count(network: nn.Module) -> int:
    """How many multiplications one crop of 48x48 costs."""
    was_training = network.training
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network.eval()(torch.zeros(1, 1, 48, 48))
    network.train(was_training)
    # The counter takes a multiplication and its addition for two.
    return int(counter.get_total_flops()) // 2


__all__ = [
    "Compact",
    "CompactShape",
    "Plain",
    "PlainShape",
    "Shape",
    "Vgg",
    "VggShape",
    "build",
    "multiplication_count",
    "parameter_count",
]
