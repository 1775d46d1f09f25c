"""The networks: the original's family and our own."""

from torch import nn

from mememoji.emotions import FER2013_LABELS, FERPLUS_VOTES
from mememoji.training.networks.compact import Compact, CompactShape
from mememoji.training.networks.plain import Plain, PlainShape

Shape = CompactShape | PlainShape
"""How a network is built; which network it is follows from the type."""


def build(shape: Shape) -> nn.Module:
    """A network with fresh weights: (N, 1, 48, 48) float32 -> logits by head, a dict of (N, classes)."""
    if isinstance(shape, CompactShape):
        return Compact(shape, labels=len(FER2013_LABELS), votes=len(FERPLUS_VOTES))
    return Plain(shape, labels=len(FER2013_LABELS))


def parameter_count(network: nn.Module) -> int:
    """How many numbers are trained."""
    return sum(parameter.numel() for parameter in network.parameters())


__all__ = ["Compact", "CompactShape", "Plain", "PlainShape", "Shape", "build", "parameter_count"]
