import json

import pytest

from mememoji.training.common.model_size import count_parameters
from mememoji.training.common.optimizer import compute_lr
from mememoji.training.detector.detector_config import PRESETS, DetectorAugmentationConfig, DetectorTrainConfig
from mememoji.training.detector.detector_network import DetectorModelConfig, DetectorNetwork


@pytest.mark.parametrize("name", PRESETS)
def test_presets_can_be_built_and_survive_json(name: str) -> None:
    config = PRESETS[name]
    assert count_parameters(DetectorNetwork(config.model)) <= 150_000
    assert DetectorTrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_lr_at_warms_up_stays_and_decays() -> None:
    config = DetectorTrainConfig(epochs=20, lr_decay_epochs=10, warmup_epochs=2.0, lr=0.1)
    lrs = [compute_lr(config, epoch) for epoch in (0, 1, 2, 9, 10, 15, 20)]
    assert lrs == pytest.approx([0.0, 0.05, 0.1, 0.1, 0.1, 0.05, 0.0])


def test_matches_until_ignores_the_length_before_the_decay() -> None:
    short, long = DetectorTrainConfig(epochs=20, lr_decay_epochs=5), DetectorTrainConfig(epochs=80, lr_decay_epochs=20)
    assert short.matches_until(15, long)
    assert not short.matches_until(16, long)
    assert short.matches_until(20, short)
    assert not short.matches_until(1, DetectorTrainConfig(epochs=20, lr_decay_epochs=5, seed=1))


def test_with_changes_to_fewer_epochs_shortens_the_decay() -> None:
    short = PRESETS["compact"].with_changes(epochs=1, lr=None)
    assert (short.epochs, short.lr_decay_epochs) == (1, 0)
    assert short.warmup_epochs < 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"batch_size": 1},
        {"image_sizes": (64, 100)},
        {"image_sizes": ()},
        {"epochs": 5, "lr_decay_epochs": 6},
        {"optimizer": "adam"},
        {"lr": 0.0},
        {"ema_decay": 1.0},
    ],
)
def test_config_with_conflicting_values_raises_value_error(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"got|positive"):
        DetectorTrainConfig(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [{"mosaic_prob": 1.5}, {"min_scale": 3.0}, {"rotation": 200.0}])
def test_augmentation_config_out_of_range_raises_value_error(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="got"):
        DetectorAugmentationConfig(**wrong)


@pytest.mark.parametrize("wrong", [{"channels": (8, 8, 8)}, {"stem_channels": 0}, {"num_blocks": (0, -1, 0, 0)}])
def test_model_config_out_of_range_raises_value_error(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="got"):
        DetectorModelConfig(**wrong)  # type: ignore[arg-type]
