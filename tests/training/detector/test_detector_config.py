import json

import pytest

from mememoji.training.classifier.networks import parameter_count
from mememoji.training.detector.detector_config import PRESETS, DetectorRecipe, SceneSettings
from mememoji.training.detector.detector_network import DetectorNetwork, DetectorShape


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_built_and_survives_json(name: str) -> None:
    recipe = PRESETS[name]
    assert parameter_count(DetectorNetwork(recipe.shape)) <= 150_000
    assert DetectorRecipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


def test_the_rate_rises_stays_and_falls() -> None:
    recipe = DetectorRecipe(epochs=20, fall=10, warmup=2.0, rate=0.1)
    rates = [recipe.rate_at(epoch) for epoch in (0, 1, 2, 9, 10, 15, 20)]
    assert rates == pytest.approx([0.0, 0.05, 0.1, 0.1, 0.1, 0.05, 0.0])


def test_recipes_of_other_lengths_agree_until_the_rate_falls() -> None:
    short, long = DetectorRecipe(epochs=20, fall=5), DetectorRecipe(epochs=80, fall=20)
    assert short.agrees_until(15, long)
    assert not short.agrees_until(16, long)
    assert short.agrees_until(20, short)
    assert not short.agrees_until(1, DetectorRecipe(epochs=20, fall=5, seed=1))


def test_a_shorter_training_falls_sooner() -> None:
    short = PRESETS["compact"].with_changes(epochs=1, rate=None)
    assert (short.epochs, short.fall) == (1, 0)
    assert short.warmup < 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"batch": 1},
        {"sides": (64, 100)},
        {"sides": ()},
        {"epochs": 5, "fall": 6},
        {"optimizer": "adam"},
        {"rate": 0.0},
        {"average": 1.0},
    ],
)
def test_a_recipe_refuses_conflicts(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"got|positive"):
        DetectorRecipe(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [{"mosaic": 1.5}, {"least_scale": 3.0}, {"rotation": 200.0}])
def test_scenes_refuse(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="got"):
        SceneSettings(**wrong)


@pytest.mark.parametrize("wrong", [{"widths": (8, 8, 8)}, {"stem": 0}, {"blocks": (0, -1, 0, 0)}])
def test_a_shape_refuses(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="got"):
        DetectorShape(**wrong)  # type: ignore[arg-type]
