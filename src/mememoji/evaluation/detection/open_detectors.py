"""Detectors made to be measured: they answer far below the threshold that they are used at."""

from pathlib import Path
from typing import Final

from mememoji.detection.compact import CompactDetector
from mememoji.detection.face_detector import FaceDetector
from mememoji.detection.haar import MIN_WEIGHT, HaarDetector, confidence_of
from mememoji.detection.registry import kind_of
from mememoji.detection.yunet import SCORE_THRESHOLD, YuNetDetector
from mememoji.errors import InputError

_LEAST_SCORE: Final = 0.02
# OpenCV's suppression takes minutes over thousands of answers, and YuNet's below this are noise.
_LEAST_YUNET: Final = 0.1


def open_detector(name: str, weights: Path | None = None) -> tuple[FaceDetector, float]:
    """A detector with its threshold taken off, and that threshold.

    Args:
        name: of a kind of detector.
        weights: its file; None takes the one that ships or was fetched.

    Raises:
        InputError: an unknown name, or weights for a detector that has none.
        ModelError: the weights are missing or damaged.
    """
    kind = kind_of(name)
    if name == "compact":
        usual = CompactDetector(weights, threads=1).score_threshold
        return CompactDetector(weights, score_threshold=_LEAST_SCORE, threads=1), usual
    if name == "yunet":
        assert kind.weights is not None
        path = kind.weights.checked() if weights is None else weights
        return YuNetDetector(path, score_threshold=_LEAST_YUNET), SCORE_THRESHOLD
    if weights is not None:
        raise InputError(f"the detector {name!r} has no weights file, got {weights}")
    if name == "haar":
        return HaarDetector(min_weight=float("-inf")), confidence_of(MIN_WEIGHT)
    return kind.make(), 0.0
