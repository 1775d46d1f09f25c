"""Sharpness-aware minimization."""

import pytest
import torch
from torch import nn

from mememoji.training.common.optimizer import SAM


@pytest.fixture
def network() -> nn.Linear:
    torch.manual_seed(0)
    network = nn.Linear(5, 3)
    network(torch.ones(2, 5)).square().sum().backward()
    return network


def loss(network: nn.Module) -> torch.Tensor:
    out: torch.Tensor = network(torch.ones(2, 5)).square().sum()
    return out


def test_ascend_perturbs_the_weights_by_rho_and_restores_them(network: nn.Linear) -> None:
    before = [parameter.detach().clone() for parameter in network.parameters()]
    low = loss(network)
    with SAM(network, 0.05).ascend():
        moves = [now - then for now, then in zip(network.parameters(), before, strict=True)]
        assert torch.cat([move.flatten() for move in moves]).norm().item() == pytest.approx(0.05, rel=1e-3)
        assert loss(network) > low
        assert all(not p.grad.any() for p in network.parameters() if p.grad is not None)
    for now, then in zip(network.parameters(), before, strict=True):
        torch.testing.assert_close(now, then)


def test_ascend_keeps_the_gradients_of_the_perturbed_weights(network: nn.Linear) -> None:
    below = network.weight.grad.clone() if network.weight.grad is not None else None
    with SAM(network, 0.1).ascend():
        loss(network).backward()  # type: ignore[no-untyped-call]
    assert below is not None
    assert network.weight.grad is not None
    assert network.weight.grad.norm() > below.norm()


def test_ascend_keeps_a_parameter_without_a_gradient(network: nn.Linear) -> None:
    network.bias.grad = None
    before = network.bias.detach().clone()
    with SAM(network, 0.1).ascend():
        assert torch.equal(network.bias, before)
