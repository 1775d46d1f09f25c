"""A step recorded on a GPU gives what the step itself gives."""

import copy

import pytest
import torch

from mememoji.datasets.splits import Split
from mememoji.training.classifier.classifier_config import Recipe
from mememoji.training.classifier.cuda_graph import Recording
from mememoji.training.classifier.networks import build
from mememoji.training.classifier.tensor_split import Material
from mememoji.training.classifier.train_step import Batch, Step
from mememoji.training.common.device import choose_device

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


def test_each_batch_has_its_own_loss_and_gradients(tiny_recipe: Recipe, train_split: Split) -> None:
    device = choose_device("cuda", bfloat16=False)
    material = Material.of(train_split, device.where, tiny_recipe)
    network = build(tiny_recipe.shape).to(device.where)
    twin = copy.deepcopy(network)
    steps = []
    for each in (network, twin):
        chance = torch.Generator(device.where)
        steps.append(Step(each, tiny_recipe, device, chance))
    recorded = Recording(steps[0], network)
    for number in range(6):
        which = torch.arange(14, device=device.where) + 14 * number
        batch = Batch(
            material.pictures[which],
            which % 2 == 1,
            material.labels[which],
            material.batch(which, softened=False),
            material.teaching[which],
            {},
        )
        for step in steps:
            step.chance.manual_seed(number)
        torch.manual_seed(number)
        loss, hits = (value.clone() for value in recorded(batch))
        twin.zero_grad(set_to_none=True)
        torch.manual_seed(number)
        expected, right = steps[1](batch)
        torch.testing.assert_close(loss, expected, atol=1e-3, rtol=1e-3)
        assert hits == right
        for mine, theirs in zip(network.parameters(), twin.parameters(), strict=True):
            torch.testing.assert_close(mine.grad, theirs.grad, atol=1e-3, rtol=1e-2)
