"""Classification metrics of predicted classes against true ones, in plain numpy.

All counting metrics derive from one confusion matrix, so they cannot contradict each other. A metric without data (the
recall of a class without images, anything of an empty set) is NaN rather than 0.

Counts are (C, C), rows true and columns predicted; or (C, C + 1), where the last column counts images without a
prediction. Such an image lowers accuracy, recall and F1, but no precision.
"""

from dataclasses import dataclass
from math import comb, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from mememoji.types import BoolArray, Float64Array, Int64Array


def confusion_matrix(truth: npt.NDArray[Any], predicted: npt.NDArray[Any], num_classes: int) -> Int64Array:
    """Count how often each class was predicted as each class.

    Args:
        truth: (N,) class indices in 0..num_classes-1.
        predicted: (N,) class indices in the same range.
        num_classes: The number of classes, whether or not they occur.

    Returns:
        (num_classes, num_classes) int64; rows are true, columns predicted.

    Raises:
        ValueError: The shapes differ, or an index is out of range.
    """
    truth, predicted = np.asarray(truth, np.int64), np.asarray(predicted, np.int64)
    if truth.ndim != 1 or truth.shape != predicted.shape:
        raise ValueError(f"truth and predicted must both be (N,), got {truth.shape} and {predicted.shape}")
    if truth.size and not 0 <= min(truth.min(), predicted.min()) <= max(truth.max(), predicted.max()) < num_classes:
        raise ValueError(f"class indices must be in 0..{num_classes - 1}, got {truth.min()}..{truth.max()} as truth")
    return np.bincount(truth * num_classes + predicted, minlength=num_classes**2).reshape(num_classes, num_classes)


def accuracy(counts: Int64Array) -> float:
    """Compute the fraction of images on the diagonal, 0..1; NaN without images."""
    return float(_divide(np.trace(counts), counts.sum()))


def standard_error(fraction: float, num_images: int) -> float:
    """Compute the binomial standard error of a fraction measured on a number of images; NaN without images."""
    return sqrt(fraction * (1 - fraction) / num_images) if num_images else float("nan")


def recall(counts: Int64Array) -> Float64Array:
    """Compute (C,) recall: the fraction of a class's images predicted as it; NaN for a class without images."""
    return _divide(np.diagonal(counts), counts.sum(axis=1))


def precision(counts: Int64Array) -> Float64Array:
    """Compute (C,) precision: the fraction of predictions of a class that are correct; NaN if never predicted."""
    return _divide(np.diagonal(counts), _count_predicted(counts))


def f1(counts: Int64Array) -> Float64Array:
    """Compute (C,) F1, the harmonic mean of precision and recall; NaN for a class neither present nor predicted."""
    return _divide(2 * np.diagonal(counts), _count_predicted(counts) + counts.sum(axis=1))


def balanced_accuracy(counts: Int64Array) -> float:
    """Compute the mean recall of the classes that have images."""
    return _mean_of_measured(recall(counts))


def macro_f1(counts: Int64Array) -> float:
    """Compute the mean F1 of the classes that are present or predicted."""
    return _mean_of_measured(f1(counts))


def true_class_rank(probabilities: npt.NDArray[Any], truth: npt.NDArray[Any]) -> Int64Array:
    """Return the rank of the true class among the scores: 0 for the highest, 1 for the second highest, and so on.

    Args:
        probabilities: (N, C) scores, higher for more likely classes. Among equal scores the earlier class ranks first.
        truth: (N,) class indices.

    Returns:
        (N,) int64 in 0..C-1.
    """
    probabilities, truth = np.asarray(probabilities), np.asarray(truth, np.int64)
    own = probabilities[np.arange(len(truth)), truth][:, None]  # (N, 1)
    is_earlier = np.arange(probabilities.shape[1])[None, :] < truth[:, None]  # (N, C)
    is_ahead = (probabilities > own) | ((probabilities == own) & is_earlier)
    return np.asarray(is_ahead.sum(axis=1), np.int64)


def top_k_accuracy(
    probabilities: npt.NDArray[Any], truth: npt.NDArray[Any], k: int, *, num_unpredicted: int = 0
) -> float:
    """Compute the fraction of images whose true class is among the k highest scores, 0..1; NaN without images.

    Args:
        probabilities: (N, C) scores.
        truth: (N,) class indices.
        k: The number of highest scores that count as correct.
        num_unpredicted: The number of further images without a prediction, which count as errors.
    """
    hits = int((true_class_rank(probabilities, truth) < k).sum())
    return float(_divide(hits, len(truth) + num_unpredicted))


@dataclass(frozen=True, slots=True)
class McNemar:
    """A paired comparison of two sets of predictions on the same images.

    Attributes:
        only_first: The number of images that only the first predicts correctly.
        only_second: The number of images that only the second predicts correctly.
        p_value: The probability of a difference at least this large if neither is better, 0..1.
    """

    only_first: int
    only_second: int
    p_value: float


def mcnemar(first_correct: BoolArray, second_correct: BoolArray) -> McNemar:
    """Run McNemar's test, exact and two-sided: a binomial test on the images on which the two differ.

    McNemar (1947), "Note on the sampling error of the difference between correlated proportions or percentages".

    Args:
        first_correct: (N,) bool, the images that the first predicts correctly.
        second_correct: (N,) bool, the same for the second, image by image.

    Raises:
        ValueError: The shapes differ.
    """
    if first_correct.shape != second_correct.shape:
        raise ValueError(f"both must cover the same images, got {first_correct.shape} and {second_correct.shape}")
    only_first = int((first_correct & ~second_correct).sum())
    only_second = int((second_correct & ~first_correct).sum())
    differing = only_first + only_second
    # Integers up to the last step: from 1,024 images on, the powers of two exceed the range of a float.
    tail = sum(comb(differing, k) for k in range(min(only_first, only_second) + 1))
    return McNemar(only_first, only_second, min(1.0, 2 * tail / 2**differing))


def _count_predicted(counts: Int64Array) -> Int64Array:
    """Return (C,) how often each class was predicted."""
    return np.asarray(counts.sum(axis=0)[: len(counts)])


def _divide(numerator: Any, denominator: Any) -> Float64Array:
    numerator, denominator = np.asarray(numerator, np.float64), np.asarray(denominator, np.float64)
    undefined = np.full(denominator.shape, np.nan)
    return np.asarray(np.divide(numerator, denominator, out=undefined, where=denominator > 0))


def _mean_of_measured(values: Float64Array) -> float:
    measured = values[~np.isnan(values)]
    return float(measured.mean()) if measured.size else float("nan")
