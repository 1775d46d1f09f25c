"""Paired comparison of two detectors on the same labeled faces."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mememoji.datasets.detection_images import Photograph
from mememoji.evaluation.detection.detection_metrics import HEIGHTS, IOUS, Judged, matchings
from mememoji.evaluation.detection.matching import curve
from mememoji.evaluation.metrics import mcnemar

PAIRED_AT: Final = {">=16": 0.985, ">=32": 0.99}
"""By face height, the precision at which two detectors are compared, as `HEIGHTS` names the heights."""


def faces_found(
    judged: Judged, photographs: Sequence[Photograph], threshold: float, *, heights: str
) -> npt.NDArray[np.bool_]:
    """Return which labeled faces of a height a detector finds at a threshold.

    Args:
        judged: the detector's detections, from `look`.
        images: the images that it was given.
        threshold: 0..1, the lowest score that counts.
        heights: a key of `HEIGHTS`.

    Returns:
        (F,) bool, image after image in the order of their faces; equal orders for all detectors.
    """
    low, high = HEIGHTS[heights]
    found = [np.zeros(0, bool)]
    for one in matchings(judged, photographs, iou=IOUS[0]):
        matched = np.zeros(len(one.face_heights), bool)
        matched[one.face[(one.face >= 0) & (one.scores >= threshold)]] = True
        found.append(matched[(one.face_heights >= low) & (one.face_heights < high)])
    return np.concatenate(found)


def compare_pair(first: Judged, second: Judged, photographs: Sequence[Photograph]) -> dict[str, Any]:
    """Test whether one of two detectors finds more faces than the other at one precision.

    Each detector gets the threshold at which it finds most at a precision of `PAIRED_AT` or better on these images.

    Returns:
        By height: `precision`, `recall` of both, `only_first` and `only_second`, the numbers of faces that one alone
        finds, and `p` of McNemar's exact two-sided test.
    """
    compared: dict[str, Any] = {}
    for heights, precision in PAIRED_AT.items():
        low, high = HEIGHTS[heights]
        found = []
        for one in (first, second):
            drawn = curve(matchings(one, photographs, iou=IOUS[0]), least=low, below=high)
            _, threshold = drawn.at_precision(precision)
            found.append(faces_found(one, photographs, threshold, heights=heights))
        test = mcnemar(*found)
        compared[heights] = {
            "precision": precision,
            "recall": [float(faces.mean()) if len(faces) else 0.0 for faces in found],
            "only_first": test.only_first,
            "only_second": test.only_second,
            "p": test.p_value,
        }
    return compared
