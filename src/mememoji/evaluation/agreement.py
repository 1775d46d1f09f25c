"""Agreement between predicted emotion distributions and the votes of FER+'s ten annotators.

The votes for an image become a distribution by leaving out "unknown" and "not a face" and normalizing the rest to sum
1; an image without a vote for any emotion is left out. Three baselines accompany every metric, computed from the votes
of the same images: the class prior (predict the mean distribution for every image), a human panel (half of the
annotators against the other half), and the sampling ceiling (the true distribution against ten votes drawn from it,
which is the best measurable score).
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mememoji.emotions import FERPLUS_EMOTIONS, FERPLUS_VOTES, VOTES_TO_SIX
from mememoji.types import BoolArray, Float32Array, Float64Array, Int64Array, UInt8Array

VOTES_TO_EIGHT: Final = np.eye(len(FERPLUS_VOTES), len(FERPLUS_EMOTIONS), dtype=np.float32)
"""(10, 8) float32: FER+'s eight emotions, without "unknown" and "NF"."""

NUM_PANEL_SPLITS: Final = 10
"""The number of random splits of the annotators. On 3,589 images it keeps the panel's scores within 0.001."""


def compute_emotion_distributions(rows: npt.NDArray[Any], matrix: Float32Array) -> Float64Array:
    """Convert votes or probabilities (N, 10) to distributions (N, C) over the emotions of `matrix`.

    Args:
        rows: Counts or probabilities in the order of `FERPLUS_VOTES`.
        matrix: (10, C) float32, `VOTES_TO_EIGHT` or `VOTES_TO_SIX`.

    Returns:
        (N, C) float64, rows sum to 1. A row without any weight on these emotions becomes uniform;
        `has_emotion_votes` identifies such rows.
    """
    mapped = np.asarray(rows, np.float64) @ matrix  # (N, 10) @ (10, C)
    totals = mapped.sum(axis=1, keepdims=True)
    uniform = np.full_like(mapped, 1 / matrix.shape[1])
    return np.asarray(np.divide(mapped, totals, out=uniform, where=totals > 0))


def has_emotion_votes(votes: npt.NDArray[Any]) -> BoolArray:
    """Return (N,) bool: whether at least one of an image's votes (N, 10) is for an emotion."""
    return np.asarray(votes[:, : len(FERPLUS_EMOTIONS)].sum(axis=1) > 0)


def total_variation(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> Float64Array:
    """Compute the (N,) total variation distance of (N, C) distributions: 0 for equal rows, 1 for disjoint ones."""
    return np.asarray(np.abs(first - second).sum(axis=1) / 2, np.float64)


def cosine_similarity(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> Float64Array:
    """Compute the (N,) cosine similarity of (N, C) distributions: 1 for the same direction, 0 for disjoint rows."""
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return np.asarray((first * second).sum(axis=1) / lengths, np.float64)


def jensen_shannon(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> Float64Array:
    """Compute the (N,) Jensen-Shannon divergence of (N, C) distributions in nats: 0 for equal rows, ln 2 at most.

    Lin (1991), "Divergence measures based on the Shannon entropy". This is the divergence, not its square root.
    """
    mean = (first + second) / 2
    return (_kl_divergence(first, mean) + _kl_divergence(second, mean)) / 2


def _kl_divergence(of: npt.NDArray[Any], to: npt.NDArray[Any]) -> Float64Array:
    ratio = np.divide(of, to, out=np.ones_like(to, np.float64), where=of > 0)
    return np.asarray((of * np.log(ratio)).sum(axis=1), np.float64)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of two sets of distributions: means over the images, NaN without images.

    Attributes:
        images: The number of images.
        total_variation: 0..1, lower is closer.
        cosine: Cosine similarity, 0..1, higher is closer.
        jensen_shannon: 0..0.693 nats, lower is closer.
    """

    images: int
    total_variation: float
    cosine: float
    jensen_shannon: float


def measure_agreement(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> Agreement:
    """Compare two (N, C) sets of distributions image by image.

    Raises:
        ValueError: The shapes differ.
    """
    if first.shape != second.shape:
        raise ValueError(f"both sets must have the same shape, got {first.shape} and {second.shape}")
    if not len(first):
        return Agreement(0, float("nan"), float("nan"), float("nan"))
    means = (float(metric(first, second).mean()) for metric in (total_variation, cosine_similarity, jensen_shannon))
    return Agreement(len(first), *means)


def score_class_prior(votes: npt.NDArray[Any], matrix: Float32Array) -> Agreement:
    """Score the mean distribution of these images, votes (N, 10), as the prediction for each of them."""
    true = compute_emotion_distributions(votes[has_emotion_votes(votes)], matrix)
    mean = true.mean(axis=0, keepdims=True) if len(true) else true
    return measure_agreement(np.broadcast_to(mean, true.shape), true)


def split_annotators(votes: npt.NDArray[Any], rng: np.random.Generator) -> tuple[Int64Array, Int64Array]:
    """Split each image's votes (N, 10) at random into two halves of its annotators.

    Returns:
        Two (N, 10) int64 arrays that sum to `votes`. With an odd number of votes the second half has one more.
    """
    remaining = np.asarray(votes, np.int64).copy()
    drawn = np.zeros_like(remaining)
    to_draw = remaining.sum(axis=1) // 2
    # Draw without replacement, column by column: given the number of votes still to draw and the votes that remain,
    # the number drawn from a column is hypergeometric.
    for column in range(remaining.shape[1]):
        others = remaining[:, column + 1 :].sum(axis=1)
        drawn[:, column] = rng.hypergeometric(remaining[:, column], others, to_draw)
        to_draw -= drawn[:, column]
    return drawn, remaining - drawn


def score_human_panel(votes: npt.NDArray[Any], matrix: Float32Array, *, seed: int = 0) -> Agreement:
    """Score half of the ten annotators against the other half, over `NUM_PANEL_SPLITS` random splits of (N, 10).

    All ten votes are split, including "unknown" and "NF", since a panel member may give these too. An image counts in
    the splits in which both halves have a vote for an emotion; `images` is their mean number.

    Over FER+'s eight emotions, total variation, cosine similarity and Jensen-Shannon divergence are 0.213, 0.891 and
    0.093 on FER2013's val images and 0.235, 0.878 and 0.102 on its train images. Annotators agree on some splits more
    than on others, so compare a score only with the panel's score on the same images.
    """
    rng = np.random.default_rng(seed)
    halves = [split_annotators(votes, rng) for _ in range(NUM_PANEL_SPLITS)]
    first = np.concatenate([half for half, _ in halves])
    second = np.concatenate([half for _, half in halves])
    both = has_emotion_votes(first) & has_emotion_votes(second)
    found = measure_agreement(
        compute_emotion_distributions(first[both], matrix), compute_emotion_distributions(second[both], matrix)
    )
    images = round(found.images / NUM_PANEL_SPLITS)
    return Agreement(images, found.total_variation, found.cosine, found.jensen_shannon)


def score_sampling_ceiling(votes: npt.NDArray[Any], matrix: Float32Array, *, seed: int = 0) -> Agreement:
    """Score the true distributions of votes (N, 10) against as many votes drawn from them.

    The result is worse than a perfect score because ten votes are a sample; no prediction can be measured as better.
    """
    named = votes[has_emotion_votes(votes)]
    true = compute_emotion_distributions(named, matrix)
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial((named @ matrix).sum(axis=1).astype(np.int64), true)  # (N, C)
    return measure_agreement(true, drawn / np.maximum(drawn.sum(axis=1, keepdims=True), 1))


@dataclass(frozen=True, slots=True)
class Baselines:
    """Baseline scores against the same votes over one set of emotions."""

    class_prior: Agreement
    human_panel: Agreement
    sampling_ceiling: Agreement


def compute_baselines(votes: UInt8Array, *, seed: int = 0) -> dict[str, Baselines]:
    """Compute the baselines over FER+'s eight emotions ("eight") and over the six ("six") from votes (N, 10)."""
    return {
        name: Baselines(
            score_class_prior(votes, matrix),
            score_human_panel(votes, matrix, seed=seed),
            score_sampling_ceiling(votes, matrix, seed=seed),
        )
        for name, matrix in (("eight", VOTES_TO_EIGHT), ("six", VOTES_TO_SIX))
    }


def find_majority_emotion(votes: npt.NDArray[Any], *, drop_single: bool = False) -> Int64Array:
    """Return the emotion with more than half of an image's votes.

    Args:
        votes: (N, 10) counts in the order of `FERPLUS_VOTES`.
        drop_single: Whether single votes are first dropped as outliers, as in FER+'s own processing (Barsoum et al.
            2016, "Training deep networks for facial expression recognition with crowd-sourced label distribution").
            Majority accuracies in the literature are measured on the images that remain under this rule.

    Returns:
        (N,) int64 indices into `FERPLUS_EMOTIONS`; -1 where no emotion has more than half of the votes, "unknown" and
        "NF" included.
    """
    counts = np.asarray(votes, np.int64)
    if drop_single:
        counts = np.where(counts == 1, 0, counts)
    emotions = counts[:, : len(FERPLUS_EMOTIONS)]
    return np.where(2 * emotions.max(axis=1, initial=0) > counts.sum(axis=1), emotions.argmax(axis=1), -1)
