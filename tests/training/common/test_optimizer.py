import pytest
import torch
from torch import nn

from mememoji.training.classifier.classifier_config import ClassifierTrainConfig
from mememoji.training.common.model_ema import ModelEMA
from mememoji.training.common.optimizer import compute_lr, make_optimizer


def test_lr_at_rises_in_the_warmup_and_decays_to_zero(tiny_config: ClassifierTrainConfig) -> None:
    rates = [compute_lr(tiny_config, epoch / 10) for epoch in range(31)]
    assert rates[0] == 0.0
    assert rates[5] == pytest.approx(tiny_config.lr)
    assert rates[-1] == pytest.approx(0.0, abs=1e-9)
    assert rates[:6] == sorted(rates[:6])
    assert rates[5:] == sorted(rates[5:], reverse=True)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_make_optimizer_decays_matrices_and_filters_only(tiny_config: ClassifierTrainConfig, optimizer: str) -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    decaying, staying = make_optimizer(network, tiny_config.with_changes(optimizer=optimizer)).param_groups
    assert [p.ndim for p in decaying["params"]] == [4]
    assert {p.ndim for p in staying["params"]} == {1}
    assert (decaying["weight_decay"], staying["weight_decay"]) == (tiny_config.weight_decay, 0.0)


def test_model_ema_follows_the_weights_with_a_delay() -> None:
    network = nn.Linear(1, 1)
    average = ModelEMA(network, decay=0.9)
    averaged = average.module.get_parameter("weight")
    with torch.no_grad():
        network.weight.fill_(10.0)
    average.update(network)
    first = averaged.item()
    for _ in range(200):
        average.update(network)
    assert first < 10.0
    assert averaged.item() == pytest.approx(10.0, abs=1e-3)
    assert not averaged.requires_grad
