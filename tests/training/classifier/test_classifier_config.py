import json

import pytest

from mememoji.training.classifier.classifier_config import AugmentationConfig, ClassifierTrainConfig
from mememoji.training.classifier.classifier_presets import PRESETS, TEACHER_PRESETS, find_preset
from mememoji.training.classifier.networks import build_model


@pytest.mark.parametrize("name", PRESETS | TEACHER_PRESETS)
def test_every_preset_builds_and_survives_json(name: str) -> None:
    config = find_preset(name)
    build_model(config.model)
    assert ClassifierTrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_with_changes_keeps_other_fields_and_shortens_the_warmup() -> None:
    config = PRESETS["compact"]
    assert config.with_changes(epochs=None, lr=None) == config
    short = config.with_changes(epochs=1, seed=7)
    assert (short.epochs, short.seed, short.lr) == (1, 7, config.lr)
    assert short.warmup_epochs < 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"epochs": 2, "warmup_epochs": 2.0},
        {"epochs": 2, "batch_size": 1},
        {"epochs": 2, "optimizer": "adam"},
        {"epochs": 2, "lr": 0.0},
        {"epochs": 2, "ema_decay": 1.0},
        {"epochs": 2, "soft_label_weight": 1.5},
    ],
)
def test_config_rejects_invalid_values(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="got"):
        ClassifierTrainConfig(PRESETS["debug"].model, **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong", [{"shift": 1.0}, {"rotation": 200.0}, {"mixup_alpha": -0.1}, {"random_erasing_prob": -0.5}]
)
def test_augmentation_config_rejects_invalid_values(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="got"):
        AugmentationConfig(**wrong)  # type: ignore[arg-type]
