"""A detector that returns given detections: for tests, and for callers who know the faces' positions."""

from collections.abc import Iterable

from mememoji.results import Detection
from mememoji.types import UInt8Array


class FakeDetector:
    """Detector that returns the same detections for every image, except those that exceed the image bounds.

    Args:
        detections: The detections to return.
        margin: The fraction of the box that a crop adds on each side: see `FaceDetector`.

    Example:
        >>> import numpy as np
        >>> from mememoji.detection.fake_detector import FakeDetector
        >>> from mememoji.results import Box, Detection
        >>> detector = FakeDetector([Detection(Box(10, 20, 64, 64), confidence=0.9)])
        >>> len(detector.detect(np.zeros((240, 320, 3), np.uint8)))
        1
        >>> len(detector.detect(np.zeros((48, 48, 3), np.uint8)))
        0
    """

    name = "fake"

    def __init__(self, detections: Iterable[Detection] = (), *, margin: float = 0.0) -> None:
        self._detections = tuple(detections)
        self.margin = margin

    def detect(self, image: UInt8Array) -> list[Detection]:
        """Return the given detections that are inside the image (H, W, 3) uint8: see `FaceDetector`."""
        height, width = image.shape[:2]
        return [d for d in self._detections if d.box.xyxy[2] <= width and d.box.xyxy[3] <= height]
