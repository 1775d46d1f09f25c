"""Paired comparison of two detectors on the same labeled faces."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from mememoji.datasets.detection_images import DetectionSample
from mememoji.evaluation.detection.detection_metrics import FACE_SIZES, IOU_THRESHOLDS, match_all
from mememoji.evaluation.detection.detector_predictions import DetectorPredictions
from mememoji.evaluation.detection.matching import precision_recall_curve
from mememoji.evaluation.metrics import mcnemar
from mememoji.types import BoolArray

COMPARISON_PRECISIONS: Final = {">=16": 0.985, ">=32": 0.99}
"""Precision at which two detectors are compared, by a key of `FACE_SIZES`."""


def is_detected(
    predictions: DetectorPredictions, samples: Sequence[DetectionSample], threshold: float, *, face_size: str
) -> BoolArray:
    """Return which labeled faces of a size are detected at a threshold.

    Args:
        predictions: Detector's predictions from `run_detector`.
        samples: Images that the detector processed.
        threshold: Score threshold, 0..1.
        face_size: Key of `FACE_SIZES`.

    Returns:
        Values (F,) bool, image by image in the order of their faces, which is the same for all detectors.
    """
    low, high = FACE_SIZES[face_size]
    detected = [np.zeros(0, bool)]
    for matching in match_all(predictions, samples, iou_threshold=IOU_THRESHOLDS[0]):
        matched = np.zeros(len(matching.face_sizes), bool)
        matched[matching.face[(matching.face >= 0) & (matching.scores >= threshold)]] = True
        detected.append(matched[(matching.face_sizes >= low) & (matching.face_sizes < high)])
    return np.concatenate(detected)


def compare_detectors(
    first: DetectorPredictions, second: DetectorPredictions, samples: Sequence[DetectionSample]
) -> dict[str, Any]:
    """Test whether one of two detectors finds more faces than the other at the same precision.

    Each detector is used at the threshold with its highest recall at a precision of `COMPARISON_PRECISIONS` or better.

    Returns:
        By face size: `precision`, `recall` of both, `only_first` and `only_second`, the numbers of faces that only one
        of them detects, and `p` of McNemar's exact two-sided test.
    """
    compared: dict[str, Any] = {}
    for face_size, precision in COMPARISON_PRECISIONS.items():
        low, high = FACE_SIZES[face_size]
        detected = []
        for predictions in (first, second):
            matchings = match_all(predictions, samples, iou_threshold=IOU_THRESHOLDS[0])
            curve = precision_recall_curve(matchings, min_size=low, max_size=high)
            _, threshold = curve.recall_at_precision(precision)
            detected.append(is_detected(predictions, samples, threshold, face_size=face_size))
        test = mcnemar(*detected)
        compared[face_size] = {
            "precision": precision,
            "recall": [float(values.mean()) if len(values) else 0.0 for values in detected],
            "only_first": test.only_first,
            "only_second": test.only_second,
            "p": test.p_value,
        }
    return compared
