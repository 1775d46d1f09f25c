"""Training targets of the labels and votes heads."""

import torch
from torch import Tensor, nn

from mememoji.emotions import FER2013_LABELS, FERPLUS_VOTES


def compute_vote_distributions(votes: Tensor) -> Tensor:
    """Normalize (N, 10) vote counts to float32 distributions; an image without votes gets zeros, so its loss is 0."""
    counts = votes.float()
    return counts / counts.sum(dim=1, keepdim=True).clamp(min=1.0)


def fit_labels_to_votes(labels: Tensor, votes: Tensor) -> Tensor:
    """Estimate the probability of each FER2013 label given the ten FER+ votes on the same image.

    A FER2013 label is one noisy draw; ten votes on the same image tell how likely each label was. A multinomial
    logistic regression from the square roots of the vote counts to the label is fitted on the given images, which must
    be train's only. As a soft target, its output reduces the noise of the labels like a teacher's (Hinton, Vinyals and
    Dean 2015), without a teacher.

    Args:
        labels: (N,) int64 in 0..6.
        votes: (N, 10) counts.

    Returns:
        (N, 7) float32 probabilities.
    """
    features = votes.float().sqrt()
    model = nn.Linear(len(FERPLUS_VOTES), len(FER2013_LABELS)).to(features.device)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        penalty = 1e-4 * model.weight.square().sum()
        loss: Tensor = nn.functional.cross_entropy(model(features), labels) + penalty
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        return torch.softmax(model(features), dim=1)


def make_label_targets(
    labels: Tensor, votes: Tensor | None, *, label_smoothing: float, soft_label_weight: float
) -> Tensor:
    """Return the labels head's targets: (N, 7) float32 distributions.

    Args:
        labels: (N,) int64 in 0..6.
        votes: (N, 10) counts; None if there are none, which leaves the labels hard.
        label_smoothing: Fraction that is spread evenly over all classes.
        soft_label_weight: Fraction of the rest that comes from the votes.
    """
    num_classes = len(FER2013_LABELS)
    targets = nn.functional.one_hot(labels, num_classes).float()
    if votes is not None and soft_label_weight > 0.0:
        targets = (1 - soft_label_weight) * targets + soft_label_weight * fit_labels_to_votes(labels, votes)
    return (1 - label_smoothing) * targets + label_smoothing / num_classes
