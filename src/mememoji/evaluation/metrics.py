"""Scores of predicted classes against true ones, in plain numpy.

Everything that can be counted is computed from one confusion matrix, so that no two figures of a report can
disagree. A score that has nothing to be computed from (the recall of a class that no image shows, anything of an
empty set) is NaN rather than 0: it was not measured, which is not the same as measured and bad.

Counts are (C, C), rows the truth and columns the prediction; or (C, C + 1), where the last column counts images without
a prediction. Such an image lowers accuracy, recall and F1, and no precision.
"""

from dataclasses import dataclass
from math import comb, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float64]


def confusion_matrix(truth: npt.NDArray[Any], predicted: npt.NDArray[Any], classes: int) -> Counts:
    """Count how often each class was read as each.

    Args:
        truth: (N,) class numbers in 0..classes-1.
        predicted: (N,) likewise.
        classes: how many classes there are, whether or not they occur.

    Returns:
        (classes, classes) int64; rows are the truth, columns the prediction.

    Raises:
        ValueError: the two differ in shape, or a number is out of range.
    """
    truth, predicted = np.asarray(truth, np.int64), np.asarray(predicted, np.int64)
    if truth.ndim != 1 or truth.shape != predicted.shape:
        raise ValueError(f"truth and predicted must be (N,) both, got {truth.shape} and {predicted.shape}")
    if truth.size and not 0 <= min(truth.min(), predicted.min()) <= max(truth.max(), predicted.max()) < classes:
        raise ValueError(f"class numbers lie in 0..{classes - 1}, got {truth.min()}..{truth.max()} as truth")
    return np.bincount(truth * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def accuracy(counts: Counts) -> float:
    """The share of images on the diagonal, 0..1; NaN where there are none."""
    return float(_quotient(np.trace(counts), counts.sum()))


def standard_error(share: float, pictures: int) -> float:
    """The binomial standard error of a share measured on so many images; NaN where there are none."""
    return sqrt(share * (1 - share) / pictures) if pictures else float("nan")


def recall(counts: Counts) -> Shares:
    """(C,) for each class, the share of its images that were read as it; NaN for a class without images."""
    return _quotient(np.diagonal(counts), counts.sum(axis=1))


def precision(counts: Counts) -> Shares:
    """(C,) for each class, the share of images read as it that are it; NaN for a class that was never read."""
    return _quotient(np.diagonal(counts), _predicted(counts))


def f1(counts: Counts) -> Shares:
    """(C,) harmonic mean of precision and recall; NaN for a class that is neither there nor ever read."""
    return _quotient(2 * np.diagonal(counts), _predicted(counts) + counts.sum(axis=1))


def balanced_accuracy(counts: Counts) -> float:
    """The mean recall of the classes that have images."""
    return _mean_of_measured(recall(counts))


def macro_f1(counts: Counts) -> float:
    """The mean F1 of the classes that are there or were read."""
    return _mean_of_measured(f1(counts))


def choice_of_truth(probabilities: npt.NDArray[Any], truth: npt.NDArray[Any]) -> Counts:
    """Which choice the right answer is: 0 the first, 1 the second, and so on.

    Args:
        probabilities: (N, C), any scores where larger means likelier. Of equal ones the earlier class comes first.
        truth: (N,) class numbers.

    Returns:
        (N,) int64 in 0..C-1.
    """
    probabilities, truth = np.asarray(probabilities), np.asarray(truth, np.int64)
    own = probabilities[np.arange(len(truth)), truth][:, None]  # (N, 1)
    earlier = np.arange(probabilities.shape[1])[None, :] < truth[:, None]  # (N, C)
    ahead = (probabilities > own) | ((probabilities == own) & earlier)
    return np.asarray(ahead.sum(axis=1), np.int64)


def choice_shares(
    probabilities: npt.NDArray[Any], truth: npt.NDArray[Any], choices: int = 3, *, unpredicted: int = 0
) -> Shares:
    """(choices,) how often the right answer is the first, second, third … choice, each 0..1; NaN without images.

    `unpredicted` images count as ones whose right answer is none of the choices.
    """
    counted = np.bincount(choice_of_truth(probabilities, truth), minlength=choices)[:choices]
    return _quotient(counted, np.full(choices, len(truth) + unpredicted))


@dataclass(frozen=True, slots=True)
class McNemar:
    """Two sets of predictions compared on the same images.

    Attributes:
        only_first: how many images the first alone has right.
        only_second: how many the second alone has right.
        p_value: how likely a difference at least this large is if neither is better, 0..1.
    """

    only_first: int
    only_second: int
    p_value: float


def mcnemar(first_right: npt.NDArray[np.bool_], second_right: npt.NDArray[np.bool_]) -> McNemar:
    """McNemar's test, exact and two-sided: a binomial test of the images on which the two differ.

    McNemar (1947), "Note on the sampling error of the difference between correlated proportions or percentages".

    Args:
        first_right: (N,) bool, which images the first has right.
        second_right: (N,) bool, the same images by the second.

    Raises:
        ValueError: the two differ in shape.
    """
    if first_right.shape != second_right.shape:
        raise ValueError(f"both must speak of the same images, got {first_right.shape} and {second_right.shape}")
    only_first = int((first_right & ~second_right).sum())
    only_second = int((second_right & ~first_right).sum())
    differing = only_first + only_second
    # Whole numbers to the last step: the powers of two run past what a float holds from 1,024 images on.
    tail = sum(comb(differing, k) for k in range(min(only_first, only_second) + 1))
    return McNemar(only_first, only_second, min(1.0, 2 * tail / 2**differing))


def _predicted(counts: Counts) -> npt.NDArray[np.int64]:
    """(C,) how often each class was predicted."""
    return np.asarray(counts.sum(axis=0)[: len(counts)])


def _quotient(part: Any, whole: Any) -> Shares:
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    return np.asarray(np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0))


def _mean_of_measured(values: Shares) -> float:
    measured = values[~np.isnan(values)]
    return float(measured.mean()) if measured.size else float("nan")
