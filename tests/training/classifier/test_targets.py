import pytest
import torch

from mememoji.training.classifier.targets import label_targets, labels_given_votes, vote_distributions


def test_vote_distributions_sum_to_one_or_zero() -> None:
    votes = torch.tensor([[0] * 10, [5, 5, 0, 0, 0, 0, 0, 0, 0, 0]], dtype=torch.uint8)
    shares = vote_distributions(votes)
    assert shares.sum(dim=1).tolist() == [0.0, 1.0]
    assert shares[1, :2].tolist() == [0.5, 0.5]


def made_votes(count: int = 700) -> tuple[torch.Tensor, torch.Tensor]:
    """Class k gets eight of ten votes in column k; a tenth of the labels are wrong."""
    truth = torch.arange(count) % 7
    votes = torch.zeros(count, 10, dtype=torch.uint8)
    votes[torch.arange(count), truth] = 8
    votes[:, 9] = 2
    labels = truth.clone()
    labels[::10] = (labels[::10] + 1) % 7
    return labels, votes


def test_votes_say_how_likely_a_label_is() -> None:
    labels, votes = made_votes()
    likely = labels_given_votes(labels, votes)
    torch.testing.assert_close(likely.sum(dim=1), torch.ones(len(labels)))
    # The votes see through the wrong tenth: the class that they name is given about nine tenths.
    assert (likely.argmax(dim=1) == torch.arange(len(labels)) % 7).all()
    assert likely.max(dim=1).values.mean() == pytest.approx(0.9, abs=0.03)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("softening", [0.0, 0.5, 1.0])
def test_targets_are_distributions(smoothing: float, softening: float) -> None:
    labels, votes = made_votes(70)
    targets = label_targets(labels, votes, smoothing=smoothing, softening=softening)
    torch.testing.assert_close(targets.sum(dim=1), torch.ones(70))
    assert (targets >= 0).all()
    if smoothing == softening == 0.0:
        assert (targets.argmax(dim=1) == labels).all()
        assert targets.max() == 1.0


def test_without_votes_labels_stay_hard() -> None:
    targets = label_targets(torch.tensor([3]), None, smoothing=0.0, softening=0.5)
    assert targets.tolist() == [[0, 0, 0, 1, 0, 0, 0]]
