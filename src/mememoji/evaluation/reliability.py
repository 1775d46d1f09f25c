"""Whether a classifier is as often right as it is sure: reliability and expected calibration error.

Guo et al. (2017), "On calibration of modern neural networks": images are put into bins of equal width by the
confidence of their first choice, and in each bin the mean confidence is held against how often the choice was right.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

BINS: Final = 15


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The images whose confidence lies in (low, high]; the first bin takes 0 as well.

    `confidence` and `accuracy` are the bin's means, 0..1; None in an empty bin.
    """

    low: float
    high: float
    pictures: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class Reliability:
    """Bins in rising order and the expected calibration error, 0..1; NaN where there are no images."""

    expected_calibration_error: float
    bins: tuple[ReliabilityBin, ...]

    @property
    def pictures(self) -> int:
        return sum(bin_.pictures for bin_ in self.bins)


def reliability(confidence: npt.NDArray[Any], right: npt.NDArray[Any], bins: int = BINS) -> Reliability:
    """Hold confidence against being right.

    Args:
        confidence: (N,) of each first choice, 0..1.
        right: (N,) bool, or the chance in 0..1 that the choice is right where the truth is itself a distribution.
        bins: how many of equal width.

    Raises:
        ValueError: the two differ in shape, or a confidence lies outside 0..1.
    """
    confidence, right = np.asarray(confidence, np.float64), np.asarray(right, np.float64)
    if confidence.ndim != 1 or confidence.shape != right.shape:
        raise ValueError(f"confidence and right must be (N,) both, got {confidence.shape} and {right.shape}")
    # Softmax in float32 may end a rounding error above 1.
    if confidence.size and not 0 <= confidence.min() <= confidence.max() <= 1 + 1e-5:
        raise ValueError(f"confidence lies in 0..1, got {confidence.min()}..{confidence.max()}")
    where = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    counted = np.bincount(where, minlength=bins)
    sure = np.bincount(where, weights=confidence, minlength=bins)
    hit = np.bincount(where, weights=right, minlength=bins)
    error = float(np.abs(sure - hit).sum() / len(confidence)) if len(confidence) else float("nan")
    return Reliability(
        error,
        tuple(
            ReliabilityBin(
                low=k / bins,
                high=(k + 1) / bins,
                pictures=int(counted[k]),
                confidence=float(sure[k] / counted[k]) if counted[k] else None,
                accuracy=float(hit[k] / counted[k]) if counted[k] else None,
            )
            for k in range(bins)
        ),
    )
