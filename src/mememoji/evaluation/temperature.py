"""One temperature for each head, and a floor: what makes a classifier as sure as it is right.

Guo et al. (2017), "On calibration of modern neural networks", divide the logits by one number. A network that was
taught with smoothed labels needs one more: smoothing by s over C classes teaches it to answer every class with at
least s / C, which no temperature takes back, and a network may be too sure of middling and not sure enough of clear
images at once. So the floor is taken off each probability after the temperature, and the rest brought to sum 1.
Both leave the order of the classes as it was.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mememoji.classification.onnx_classifier import Prediction
from mememoji.datasets.splits import Split
from mememoji.emotions import FER2013_LABELS
from mememoji.errors import DatasetError
from mememoji.evaluation.reliability import reliability

LEAST: Final = 1e-4
"""What a probability keeps where the floor would take all of it; a class is never said to be impossible."""

FOLDS: Final = 5

_FLOORS: Final = 0.5
"""The highest floor tried, in parts of an even share: beyond it the first choice itself might be cut."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scaling:
    """A head's temperature, which divides its logits, and the floor, which is taken off its probabilities.

    Raises:
        ValueError: the temperature is not positive, or the floor negative.
    """

    temperature: float = 1.0
    floor: float = 0.0

    def __post_init__(self) -> None:
        if self.temperature <= 0 or self.floor < 0:
            raise ValueError(f"a temperature is positive and a floor not negative, got {self}")

    def apply(self, probabilities: npt.NDArray[Any]) -> Floats:
        """(N, C) probabilities, rows sum to 1, to calibrated ones."""
        powers = np.maximum(np.asarray(probabilities, np.float64), 1e-30) ** (1 / self.temperature)
        shares = powers / powers.sum(axis=1, keepdims=True)
        lowered = np.maximum(shares - self.floor, LEAST)
        return np.asarray(lowered / lowered.sum(axis=1, keepdims=True))


@dataclass(frozen=True, slots=True)
class HeadCalibration:
    """How a head was calibrated.

    Attributes:
        scaling: fitted on all images; what ships.
        before: the expected calibration error without it, 0..1.
        cross_fitted: the same with scalings that were each fitted on other images than those it is measured on: what
            to expect on new images.
        after: the same with `scaling`, on the images that it was fitted on.
    """

    scaling: Scaling
    before: float
    cross_fitted: float
    after: float


def calibrate(prediction: Prediction, split: Split, *, folds: int = FOLDS, seed: int = 0) -> dict[str, HeadCalibration]:
    """Fit a scaling for each head that the split has answers for.

    Args:
        prediction: uncalibrated, of the split's images in their order.
        split: held out from the training.
        folds: parts for cross-fitting.
        seed: deals the images out.

    Raises:
        DatasetError: fewer images than folds.
    """
    if len(split) < 2 * folds:
        raise DatasetError(f"calibrating on {folds} folds needs {2 * folds} images or more, got {len(split)}")
    found = {}
    if prediction.labels is not None:
        truth = np.eye(len(FER2013_LABELS))[split.labels.astype(np.int64)]
        found["labels"] = _calibrate_head(prediction.labels, truth, folds, seed)
    if prediction.votes is not None and split.votes is not None:
        voted = split.votes.sum(axis=1) > 0
        if voted.sum() >= 2 * folds:
            votes = split.votes[voted].astype(np.float64)
            truth = votes / votes.sum(axis=1, keepdims=True)
            found["votes"] = _calibrate_head(prediction.votes[voted], truth, folds, seed)
    return found


def fit(probabilities: npt.NDArray[Any], truth: Floats) -> Scaling:
    """The scaling of least cross-entropy.

    Args:
        probabilities: (N, C), rows sum to 1.
        truth: (N, C) distributions: which answers are right, and to what part.
    """
    ceiling = _FLOORS / truth.shape[1]
    low, high = np.array([np.log(0.2), 0.0]), np.array([np.log(5.0), ceiling])
    # The loss is smooth and has two parameters: a grid that closes in by half each time needs no derivatives.
    middle, reach = (low + high) / 2, (high - low) / 2
    steps = np.linspace(-1, 1, 5)
    for _ in range(14):
        grid = np.array([middle + reach * (x, y) for x in steps for y in steps]).clip(low, high)
        losses = [_loss(Scaling(float(np.exp(t)), float(f)), probabilities, truth) for t, f in grid]
        middle, reach = grid[int(np.argmin(losses))], reach * 0.6
    return Scaling(float(np.exp(middle[0])), float(middle[1]))


def _loss(scaling: Scaling, probabilities: npt.NDArray[Any], truth: Floats) -> float:
    return float(-(truth * np.log(scaling.apply(probabilities))).sum(axis=1).mean())


def _calibrate_head(probabilities: npt.NDArray[Any], truth: Floats, folds: int, seed: int) -> HeadCalibration:
    scaling = fit(probabilities, truth)
    fold = np.random.default_rng(seed).permutation(len(truth)) % folds
    crossed = np.empty_like(truth)
    for number in range(folds):
        own = fold == number
        crossed[own] = fit(probabilities[~own], truth[~own]).apply(probabilities[own])
    after = scaling.apply(probabilities)
    return HeadCalibration(scaling, *(_error(answers, truth) for answers in (probabilities, crossed, after)))


def _error(probabilities: npt.NDArray[Any], truth: Floats) -> float:
    right = truth[np.arange(len(truth)), probabilities.argmax(axis=1)]
    return reliability(probabilities.max(axis=1), right).expected_calibration_error
