"""Exported networks with batch norms that have run on data."""

from pathlib import Path

import numpy as np
import pytest
import torch

from mememoji.datasets.splits import Split
from mememoji.training.classifier.classifier_export import export_classifier
from mememoji.training.classifier.networks import CompactConfig, ModelConfig, PlainConfig, VggConfig, build_model


def export_weights(model: ModelConfig, architecture: str, weights: Path, split: Split) -> Path:
    torch.manual_seed(4)
    network = build_model(model).train()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
        for _ in range(3):
            network(torch.randn(16, 1, 48, 48))
    export_classifier(
        network,
        weights,
        split.images,
        name="tiny-0",
        architecture=architecture,
        trained_on="synthetic images",
        license="MIT",
    )
    return weights


@pytest.fixture(scope="session")
def compact_weights(tmp_path_factory: pytest.TempPathFactory, pattern_split: Split) -> Path:
    """A tiny `compact` in float16: a stem and two stages, the second of two blocks."""
    shape = CompactConfig(stem_channels=4, channels=(8, 16), num_blocks=(1, 2))
    return export_weights(shape, "compact", tmp_path_factory.mktemp("compact") / "compact.onnx", pattern_split)


@pytest.fixture(scope="session")
def strided_weights(tmp_path_factory: pytest.TempPathFactory, pattern_split: Split) -> Path:
    """A tiny network of `nano`'s kind: a stem of stride 2, two stages, no squeeze-and-excitation."""
    shape = CompactConfig(
        stem_channels=4,
        channels=(8, 16),
        num_blocks=(1, 2),
        stem_kernel_size=5,
        squeeze_excitation=False,
        stem_stride=2,
    )
    return export_weights(shape, "compact", tmp_path_factory.mktemp("strided") / "strided.onnx", pattern_split)


@pytest.fixture(scope="session")
def plain_weights(tmp_path_factory: pytest.TempPathFactory, pattern_split: Split) -> Path:
    """A tiny network of the original's family: two groups and a dense layer."""
    shape = PlainConfig(filters=((4,), (8,)), dense=(8,))
    return export_weights(shape, "plain", tmp_path_factory.mktemp("plain") / "plain.onnx", pattern_split)


@pytest.fixture(scope="session")
def vgg_weights(tmp_path_factory: pytest.TempPathFactory, pattern_split: Split) -> Path:
    """A tiny VGG: two groups and both heads on the means of the last maps."""
    return export_weights(VggConfig(((4,), (8, 8))), "vgg", tmp_path_factory.mktemp("vgg") / "vgg.onnx", pattern_split)


@pytest.fixture(scope="session")
def many_crops(pattern_split: Split) -> np.ndarray:
    """(280, 48, 48) uint8: the split's images, turned four ways."""
    return np.concatenate([np.rot90(pattern_split.images, turns, axes=(1, 2)) for turns in range(4)])
