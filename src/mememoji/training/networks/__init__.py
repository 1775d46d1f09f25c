"""The networks: the original's family, our own, and a teacher of another kind."""

from torch import nn

from mememoji.emotions import FER2013_LABELS, FERPLUS_VOTES
from mememoji.training.networks.compact import Compact, CompactShape
from mememoji.training.networks.plain import Plain, PlainShape
from mememoji.training.networks.vgg import Vgg, VggShape

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


__all__ = ["Compact", "CompactShape", "Plain", "PlainShape", "Shape", "Vgg", "VggShape", "build", "parameter_count"]
