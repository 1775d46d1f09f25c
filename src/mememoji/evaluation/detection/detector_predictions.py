"""Predictions of a detector on labeled images, down to low scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from mememoji.datasets.detection_images import DetectionSample
from mememoji.detection.compact import CompactDetector
from mememoji.detection.face_detector import FaceDetector
from mememoji.detection.haar import MIN_WEIGHT, HaarDetector, confidence_from_weight
from mememoji.detection.registry import get_detector_spec
from mememoji.detection.yunet import SCORE_THRESHOLD, YuNetDetector
from mememoji.errors import InputError
from mememoji.image_io import read_image
from mememoji.progress import track_progress
from mememoji.types import Float32Array

MIN_SCORE: Final = 0.02

# OpenCV's non-maximum suppression takes minutes for thousands of boxes, and YuNet's scores below this are noise.
MIN_YUNET_SCORE: Final = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """A detector's detections in one image, sorted by descending score.

    Attributes:
        boxes: Boxes (D, 4) float32 as left, top, right, bottom.
        scores: Scores (D,) float32.
        landmarks: Landmarks (D, 5, 2) float32; all NaN if the detector has none.
    """

    boxes: Float32Array
    scores: Float32Array
    landmarks: Float32Array

    def above(self, threshold: float) -> "Detections":
        """Return the detections with at least that score."""
        kept = self.scores >= threshold
        return Detections(self.boxes[kept], self.scores[kept], self.landmarks[kept])


@dataclass(frozen=True, slots=True, eq=False)
class DetectorPredictions:
    """A detector's detections in all images, with the threshold at which it is used.

    Attributes:
        name: Name of the detector in reports.
        threshold: Score threshold, 0..1.
        detections: Detections of each image.
    """

    name: str
    threshold: float
    detections: tuple[Detections, ...]


def run_detector(
    detector: FaceDetector,
    samples: Sequence[DetectionSample],
    threshold: float,
    *,
    name: str | None = None,
    progress: bool = False,
) -> DetectorPredictions:
    """Run a detector on images.

    Args:
        detector: Detector that returns scores far below its threshold, since its precision-recall curve ends there.
        samples: Images to process.
        threshold: Score threshold at which the detector is used, 0..1.
        name: Name in reports, for two detectors with the same name; None uses the detector's own.
        progress: Whether to show progress on stderr.
    """
    label = detector.name if name is None else name
    bar = track_progress(samples, f"detecting with {label}", is_shown=progress)
    return DetectorPredictions(label, threshold, tuple(_detect(detector, sample) for sample in bar))


def make_evaluation_detector(name: str, weights: Path | None = None) -> tuple[FaceDetector, float]:
    """Make a detector that returns low scores too, and return it with its usual score threshold.

    Args:
        name: Name of a detector.
        weights: Weights file; None uses the shipped or downloaded one.

    Raises:
        InputError: The name is unknown, or the detector does not accept a weights file.
        ModelError: The weights are missing or damaged.
    """
    spec = get_detector_spec(name)
    if name == "compact":
        threshold = CompactDetector(weights, num_threads=1).score_threshold
        return CompactDetector(weights, score_threshold=MIN_SCORE, num_threads=1), threshold
    if name == "yunet":
        assert spec.download is not None
        path = spec.download.get_verified_path() if weights is None else weights
        return YuNetDetector(path, score_threshold=MIN_YUNET_SCORE), SCORE_THRESHOLD
    if weights is not None:
        raise InputError(f"the detector {name!r} does not accept a weights file, got {weights}")
    if name == "haar":
        return HaarDetector(min_weight=float("-inf")), confidence_from_weight(MIN_WEIGHT)
    return spec.factory(), 0.0


def _detect(detector: FaceDetector, sample: DetectionSample) -> Detections:
    faces = sorted(detector.detect(read_image(sample.image)), key=lambda face: -_score(face.confidence))
    no_landmarks = ((float("nan"),) * 2,) * 5
    return Detections(
        np.array([face.box.xyxy for face in faces], np.float32).reshape(-1, 4),
        np.array([_score(face.confidence) for face in faces], np.float32),
        np.array([face.landmarks or no_landmarks for face in faces], np.float32).reshape(-1, 5, 2),
    )


def _score(confidence: float | None) -> float:
    return 1.0 if confidence is None else confidence
