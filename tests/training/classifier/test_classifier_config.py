import json

import pytest

from mememoji.training.classifier.classifier_config import PRESETS, Augmentation, Recipe
from mememoji.training.classifier.networks import build


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_built_and_survives_json(name: str) -> None:
    recipe = PRESETS[name]
    build(recipe.shape)
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


def test_changes_leave_the_rest_and_fit_the_warm_up() -> None:
    recipe = PRESETS["compact"]
    assert recipe.with_changes(epochs=None, rate=None) == recipe
    short = recipe.with_changes(epochs=1, seed=7)
    assert (short.epochs, short.seed, short.rate) == (1, 7, recipe.rate)
    assert short.warmup < 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"epochs": 2, "warmup": 2.0},
        {"epochs": 2, "batch": 1},
        {"epochs": 2, "optimizer": "adam"},
        {"epochs": 2, "rate": 0.0},
        {"epochs": 2, "average": 1.0},
        {"epochs": 2, "softening": 1.5},
    ],
)
def test_a_recipe_refuses_conflicts(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"got|lie|positive"):
        Recipe(PRESETS["minute"].shape, **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [{"shift": 1.0}, {"rotation": 200.0}, {"mixup": -0.1}, {"erasing": -0.5}])
def test_augmentation_refuses(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="got"):
        Augmentation(**wrong)  # type: ignore[arg-type]
