"""Classifier networks: plain (the original Mememoji's), compact, and VGG for teachers."""

from torch import nn

from mememoji.emotions import FER2013_LABELS, FERPLUS_VOTES
from mememoji.training.classifier.networks.compact_network import CompactConfig, CompactNetwork
from mememoji.training.classifier.networks.plain_network import PlainConfig, PlainNetwork
from mememoji.training.classifier.networks.vgg_network import VggConfig, VggNetwork

ModelConfig = CompactConfig | PlainConfig | VggConfig
"""Architecture of a network; the type selects the kind of network."""


def build_model(config: ModelConfig) -> nn.Module:
    """Build a network with random weights.

    Returns:
        A module from (N, 1, 48, 48) float32 crops to a dict of logits (N, classes) by head.

    Example:
        >>> import torch
        >>> model = build_model(CompactConfig(stem_channels=4, channels=(8,), num_blocks=(1,)))
        >>> {head: tuple(logits.shape) for head, logits in model(torch.zeros(2, 1, 48, 48)).items()}
        {'labels': (2, 7), 'votes': (2, 10)}
    """
    if isinstance(config, CompactConfig):
        return CompactNetwork(config, num_labels=len(FER2013_LABELS), num_votes=len(FERPLUS_VOTES))
    if isinstance(config, VggConfig):
        return VggNetwork(config, num_labels=len(FER2013_LABELS), num_votes=len(FERPLUS_VOTES))
    return PlainNetwork(config, num_labels=len(FER2013_LABELS))


__all__ = [
    "CompactConfig",
    "CompactNetwork",
    "ModelConfig",
    "PlainConfig",
    "PlainNetwork",
    "VggConfig",
    "VggNetwork",
    "build_model",
]
