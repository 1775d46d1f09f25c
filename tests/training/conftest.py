"""Small data for small trainings."""

import numpy as np
import pytest

from mememoji.datasets.splits import Split
from mememoji.training.classifier.classifier_config import AugmentationConfig, ClassifierTrainConfig
from mememoji.training.classifier.networks import CompactConfig


def make_split(count: int, seed: int, *, votes: bool = True) -> Split:
    """Images whose class can be seen: label k is stripes k + 1 pixels wide."""
    chance = np.random.default_rng(seed)
    labels = (np.arange(count) % 7).astype(np.int8)
    images = chance.integers(0, 60, (count, 48, 48)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[np.arange(48) // (label + 1) % 2 == 1] += 180
    counts = np.zeros((count, 10), np.uint8)
    counts[np.arange(count), labels] = 9
    counts[:, 8] = 1
    return Split(np.arange(count, dtype=np.int32), images, labels, counts if votes else None)


@pytest.fixture(scope="session")
def train_split() -> Split:
    return make_split(280, seed=1)


@pytest.fixture(scope="session")
def val_split() -> Split:
    return make_split(70, seed=2)


@pytest.fixture(scope="session")
def tiny_model() -> CompactConfig:
    return CompactConfig(stem_channels=4, channels=(8, 16), num_blocks=(1, 1))


@pytest.fixture(scope="session")
def tiny_config(tiny_model: CompactConfig) -> ClassifierTrainConfig:
    little = AugmentationConfig(shift=0.05, rotation=0.0, scale=0.0, brightness_contrast=0.1, random_erasing_prob=0.0)
    return ClassifierTrainConfig(
        tiny_model, epochs=3, batch_size=14, lr=0.05, warmup_epochs=0.5, ema_decay=0.8, augmentation=little
    )
