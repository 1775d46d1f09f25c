"""Search spaces: functions that sample training configurations for a hyperparameter search."""

import bisect
import dataclasses
from collections.abc import Callable
from typing import Any, Final

import torch
from optuna.trial import Trial

from mememoji.training.classifier.classifier_config import AugmentationConfig, ClassifierTrainConfig
from mememoji.training.classifier.classifier_presets import PRESETS
from mememoji.training.classifier.networks import CompactConfig, ModelConfig, PlainConfig, build_model
from mememoji.training.common.model_size import count_parameters

MAX_PARAMETERS: Final = 2_500_000
"""Larger networks are not trained: they would be too large to ship."""


def sample_plain(trial: Trial) -> ClassifierTrainConfig:
    """Sample around the original's networks, `baseline` to `mememoji9`: architecture, dropout and training."""
    num_groups = trial.suggest_int("groups", 1, 4)
    num_convolutions = trial.suggest_int("convolutions", 1, 4)
    first = trial.suggest_categorical("filters", [16, 32, 48, 64])
    growth = trial.suggest_categorical("growth", [1.0, 1.5, 2.0])
    num_dense = trial.suggest_int("dense", 0, 2)
    width = trial.suggest_categorical("dense_width", [32, 64, 128, 256])
    model = PlainConfig(
        filters=tuple((round(first * growth**group),) * num_convolutions for group in range(num_groups)),
        dense=(width,) * num_dense,
        dropout=trial.suggest_float("dropout", 0.0, 0.5, step=0.05),
        group_dropout=trial.suggest_float("group_dropout", 0.0, 0.3, step=0.05),
    )
    base = PRESETS["mememoji9"]
    return dataclasses.replace(
        base,
        model=model,
        lr=trial.suggest_float("lr", 2e-4, 4e-3, log=True),
        batch_size=trial.suggest_categorical("batch_size", [32, 64, 128]),
        weight_decay=trial.suggest_float("weight_decay", 1e-4, 1e-1, log=True),
        augmentation=_sample_augmentation(trial, base.augmentation),
    )


def sample_compact(trial: Trial) -> ClassifierTrainConfig:
    """Sample the architecture of `compact` within 2.5 M parameters, and its training."""
    model = CompactConfig(
        stem_channels=trial.suggest_int("stem", 8, 32, step=8),
        channels=(
            trial.suggest_int("channels1", 24, 64, step=8),
            trial.suggest_int("channels2", 64, 144, step=16),
            trial.suggest_int("channels3", 128, 320, step=24),
        ),
        num_blocks=(
            trial.suggest_int("blocks1", 1, 2),
            trial.suggest_int("blocks2", 1, 3),
            trial.suggest_int("blocks3", 1, 3),
        ),
        se_reduction=trial.suggest_categorical("se_reduction", [4, 8, 16]),
        squeeze_excitation=trial.suggest_categorical("squeeze_excitation", [True, False]),
        dropout=trial.suggest_float("dropout", 0.0, 0.4, step=0.05),
    )
    base = PRESETS["compact"]
    return dataclasses.replace(
        base,
        model=model,
        lr=trial.suggest_float("lr", 0.01, 0.2, log=True),
        batch_size=trial.suggest_categorical("batch_size", [64, 128]),
        weight_decay=trial.suggest_float("weight_decay", 1e-4, 3e-3, log=True),
        label_smoothing=trial.suggest_float("label_smoothing", 0.0, 0.15, step=0.05),
        soft_label_weight=trial.suggest_float("soft_label_weight", 0.0, 0.75, step=0.25),
        augmentation=_sample_augmentation(trial, base.augmentation),
    )


def sample_architecture(trial: Trial) -> ClassifierTrainConfig:
    """Sample where `compact` spends 2.5 M parameters: the last stage gets all that the others leave.

    All are trained alike, so that only the architecture differs.
    """
    stem_channels = trial.suggest_int("stem", 8, 32, step=8)
    first = trial.suggest_int("channels1", 24, 64, step=8)
    second = trial.suggest_int("channels2", 64, 160, step=16)
    num_blocks = (
        trial.suggest_int("blocks1", 1, 2),
        trial.suggest_int("blocks2", 1, 4),
        trial.suggest_int("blocks3", 1, 3),
    )
    squeeze_excitation = trial.suggest_categorical("squeeze_excitation", [True, False])

    def make_model(last: int) -> CompactConfig:
        return CompactConfig(
            stem_channels=stem_channels,
            channels=(first, second, last),
            num_blocks=num_blocks,
            squeeze_excitation=squeeze_excitation,
        )

    last = _find_max_channels(make_model)
    trial.set_user_attr("channels3", last)
    return dataclasses.replace(PRESETS["compact"], model=make_model(last))


def _find_max_channels(make_model: Callable[[int], ModelConfig]) -> int:
    """Return the largest multiple of 8 for which the model stays within `MAX_PARAMETERS`."""

    def count(channels: int) -> int:
        with torch.device("meta"):
            return count_parameters(build_model(make_model(channels)))

    candidates = range(8, 1024, 8)
    return candidates[max(bisect.bisect_right(candidates, MAX_PARAMETERS, key=count) - 1, 0)]


def _sample_augmentation(trial: Trial, base: AugmentationConfig) -> AugmentationConfig:
    strength = trial.suggest_float("augmentation", 0.25, 2.0, step=0.25)
    return dataclasses.replace(
        base,
        shift=base.shift * strength,
        rotation=base.rotation * strength,
        scale=base.scale * strength,
        brightness_contrast=base.brightness_contrast * strength,
        random_erasing_prob=min(0.1 * strength, 0.9),
    )


SEARCH_SPACES: Final[dict[str, Callable[[Trial], ClassifierTrainConfig]]] = {
    "plain": sample_plain,
    "compact": sample_compact,
    "architecture": sample_architecture,
}

FIRST_TRIALS: Final[dict[str, dict[str, Any]]] = {
    "architecture": {
        "stem": 16,
        "channels1": 40,
        "channels2": 112,
        "blocks1": 1,
        "blocks2": 2,
        "blocks3": 2,
        "squeeze_excitation": True,
    }
}
"""The first trial of a space, as a reference for the others: `compact-wide`."""
