"""Logit adjustment, which removes a fraction of the emotions' class prior from the votes head."""

import numpy as np
import torch
from torch import nn

from mememoji.datasets.splits import Split
from mememoji.emotions import FERPLUS_EMOTIONS
from mememoji.errors import DatasetError, RunError
from mememoji.types import Float64Array


@torch.no_grad()
def adjust_votes_head(model: nn.Module, train: Split, tau: float) -> None:
    """Shift the biases of the votes head's eight emotions by `-tau * log(prior)`.

    FER+'s annotators name fear for 2 % of FER2013's faces and neutral for a third, so a network that was trained on
    them predicts neutral for other faces that plainly show fear (Menon et al. 2021, "Long-tail learning via logit
    adjustment"). The shifts share a constant, so that for a face with the prior's probabilities the emotions keep
    their total weight relative to "unknown" and "NF".

    Args:
        model: A network with a votes head; changed in place.
        train: The train split, with votes, which give the prior.
        tau: Strength: 0 keeps the head as it is, 1 removes the prior.

    Raises:
        RunError: The network has no votes head.
        DatasetError: The split has no votes.
        ValueError: Tau is out of range.
    """
    if not 0.0 <= tau <= 1.0:
        raise ValueError(f"tau must be in 0..1, got {tau}")
    head = getattr(model, "votes", None)
    if not isinstance(head, nn.Linear):
        raise RunError("logit adjustment needs a network with a votes head, got one without")
    shifts = _compute_shifts(compute_emotion_prior(train), tau)
    head.bias[: len(shifts)] += torch.tensor(shifts, dtype=head.bias.dtype, device=head.bias.device)


def compute_emotion_prior(train: Split) -> Float64Array:
    """Return the class prior: mean fractions (8,) of votes for each of `FERPLUS_EMOTIONS`, summing to 1.

    Raises:
        DatasetError: The split has no votes.
    """
    if train.votes is None or not train.votes.any():
        raise DatasetError("logit adjustment needs a train split with votes, got one without; prepare it with --votes")
    votes = train.votes[train.votes.sum(axis=1) > 0].astype(np.float64)
    fractions = votes / votes.sum(axis=1, keepdims=True)  # (N, 10)
    emotions = fractions[:, : len(FERPLUS_EMOTIONS)].mean(axis=0)
    return np.asarray(emotions / emotions.sum())


def _compute_shifts(prior: Float64Array, tau: float) -> Float64Array:
    shifts = -tau * np.log(np.maximum(prior, 1e-6))
    return np.asarray(shifts - np.log((prior * np.exp(shifts)).sum()))
