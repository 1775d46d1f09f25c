"""Weights between two runs'."""

import pytest
import torch

from mememoji.errors import RunError
from mememoji.training.blending import blended
from mememoji.training.checkpoint import Checkpoint
from mememoji.training.networks import CompactShape, build
from mememoji.training.recipe import Recipe


def checkpoint(recipe: Recipe, seed: int) -> Checkpoint:
    torch.manual_seed(seed)
    return Checkpoint.finished(recipe, "", [], build(recipe.shape).state_dict())


def test_both_ends_are_the_runs_and_the_middle_is_their_mean(tiny_recipe: Recipe) -> None:
    first, second = checkpoint(tiny_recipe, 0), checkpoint(tiny_recipe, 1)
    for part, expected in ((0.0, first.best), (1.0, second.best)):
        torch.testing.assert_close(blended(first, second, part), expected)
    middle = blended(first, second, 0.5)
    build(tiny_recipe.shape).load_state_dict(middle)
    name = "labels.weight"
    torch.testing.assert_close(middle[name], (first.best[name] + second.best[name]) / 2)


def test_nothing_lies_between_two_shapes(tiny_recipe: Recipe) -> None:
    other = tiny_recipe.with_changes(shape=CompactShape(stem=4, widths=(8, 24), blocks=(1, 1)))
    with pytest.raises(RunError, match="two shapes"):
        blended(checkpoint(tiny_recipe, 0), checkpoint(other, 0), 0.5)
    with pytest.raises(ValueError, match=r"0\.\.1"):
        blended(checkpoint(tiny_recipe, 0), checkpoint(tiny_recipe, 1), 1.5)
