import pytest
import torch

from mememoji.training.classifier.targets import compute_vote_distributions, fit_labels_to_votes, make_label_targets


def test_vote_distributions_sum_to_one_or_zero() -> None:
    votes = torch.tensor([[0] * 10, [5, 5, 0, 0, 0, 0, 0, 0, 0, 0]], dtype=torch.uint8)
    distributions = compute_vote_distributions(votes)
    assert distributions.sum(dim=1).tolist() == [0.0, 1.0]
    assert distributions[1, :2].tolist() == [0.5, 0.5]


def make_votes(count: int = 700) -> tuple[torch.Tensor, torch.Tensor]:
    """Class k gets eight of ten votes in column k; a tenth of the labels are wrong."""
    truth = torch.arange(count) % 7
    votes = torch.zeros(count, 10, dtype=torch.uint8)
    votes[torch.arange(count), truth] = 8
    votes[:, 9] = 2
    labels = truth.clone()
    labels[::10] = (labels[::10] + 1) % 7
    return labels, votes


def test_fit_labels_to_votes_finds_the_probability_of_each_label() -> None:
    labels, votes = make_votes()
    probs = fit_labels_to_votes(labels, votes)
    torch.testing.assert_close(probs.sum(dim=1), torch.ones(len(labels)))
    # The votes reveal the wrong tenth: the class that they name gets about nine tenths.
    assert (probs.argmax(dim=1) == torch.arange(len(labels)) % 7).all()
    assert probs.max(dim=1).values.mean() == pytest.approx(0.9, abs=0.03)


@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
@pytest.mark.parametrize("soft_label_weight", [0.0, 0.5, 1.0])
def test_label_targets_are_distributions(label_smoothing: float, soft_label_weight: float) -> None:
    labels, votes = make_votes(70)
    targets = make_label_targets(labels, votes, label_smoothing=label_smoothing, soft_label_weight=soft_label_weight)
    torch.testing.assert_close(targets.sum(dim=1), torch.ones(70))
    assert (targets >= 0).all()
    if label_smoothing == soft_label_weight == 0.0:
        assert (targets.argmax(dim=1) == labels).all()
        assert targets.max() == 1.0


def test_label_targets_without_votes_are_hard() -> None:
    targets = make_label_targets(torch.tensor([3]), None, label_smoothing=0.0, soft_label_weight=0.5)
    assert targets.tolist() == [[0, 0, 0, 1, 0, 0, 0]]
