"""Removal of the class prior from the votes head."""

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import nn

from mememoji.datasets.splits import Split
from mememoji.errors import DatasetError, RunError
from mememoji.training.classifier.logit_adjustment import adjust_votes_head, compute_emotion_prior
from mememoji.training.classifier.networks import CompactConfig, PlainConfig, build_model


@pytest.fixture
def split() -> Split:
    """Four images: neutral has half of the votes that name an emotion, fear an eighth."""
    votes = np.zeros((4, 10), np.uint8)
    votes[:2, 0] = 10
    votes[2, [1, 8]] = 6, 4
    votes[3, [1, 6]] = 5, 5
    return Split(np.arange(4, dtype=np.int32), np.zeros((4, 48, 48), np.uint8), np.zeros(4, np.int8), votes)


def prior_network(config: CompactConfig, prior: npt.NDArray[np.float64]) -> nn.Module:
    """Return a network whose votes head gives the prior, a tenth of it "unknown", for every input."""
    network = build_model(config).eval()
    head = network.get_submodule("votes")
    assert isinstance(head, nn.Linear)
    with torch.no_grad():
        head.weight.zero_()
        fractions = np.concatenate([0.9 * prior, [0.1, 1e-6]])
        head.bias.copy_(torch.tensor(np.log(np.maximum(fractions, 1e-6))))
    return network


def vote_probs(network: nn.Module) -> torch.Tensor:
    with torch.no_grad():
        return torch.softmax(network(torch.zeros(1, 1, 48, 48))["votes"][0], dim=0)


def test_emotion_prior_ignores_votes_for_no_emotion(split: Split) -> None:
    # The third image has 0.6 of its votes on an emotion.
    np.testing.assert_allclose(compute_emotion_prior(split), np.array([2, 1.1, 0, 0, 0, 0, 0.5, 0]) / 3.6)


def test_adjust_votes_head_flattens_the_prior(tiny_model: CompactConfig, split: Split) -> None:
    prior = compute_emotion_prior(split)
    network = prior_network(tiny_model, prior)
    adjust_votes_head(network, split, 0.0)
    before = vote_probs(network)
    adjust_votes_head(network, split, 0.5)
    after = vote_probs(network)
    expected = torch.tensor(np.sqrt(prior[[0, 1, 6]]))
    found = after[[0, 1, 6]]
    torch.testing.assert_close(found / found.sum(), (expected / expected.sum()).float(), atol=2e-3, rtol=0)
    # The face probability stays as it was.
    assert float(after[8]) == pytest.approx(float(before[8]), abs=2e-3)


def test_adjust_votes_head_without_votes_or_without_the_head_is_rejected(
    tiny_model: CompactConfig, split: Split
) -> None:
    with pytest.raises(RunError, match="needs a network with a votes head"):
        adjust_votes_head(build_model(PlainConfig(filters=((4,),), dense=(8,))), split, 0.3)
    with pytest.raises(DatasetError, match="with votes"):
        adjust_votes_head(build_model(tiny_model), Split(split.rows, split.images, split.labels, None), 0.3)
    with pytest.raises(ValueError, match=r"tau must be in 0\.\.1, got 2"):
        adjust_votes_head(build_model(tiny_model), split, 2.0)
