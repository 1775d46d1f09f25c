"""One step: what a batch does to gradients."""

import pytest
import torch

from mememoji.datasets.splits import Split
from mememoji.training.classifier.classifier_config import Augmentation, Recipe
from mememoji.training.classifier.networks import build
from mememoji.training.classifier.sam import Climb
from mememoji.training.classifier.tensor_split import Material, as_input
from mememoji.training.classifier.train_step import Batch, Step, loss_of
from mememoji.training.common.device import choose_device

CPU = choose_device("cpu", bfloat16=False)


@pytest.fixture
def network(tiny_recipe: Recipe) -> torch.nn.Module:
    torch.manual_seed(3)
    return build(tiny_recipe.shape)


def batch(split: Split, *, taught: bool = False, mirrored: bool = False) -> Batch:
    material, which = Material.of(split, CPU.where, teaching=0.7), torch.arange(14)
    answers = {"labels": torch.full((14, 7), 1 / 7)} if taught else {}
    flags = torch.full((14,), mirrored)
    targets = material.batch(which, softened=False)
    return Batch(material.pictures[:14], flags, material.labels[:14], targets, material.teaching[:14], answers)


def step(network: torch.nn.Module, recipe: Recipe, seed: int = 0, climb: Climb | None = None) -> Step:
    return Step(network, recipe, CPU, torch.Generator().manual_seed(seed), (), climb)


def test_a_step_gives_its_loss_and_hits_and_leaves_gradients(
    network: torch.nn.Module, tiny_recipe: Recipe, train_split: Split
) -> None:
    loss, hits = step(network, tiny_recipe)(batch(train_split))
    assert 1.0 < float(loss) < 10.0
    assert 0 <= int(hits) <= 14
    assert not loss.requires_grad
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_pictures_that_were_taught_are_not_changed_again(
    network: torch.nn.Module, tiny_recipe: Recipe, train_split: Split
) -> None:
    seen = []

    def forward(pictures: torch.Tensor) -> dict[str, torch.Tensor]:
        seen.append(pictures)
        out: dict[str, torch.Tensor] = network(pictures)
        return out

    for seed in (0, 1):
        taking = Step(forward, tiny_recipe, CPU, torch.Generator().manual_seed(seed))
        for taught, mirrored in ((False, False), (True, False), (True, True)):
            taking(batch(train_split, taught=taught, mirrored=mirrored))
    assert not torch.equal(seen[0], seen[3])
    assert torch.equal(seen[1], seen[4])
    torch.testing.assert_close(seen[2], seen[1].flip(3))


def test_teachers_see_a_picture_before_it_is_worn(
    network: torch.nn.Module, tiny_recipe: Recipe, train_split: Split
) -> None:
    shown: dict[str, torch.Tensor] = {}

    def teacher(pictures: torch.Tensor) -> dict[str, torch.Tensor]:
        shown["teacher"] = as_input(pictures)
        return {"labels": torch.zeros(len(pictures), 7)}

    def forward(pictures: torch.Tensor) -> dict[str, torch.Tensor]:
        shown["student"] = pictures
        out: dict[str, torch.Tensor] = network(pictures)
        return out

    for wear in (0.0, 0.9):
        still = Augmentation(shift=0.0, rotation=0.0, scale=0.0, light=0.0, erasing=0.0, wear=wear)
        recipe = tiny_recipe.with_changes(augmentation=still)
        Step(forward, recipe, CPU, torch.Generator().manual_seed(0), (teacher,))(batch(train_split))
        assert torch.equal(shown["student"], shown["teacher"]) == (wear == 0.0)
    torch.testing.assert_close(
        shown["teacher"], as_input(batch(train_split).pictures[:, None].float()), atol=1e-3, rtol=0
    )


def test_uphill_gradients_are_others_and_the_weights_stay(
    network: torch.nn.Module, tiny_recipe: Recipe, train_split: Split
) -> None:
    step(network, tiny_recipe)(batch(train_split))
    plain = [p.grad.clone() for p in network.parameters() if p.grad is not None]
    before = [p.detach().clone() for p in network.parameters()]
    network.zero_grad(set_to_none=True)
    step(network, tiny_recipe, climb=Climb(network, 0.5))(batch(train_split))
    climbed = [p.grad for p in network.parameters() if p.grad is not None]
    assert not all(torch.allclose(a, b) for a, b in zip(plain, climbed, strict=True))
    for now, then in zip(network.parameters(), before, strict=True):
        torch.testing.assert_close(now, then, atol=1e-6, rtol=1e-4)


def test_a_head_without_a_target_costs_nothing() -> None:
    logits = {"labels": torch.zeros(2, 7), "votes": torch.ones(2, 10)}
    targets = {"labels": torch.full((2, 7), 1 / 7)}
    assert float(loss_of(logits, targets, votes=1.0)) == pytest.approx(1.9459, abs=1e-3)
    both = targets | {"votes": torch.full((2, 10), 0.1)}
    assert float(loss_of(logits, both, votes=0.5)) == pytest.approx(1.9459 + 0.5 * 2.3026, abs=1e-3)
