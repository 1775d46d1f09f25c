"""The Haar cascade that ships with OpenCV 4: always available, for frontal faces."""

import math
import threading
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from mememoji.detection.face_detector import MAX_DETECTION_SIZE, downscale, suppress_overlaps
from mememoji.errors import ModelError
from mememoji.results import Box, Detection
from mememoji.types import UInt8Array

CASCADE: Final = "haarcascade_frontalface_default.xml"

# Measured on images of daily life: docs/concepts/face-detection.md#haar-cascade has the table.
SCALE_FACTOR: Final = 1.15
MIN_NEIGHBORS: Final = 3
MIN_SIZE: Final = 28
MIN_WEIGHT: Final = 1.5

# Precision of the detections as a logistic function of the last stage's weight, from the same measurement.
HALF_PRECISION_WEIGHT: Final = 1.13
WEIGHT_SPREAD: Final = 1.54

# docs/concepts/face-crops.md#margin
MARGIN: Final = 0.0


class HaarDetector:
    """Viola and Jones, "Rapid Object Detection using a Boosted Cascade of Simple Features" (CVPR 2001), as in OpenCV.

    Args:
        scale_factor: The ratio between consecutive sizes of the search window, above 1.
        min_neighbors: The number of overlapping windows that make a detection.
        min_size: The size of the smallest face in pixels of the image after downscaling to `MAX_DETECTION_SIZE`.
        min_weight: The lowest weight of the cascade's last stage.
        cascade: The name of a file in `cv2.data.haarcascades`.

    Raises:
        ModelError: This version of OpenCV does not contain the cascade (version 5 has none).

    Example:
        >>> import numpy as np
        >>> from mememoji.detection.haar import HaarDetector
        >>> HaarDetector().detect(np.zeros((480, 640, 3), np.uint8))
        []
    """

    name = "haar"
    margin = MARGIN

    def __init__(
        self,
        *,
        scale_factor: float = SCALE_FACTOR,
        min_neighbors: int = MIN_NEIGHBORS,
        min_size: int = MIN_SIZE,
        min_weight: float = MIN_WEIGHT,
        cascade: str = CASCADE,
    ) -> None:
        self._scale_factor = scale_factor
        self._min_neighbors = min_neighbors
        self._min_size = min_size
        self._min_weight = min_weight
        self._path = _cascade_path(cascade)
        # A CascadeClassifier stores the image it processes, so threads that shared one would mix their faces.
        self._per_thread = threading.local()
        self._classifier()

    def detect(self, image: UInt8Array) -> list[Detection]:
        """Detect faces, without landmarks, in an upright RGB image (H, W, 3) uint8: see `FaceDetector`."""
        height, width = image.shape[:2]
        small, scale = downscale(image, MAX_DETECTION_SIZE)
        gray = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        boxes, _, weights = self._classifier().detectMultiScale3(
            gray,
            scaleFactor=self._scale_factor,
            minNeighbors=self._min_neighbors,
            minSize=(self._min_size, self._min_size),
            outputRejectLevels=True,
        )
        detections = []
        for (x, y, w, h), weight in zip(boxes, np.ravel(weights), strict=True):
            if weight < self._min_weight:
                continue
            box = Box.from_xyxy((x * scale, y * scale, (x + w) * scale, (y + h) * scale), (width, height))
            if box is not None:
                detections.append(Detection(box, confidence=confidence_from_weight(float(weight))))
        return suppress_overlaps(detections)

    def _classifier(self) -> Any:
        classifier = getattr(self._per_thread, "classifier", None)
        if classifier is None:
            classifier = self._per_thread.classifier = cv2.CascadeClassifier(str(self._path))
            if classifier.empty():
                raise ModelError(f"{self._path} must be a cascade that OpenCV {cv2.__version__} can read")
        return classifier


def confidence_from_weight(weight: float) -> float:
    """Return the probability, 0..1, that a detection with this weight is a face; it increases with the weight."""
    # The logistic function in terms of the hyperbolic tangent, which does not overflow.
    return 0.5 + 0.5 * math.tanh((weight - HALF_PRECISION_WEIGHT) / WEIGHT_SPREAD / 2)


def _cascade_path(cascade: str) -> Path:
    data = getattr(cv2, "data", None)
    path = Path(data.haarcascades, cascade) if data is not None else None
    if path is None or not path.is_file():
        raise ModelError(
            f"OpenCV {cv2.__version__} has no {cascade}; install version 4: "
            'pip install "opencv-python-headless>=4.9,<5", or use another detector'
        )
    return path
