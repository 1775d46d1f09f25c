"""A detector that finds what it was told to: for tests, and for callers who know where the faces are."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from mememoji.results import Detection


class FixedDetector:
    """Finds the same faces in every image; where a box reaches out of the image, it is not found there.

    Args:
        detections: the faces.
        margin: what a crop adds around their boxes: see `FaceDetector`.
    """

    name = "fixed"

    def __init__(self, detections: Iterable[Detection] = (), *, margin: float = 0.0) -> None:
        self._detections = tuple(detections)
        self.margin = margin

    def detect(self, image: npt.NDArray[np.uint8]) -> list[Detection]:
        """The told faces that lie inside the image (H, W, 3) uint8: see `FaceDetector`."""
        height, width = image.shape[:2]
        return [d for d in self._detections if d.box.xyxy[2] <= width and d.box.xyxy[3] <= height]
