"""Calibration: temperature scaling with a probability floor for each head.

Guo et al. (2017), "On calibration of modern neural networks", divide the logits by one temperature. A network trained
with label smoothing needs one more parameter: smoothing by s over C classes trains it to give every class at least
s / C, which no temperature removes, and a network may be overconfident on ambiguous images and underconfident on clear
ones. So the floor is subtracted from each probability after the temperature, and the rest is normalized to sum 1.
Neither changes the order of the classes.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mememoji.classification.face_classifier import Prediction
from mememoji.datasets.splits import Split
from mememoji.emotions import FER2013_LABELS
from mememoji.errors import DatasetError
from mememoji.evaluation.reliability import compute_reliability
from mememoji.types import Float64Array

MIN_PROB: Final = 1e-4
"""The minimum probability of a class before normalization: no class becomes impossible."""

NUM_FOLDS: Final = 5

_MAX_FLOOR: Final = 0.5
"""The highest floor tried, as a fraction of a uniform probability: above it even the top class might be clipped."""


@dataclass(frozen=True, slots=True)
class CalibrationParams:
    """The calibration parameters of a head.

    Attributes:
        temperature: The divisor of the logits.
        prob_floor: The probability subtracted from each class after the temperature is applied.

    Raises:
        ValueError: The temperature is not positive, or the floor is negative.
    """

    temperature: float = 1.0
    prob_floor: float = 0.0

    def __post_init__(self) -> None:
        if self.temperature <= 0 or self.prob_floor < 0:
            raise ValueError(f"temperature must be positive and prob_floor at least 0, got {self}")

    def apply(self, probabilities: npt.NDArray[Any]) -> Float64Array:
        """Calibrate probabilities (N, C); rows sum to 1 before and after."""
        powers = np.maximum(np.asarray(probabilities, np.float64), 1e-30) ** (1 / self.temperature)
        scaled = powers / powers.sum(axis=1, keepdims=True)
        lowered = np.maximum(scaled - self.prob_floor, MIN_PROB)
        return np.asarray(lowered / lowered.sum(axis=1, keepdims=True))


@dataclass(frozen=True, slots=True)
class HeadCalibration:
    """The calibration of one head, and its expected calibration errors (0..1).

    Attributes:
        params: The parameters, fitted on all images.
        before: The error without calibration.
        cross_fitted: The error where each fold is calibrated with parameters fitted on the other folds: the estimate
            for new images.
        after: The error with `params` on the images that they were fitted on.
    """

    params: CalibrationParams
    before: float
    cross_fitted: float
    after: float


def calibrate(
    prediction: Prediction, split: Split, *, num_folds: int = NUM_FOLDS, seed: int = 0
) -> dict[str, HeadCalibration]:
    """Fit calibration parameters for each head for which the split has labels.

    Args:
        prediction: The uncalibrated predictions for the split's images, in their order.
        split: Images that the network was not trained on.
        num_folds: The number of folds for cross-fitting.
        seed: The seed of the assignment to folds.

    Raises:
        DatasetError: The split has too few images.
    """
    if len(split) < 2 * num_folds:
        raise DatasetError(f"calibration on {num_folds} folds needs at least {2 * num_folds} images, got {len(split)}")
    heads = {}
    if prediction.labels is not None:
        truth = np.eye(len(FER2013_LABELS))[split.labels.astype(np.int64)]
        heads["labels"] = _calibrate_head(prediction.labels, truth, num_folds, seed)
    if prediction.votes is not None and split.votes is not None:
        has_votes = split.votes.sum(axis=1) > 0
        if has_votes.sum() >= 2 * num_folds:
            votes = split.votes[has_votes].astype(np.float64)
            truth = votes / votes.sum(axis=1, keepdims=True)
            heads["votes"] = _calibrate_head(prediction.votes[has_votes], truth, num_folds, seed)
    return heads


def fit_calibration(probabilities: npt.NDArray[Any], truth: Float64Array) -> CalibrationParams:
    """Fit the parameters that minimize the cross-entropy.

    Args:
        probabilities: (N, C), rows sum to 1.
        truth: (N, C) target distributions.
    """
    max_floor = _MAX_FLOOR / truth.shape[1]
    low, high = np.array([np.log(0.2), 0.0]), np.array([np.log(5.0), max_floor])
    # The loss is smooth with two parameters: a grid search that shrinks each round needs no derivatives.
    center, reach = (low + high) / 2, (high - low) / 2
    steps = np.linspace(-1, 1, 5)
    for _ in range(14):
        grid = np.array([center + reach * (x, y) for x in steps for y in steps]).clip(low, high)
        losses = [_cross_entropy(CalibrationParams(float(np.exp(t)), float(f)), probabilities, truth) for t, f in grid]
        center, reach = grid[int(np.argmin(losses))], reach * 0.6
    return CalibrationParams(float(np.exp(center[0])), float(center[1]))


def _cross_entropy(params: CalibrationParams, probabilities: npt.NDArray[Any], truth: Float64Array) -> float:
    return float(-(truth * np.log(params.apply(probabilities))).sum(axis=1).mean())


def _calibrate_head(probabilities: npt.NDArray[Any], truth: Float64Array, num_folds: int, seed: int) -> HeadCalibration:
    params = fit_calibration(probabilities, truth)
    fold = np.random.default_rng(seed).permutation(len(truth)) % num_folds
    cross_fitted = np.empty_like(truth)
    for index in range(num_folds):
        own = fold == index
        cross_fitted[own] = fit_calibration(probabilities[~own], truth[~own]).apply(probabilities[own])
    after = params.apply(probabilities)
    return HeadCalibration(
        params, *(_compute_calibration_error(rows, truth) for rows in (probabilities, cross_fitted, after))
    )


def _compute_calibration_error(probabilities: npt.NDArray[Any], truth: Float64Array) -> float:
    correct = truth[np.arange(len(truth)), probabilities.argmax(axis=1)]
    return compute_reliability(probabilities.max(axis=1), correct).expected_calibration_error
