import pytest
import torch
from torch import nn

from mememoji.training.classifier.classifier_config import Recipe
from mememoji.training.common.optimizer import MovingAverage, make_optimizer, rate_at


def test_the_rate_rises_then_falls_to_nothing(tiny_recipe: Recipe) -> None:
    rates = [rate_at(tiny_recipe, epoch / 10) for epoch in range(31)]
    assert rates[0] == 0.0
    assert rates[5] == pytest.approx(tiny_recipe.rate)
    assert rates[-1] == pytest.approx(0.0, abs=1e-9)
    assert rates[:6] == sorted(rates[:6])
    assert rates[5:] == sorted(rates[5:], reverse=True)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_only_matrices_and_filters_decay(tiny_recipe: Recipe, optimizer: str) -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    decaying, staying = make_optimizer(network, tiny_recipe.with_changes(optimizer=optimizer)).param_groups
    assert [p.ndim for p in decaying["params"]] == [4]
    assert {p.ndim for p in staying["params"]} == {1}
    assert (decaying["weight_decay"], staying["weight_decay"]) == (tiny_recipe.decay, 0.0)


def test_the_average_lags_and_arrives() -> None:
    network = nn.Linear(1, 1)
    average = MovingAverage(network, decay=0.9)
    averaged = average.network.get_parameter("weight")
    with torch.no_grad():
        network.weight.fill_(10.0)
    average.update(network)
    first = averaged.item()
    for _ in range(200):
        average.update(network)
    assert first < 10.0
    assert averaged.item() == pytest.approx(10.0, abs=1e-3)
    assert not averaged.requires_grad
