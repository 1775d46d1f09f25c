"""Metrics of a face detector: precision and recall by face size, landmark error, false positives."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from mememoji.datasets.detection_images import DetectionSample
from mememoji.evaluation.detection.detector_predictions import Detections, DetectorPredictions
from mememoji.evaluation.detection.matching import (
    Matching,
    PrecisionRecallCurve,
    match_detections,
    precision_recall_curve,
)
from mememoji.types import Float32Array

IOU_THRESHOLDS: Final = (0.4, 0.5)
"""Minimum intersections over unions of a match; metrics are computed at each."""

FACE_SIZES: Final[dict[str, tuple[float, float]]] = {
    "8-16": (8.0, 16.0),
    "16-32": (16.0, 32.0),
    "32-64": (32.0, 64.0),
    "64+": (64.0, float("inf")),
    ">=12": (12.0, float("inf")),
    ">=16": (16.0, float("inf")),
    ">=32": (32.0, float("inf")),
}
"""Ranges of face heights in pixels: at least the first number and below the second."""

PRECISIONS: Final = (0.95, 0.98, 0.985, 0.99)
"""Precisions at which the recall is reported."""

MIN_CROWD_FACES: Final = 8
"""Images with at least this many labeled faces, of any size, are also reported separately as crowds."""

MIN_FALSE_POSITIVE_SIZE: Final = 16.0
"""Height in pixels below which an unmatched detection does not count as a false positive."""

# In a profile the eyes nearly coincide, so errors in units of their distance are meaningless.
MIN_INTEROCULAR: Final = 0.2
FRONTAL_INTEROCULAR: Final = 0.45


def match_all(
    predictions: DetectorPredictions, samples: Sequence[DetectionSample], *, iou_threshold: float
) -> list[Matching]:
    """Match the detections of each image to its labels."""
    return [
        match_detections(found.boxes, found.scores, sample.faces, sample.ignore, iou_threshold=iou_threshold)
        for found, sample in zip(predictions.detections, samples, strict=True)
    ]


def precision_recall_curves(
    predictions: DetectorPredictions, samples: Sequence[DetectionSample]
) -> dict[float, dict[str, PrecisionRecallCurve]]:
    """Compute precision-recall curves by IoU threshold and by face size."""
    curves = {}
    for iou_threshold in IOU_THRESHOLDS:
        matchings = match_all(predictions, samples, iou_threshold=iou_threshold)
        curves[iou_threshold] = {
            name: precision_recall_curve(matchings, min_size=low, max_size=high)
            for name, (low, high) in FACE_SIZES.items()
        }
    return curves


def compute_metrics(predictions: DetectorPredictions, samples: Sequence[DetectionSample]) -> dict[str, Any]:
    """Compute a detector's metrics in the form of report.json: see `mememoji.evaluation.detection.detection_report`."""
    by_iou = {
        f"{iou_threshold:g}": {name: _summarize(curve, predictions.threshold) for name, curve in by_size.items()}
        for iou_threshold, by_size in precision_recall_curves(predictions, samples).items()
    }
    return {
        "threshold": predictions.threshold,
        "by_iou": by_iou,
        "crowds": compute_crowd_metrics(predictions, samples),
        **compute_landmark_metrics(predictions, samples),
        "false_positives": count_false_positives(predictions, samples),
    }


def _summarize(curve: PrecisionRecallCurve, threshold: float) -> dict[str, float]:
    recall, precision = curve.at_threshold(threshold)
    return {
        "faces": curve.num_faces,
        "recall": recall,
        "precision": precision,
        "average_precision": curve.average_precision,
        **{f"recall_at_{value:g}": curve.recall_at_precision(value)[0] for value in PRECISIONS},
    }


def compute_crowd_metrics(predictions: DetectorPredictions, samples: Sequence[DetectionSample]) -> dict[str, Any]:
    """Compute metrics on the images with `MIN_CROWD_FACES` faces or more, at an IoU threshold of 0.4.

    Returns:
        The number of `images`, and for the face sizes `>=16` and `>=32` the summary of a precision-recall curve.
    """
    matchings = [
        matching
        for matching, sample in zip(
            match_all(predictions, samples, iou_threshold=IOU_THRESHOLDS[0]), samples, strict=True
        )
        if len(sample.faces) >= MIN_CROWD_FACES
    ]
    metrics: dict[str, Any] = {"images": len(matchings)}
    for name in (">=16", ">=32"):
        low, high = FACE_SIZES[name]
        curve = precision_recall_curve(matchings, min_size=low, max_size=high)
        metrics[name] = _summarize(curve, predictions.threshold)
    return metrics


def compute_landmark_metrics(
    predictions: DetectorPredictions, samples: Sequence[DetectionSample]
) -> dict[str, float | int | None]:
    """Compute the inter-ocular normalized mean error (NME) of the landmarks.

    A face counts if it is at least 16 pixels high, is detected at the detector's threshold and an IoU of 0.4, and has
    its eyes at least a fifth of its width apart. It counts as frontal if they are at least 0.45 of its width apart.

    Returns:
        The mean, the median, and the mean of frontal faces, each None if there are none, and the numbers of faces.
    """
    errors, interocular = [], []
    for found, sample in zip(predictions.detections, samples, strict=True):
        kept = found.above(predictions.threshold)
        matching = _match(kept, sample)
        for points, face in zip(kept.landmarks, matching.face, strict=True):
            if face < 0:
                continue
            labeled = sample.landmarks[face]
            left, top, right, bottom = sample.faces[face]
            eye_distance = float(np.linalg.norm(labeled[0] - labeled[1]))
            error = float(np.linalg.norm(points - labeled, axis=1).mean()) / max(eye_distance, 1e-6)
            fraction = eye_distance / float(right - left)
            if bottom - top >= MIN_FALSE_POSITIVE_SIZE and fraction >= MIN_INTEROCULAR and np.isfinite(error):
                errors.append(error)
                interocular.append(fraction)
    frontal = [error for error, fraction in zip(errors, interocular, strict=True) if fraction >= FRONTAL_INTEROCULAR]
    return {
        "nme": float(np.mean(errors)) if errors else None,
        "nme_median": float(np.median(errors)) if errors else None,
        "nme_faces": len(errors),
        "nme_frontal": float(np.mean(frontal)) if frontal else None,
        "nme_frontal_faces": len(frontal),
    }


def count_false_positives(
    predictions: DetectorPredictions, samples: Sequence[DetectionSample]
) -> dict[str, dict[str, float]]:
    """Count false positives at the detector's threshold, in images of animals and in other images without a face.

    Returns:
        For `animals` and for `no_faces`, the number of `images` and the false positives `per_100` of them.
    """
    counts: dict[str, list[int]] = {"animals": [], "no_faces": []}
    for found, sample in zip(predictions.detections, samples, strict=True):
        if sample.is_animal or not len(sample.faces):
            count = len(find_false_positives(found.above(predictions.threshold), sample).scores)
            counts["animals" if sample.is_animal else "no_faces"].append(count)
    return {
        name: {"images": len(values), "per_100": 100 * float(np.mean(values)) if values else 0.0}
        for name, values in counts.items()
    }


def find_false_positives(detections: Detections, sample: DetectionSample) -> Detections:
    """Return the detections that match no face, overlap no ignored region, and are not tiny."""
    matching = _match(detections, sample)
    is_false = (matching.face < 0) & ~matching.ignored & (matching.sizes >= MIN_FALSE_POSITIVE_SIZE)
    return Detections(detections.boxes[is_false], detections.scores[is_false], detections.landmarks[is_false])


def find_false_negatives(detections: Detections, sample: DetectionSample) -> Float32Array:
    """Return the boxes (M, 4) of the faces that no detection matches."""
    missed = np.setdiff1d(np.arange(len(sample.faces)), _match(detections, sample).face)
    return sample.faces[missed]


def _match(detections: Detections, sample: DetectionSample) -> Matching:
    return match_detections(
        detections.boxes, detections.scores, sample.faces, sample.ignore, iou_threshold=IOU_THRESHOLDS[0]
    )
