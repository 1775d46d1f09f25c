"""Training targets: what the heads should answer for each image."""

import torch
from torch import Tensor, nn

from mememoji.emotions import FER2013_LABELS, FERPLUS_VOTES


def vote_distributions(votes: Tensor) -> Tensor:
    """(N, 10) counts to (N, 10) float32 shares; an image without votes gets zeros, so its loss is zero."""
    counts = votes.float()
    return counts / counts.sum(dim=1, keepdim=True).clamp(min=1.0)


def labels_given_votes(labels: Tensor, votes: Tensor) -> Tensor:
    """What an image's ten FER+ votes say about its FER2013 label.

    FER2013's labels are noisy draws; ten votes on the same image say how likely each label was. A multinomial
    logistic regression from the roots of the votes' counts to the label is fitted on the images given, which
    must be train's alone. Used as a soft target it lowers the noise of the labels as a teacher's answers do
    (Hinton, Vinyals and Dean 2015), without a teacher.

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


def label_targets(labels: Tensor, votes: Tensor | None, *, smoothing: float, softening: float) -> Tensor:
    """The labels head's targets: (N, 7) float32 distributions.

    Args:
        labels: (N,) int64 in 0..6.
        votes: (N, 10) counts; None where there are none, which leaves softening out.
        smoothing: the part spread evenly over all classes.
        softening: the part of the rest that comes from the votes.
    """
    classes = len(FER2013_LABELS)
    targets = nn.functional.one_hot(labels, classes).float()
    if votes is not None and softening > 0.0:
        targets = (1 - softening) * targets + softening * labels_given_votes(labels, votes)
    return (1 - smoothing) * targets + smoothing / classes
