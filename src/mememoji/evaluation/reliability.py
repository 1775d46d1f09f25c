"""Reliability diagrams and the expected calibration error (ECE).

Guo et al. (2017), "On calibration of modern neural networks": predictions are binned by confidence into bins of equal
width, and each bin's mean confidence is compared with its accuracy.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

NUM_BINS: Final = 15


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The predictions with a confidence in (low, high]; the first bin includes 0.

    `confidence` and `accuracy` are the bin's means, 0..1; None in an empty bin.
    """

    low: float
    high: float
    images: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class Reliability:
    """The bins in ascending order and the expected calibration error, 0..1; NaN without images."""

    expected_calibration_error: float
    bins: tuple[ReliabilityBin, ...]

    @property
    def images(self) -> int:
        """The number of images in all bins."""
        return sum(bin_.images for bin_ in self.bins)


def compute_reliability(
    confidence: npt.NDArray[Any], correct: npt.NDArray[Any], num_bins: int = NUM_BINS
) -> Reliability:
    """Compare confidence with accuracy.

    Args:
        confidence: (N,) probabilities of the predicted classes, 0..1.
        correct: (N,) bool, or the probability in 0..1 that a prediction is correct where the truth is a distribution.
        num_bins: The number of bins of equal width.

    Raises:
        ValueError: The shapes differ, or a confidence is outside 0..1.
    """
    confidence, correct = np.asarray(confidence, np.float64), np.asarray(correct, np.float64)
    if confidence.ndim != 1 or confidence.shape != correct.shape:
        raise ValueError(f"confidence and correct must both be (N,), got {confidence.shape} and {correct.shape}")
    # A float32 softmax may exceed 1 by a rounding error.
    if confidence.size and not 0 <= confidence.min() <= confidence.max() <= 1 + 1e-5:
        raise ValueError(f"confidence must be in 0..1, got {confidence.min()}..{confidence.max()}")
    indices = np.clip(np.ceil(confidence * num_bins).astype(np.int64) - 1, 0, num_bins - 1)
    counts = np.bincount(indices, minlength=num_bins)
    confidence_sums = np.bincount(indices, weights=confidence, minlength=num_bins)
    correct_sums = np.bincount(indices, weights=correct, minlength=num_bins)
    gaps = np.abs(confidence_sums - correct_sums)
    error = float(gaps.sum() / len(confidence)) if len(confidence) else float("nan")
    return Reliability(
        error,
        tuple(
            ReliabilityBin(
                low=k / num_bins,
                high=(k + 1) / num_bins,
                images=int(counts[k]),
                confidence=float(confidence_sums[k] / counts[k]) if counts[k] else None,
                accuracy=float(correct_sums[k] / counts[k]) if counts[k] else None,
            )
            for k in range(num_bins)
        ),
    )
