"""How close shares of emotions come to what FER+'s ten annotators answered.

An image's votes become shares by leaving "unknown" and "not a face" out and bringing the rest to sum 1; an image
without a single vote for an emotion says nothing about emotions and is left out. Three references stand beside every
figure, all computed from the votes of the same images: what one would score by answering the mean of all images
each time (the class prior), what five of the annotators score against the other five (a panel), and what the true
shares themselves would score against ten votes drawn from them, the best that can be reached.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mememoji.emotions import FERPLUS_EMOTIONS, FERPLUS_VOTES, VOTES_TO_SIX

Shares = npt.NDArray[np.float64]

TO_EIGHT: Final = np.eye(len(FERPLUS_VOTES), len(FERPLUS_EMOTIONS), dtype=np.float32)
"""(10, 8) float32: the eight emotions stay what they are; "unknown" and "NF" name no emotion."""

TO_SIX: Final = VOTES_TO_SIX
"""(10, 6) float32, the product's six."""

PANEL_ROUNDS: Final = 10
"""How often the ten are split anew. On 3,589 images the panel's figures then move by less than 0.001."""


def shares(rows: npt.NDArray[Any], matrix: npt.NDArray[np.float32]) -> Shares:
    """Votes or probabilities (N, 10) to shares (N, C) of the emotions in `matrix`, rows sum to 1.

    A row that has nothing in these emotions becomes equal parts; `names_emotion` says which votes are such.
    """
    folded = np.asarray(rows, np.float64) @ matrix  # (N, 10) @ (10, C)
    totals = folded.sum(axis=1, keepdims=True)
    equal = np.full_like(folded, 1 / matrix.shape[1])
    return np.asarray(np.divide(folded, totals, out=equal, where=totals > 0))


def names_emotion(votes: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """(N,) bool: at least one of an image's votes (N, 10) is for an emotion."""
    return np.asarray(votes[:, : len(FERPLUS_EMOTIONS)].sum(axis=1) > 0)


def total_variation(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> Shares:
    """(N,) total variation of two (N, C) rows of shares: half the sum of differences, 0 the same, 1 disjoint."""
    return np.asarray(np.abs(first - second).sum(axis=1) / 2, np.float64)


def cosine(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> Shares:
    """(N,) cosine of the angle between two (N, C) rows of shares: 1 the same direction, 0 disjoint."""
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return np.asarray((first * second).sum(axis=1) / lengths, np.float64)


def jensen_shannon(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> Shares:
    """(N,) Jensen-Shannon divergence of two (N, C) rows of shares, in nats: 0 the same, ln 2 = 0.693 disjoint.

    Lin (1991), "Divergence measures based on the Shannon entropy". The divergence, not its square root.
    """
    middle = (first + second) / 2
    return (_relative_entropy(first, middle) + _relative_entropy(second, middle)) / 2


def _relative_entropy(of: npt.NDArray[Any], to: npt.NDArray[Any]) -> Shares:
    ratio = np.divide(of, to, out=np.ones_like(to, np.float64), where=of > 0)
    return np.asarray((of * np.log(ratio)).sum(axis=1), np.float64)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How close two sets of shares are, each figure a mean over the images; NaN where there are none.

    `total_variation` lies in 0..1 and `jensen_shannon` in 0..0.693 (nats), lower is closer; `cosine` in 0..1,
    higher is closer.
    """

    pictures: int
    total_variation: float
    cosine: float
    jensen_shannon: float


def agreement(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> Agreement:
    """Compare two (N, C) sets of shares image by image.

    Raises:
        ValueError: the shapes differ.
    """
    if first.shape != second.shape:
        raise ValueError(f"both must be of one shape, got {first.shape} and {second.shape}")
    if not len(first):
        return Agreement(0, float("nan"), float("nan"), float("nan"))
    means = (float(measure(first, second).mean()) for measure in (total_variation, cosine, jensen_shannon))
    return Agreement(len(first), *means)


def class_prior(votes: npt.NDArray[Any], matrix: npt.NDArray[np.float32]) -> Agreement:
    """What answering the mean shares of these very images (N, 10) for each of them scores."""
    true = shares(votes[names_emotion(votes)], matrix)
    mean = true.mean(axis=0, keepdims=True) if len(true) else true
    return agreement(np.broadcast_to(mean, true.shape), true)


def split_panel(votes: npt.NDArray[Any], rng: np.random.Generator) -> tuple[npt.NDArray[np.int64], ...]:
    """Split each image's votes (N, 10) at random into half of its annotators and the others.

    Returns:
        Two (N, 10) int64 that sum to `votes`. Of an odd number of votes the second has one more.
    """
    left = np.asarray(votes, np.int64).copy()
    drawn = np.zeros_like(left)
    to_draw = left.sum(axis=1) // 2
    # Drawing without putting back, a column at a time: given what is still to be drawn and what is still there, a
    # column's part is hypergeometric.
    for column in range(left.shape[1]):
        others = left[:, column + 1 :].sum(axis=1)
        drawn[:, column] = rng.hypergeometric(left[:, column], others, to_draw)
        to_draw -= drawn[:, column]
    return drawn, left - drawn


def panel_of_five(votes: npt.NDArray[Any], matrix: npt.NDArray[np.float32], *, seed: int = 0) -> Agreement:
    """What half of the ten annotators score against the other half, over `PANEL_ROUNDS` random splits of (N, 10).

    All ten votes are dealt out, "unknown" and "NF" too, as a person on a panel may answer these; an image counts
    in the splits where both halves name an emotion. `pictures` is how many did so on average.

    In FER+'s eight emotions, total variation, cosine and Jensen-Shannon come to 0.213, 0.891 and 0.093 on FER2013's
    val images and to 0.235, 0.878 and 0.102 on its train images: people agree on some splits more than on others,
    so a figure is comparable only with the panel's on the same images.
    """
    rng = np.random.default_rng(seed)
    halves = [split_panel(votes, rng) for _ in range(PANEL_ROUNDS)]
    first = np.concatenate([half for half, _ in halves])
    second = np.concatenate([half for _, half in halves])
    both = names_emotion(first) & names_emotion(second)
    found = agreement(shares(first[both], matrix), shares(second[both], matrix))
    pictures = round(found.pictures / PANEL_ROUNDS)
    return Agreement(pictures, found.total_variation, found.cosine, found.jensen_shannon)


def perfect_predictor(votes: npt.NDArray[Any], matrix: npt.NDArray[np.float32], *, seed: int = 0) -> Agreement:
    """What the shares of (N, 10) themselves score against as many votes drawn from them anew.

    It is above a perfect score because a handful of votes is a sample: nothing can be measured as better than this.
    """
    heard = votes[names_emotion(votes)]
    true = shares(heard, matrix)
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial((heard @ matrix).sum(axis=1).astype(np.int64), true)  # (N, C)
    return agreement(true, drawn / np.maximum(drawn.sum(axis=1, keepdims=True), 1))


def majority(votes: npt.NDArray[Any], *, drop_single: bool = False) -> npt.NDArray[np.int64]:
    """The emotion that more than half of an image's votes name.

    Args:
        votes: (N, 10) counts in the order of `FERPLUS_VOTES`.
        drop_single: take single votes for outliers and drop them first, as FER+'s own processing does (Barsoum
            et al. 2016, "Training deep networks for facial expression recognition with crowd-sourced label
            distribution"). The literature's majority accuracies are on the images that this rule leaves.

    Returns:
        (N,) int64 numbers into `FERPLUS_EMOTIONS`; -1 where no emotion has more than half, "unknown" and "NF"
        counting among the votes.
    """
    counts = np.asarray(votes, np.int64)
    if drop_single:
        counts = np.where(counts == 1, 0, counts)
    emotions = counts[:, : len(FERPLUS_EMOTIONS)]
    return np.where(2 * emotions.max(axis=1, initial=0) > counts.sum(axis=1), emotions.argmax(axis=1), -1)
