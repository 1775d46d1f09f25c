"""Trainings side by side come out as they do one after the other."""

from pathlib import Path

import pytest
import torch

from mememoji.datasets.splits import Split
from mememoji.errors import RunError
from mememoji.training.concurrency import fit_concurrently
from mememoji.training.device import Device, choose_device
from mememoji.training.fitting import Fitting
from mememoji.training.recipe import Recipe

PLACES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")),
]


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> Device:
    return choose_device(request.param, bfloat16=False)


def test_each_training_learns(
    place: Device, tiny_recipe: Recipe, train_split: Split, val_split: Split, tmp_path: Path
) -> None:
    recipes = [tiny_recipe.with_changes(epochs=8, seed=seed) for seed in range(3)]
    fittings = [
        Fitting(recipe, train_split, val_split, tmp_path / str(recipe.seed), place, quiet=True) for recipe in recipes
    ]
    fit_concurrently(fittings, workers=2)
    for fitting in fittings:
        assert len(fitting.history) == 8
        assert max(epoch.val_accuracy for epoch in fitting.history) > 0.7


def test_one_that_fails_lets_the_others_finish_and_says_so(
    tiny_recipe: Recipe, train_split: Split, val_split: Split, tmp_path: Path
) -> None:
    place = choose_device("cpu", bfloat16=False)
    wild, calm = tiny_recipe.with_changes(rate=1e9), tiny_recipe.with_changes(epochs=2)
    fittings = [
        Fitting(recipe, train_split, val_split, tmp_path / str(n), place, quiet=True)
        for n, recipe in enumerate((wild, calm))
    ]
    with pytest.raises(RunError, match="no longer a number"):
        fit_concurrently(fittings, workers=2)
    assert len(fittings[1].history) == 2
