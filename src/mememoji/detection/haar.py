"""The Haar cascade that ships with OpenCV 4: always there, and good for faces that look into the camera."""

import math
import threading
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from mememoji.detection.face_detector import WORKING_SIDE, without_overlaps, working_copy
from mememoji.errors import ModelError
from mememoji.results import Box, Detection

CASCADE: Final = "haarcascade_frontalface_default.xml"

# Measured on images of daily life: docs/concepts/face-detection.md#haar-cascade has the table.
SCALE: Final = 1.15
NEIGHBORS: Final = 3
MIN_SIDE: Final = 28
MIN_WEIGHT: Final = 1.5

# The share of true faces among detections, as a logistic curve over the last stage's weight; the same record has it.
HALF_WEIGHT: Final = 1.13
WEIGHT_SPREAD: Final = 1.54

# docs/concepts/face-crops.md#margin
MARGIN: Final = 0.0


class HaarDetector:
    """Viola and Jones, "Rapid Object Detection using a Boosted Cascade of Simple Features" (CVPR 2001), as in OpenCV.

    Args:
        scale: the step from one size of the search window to the next, over 1.
        neighbors: how many overlapping windows make a face.
        min_side: the smallest face in pixels of the working copy, whose longer side is at most `WORKING_SIDE`.
        min_weight: the least weight of the cascade's last stage.
        cascade: the name of a file in `cv2.data.haarcascades`.

    Raises:
        ModelError: this OpenCV has no such cascade (version 5 has none).
    """

    name = "haar"
    margin = MARGIN

    def __init__(
        self,
        *,
        scale: float = SCALE,
        neighbors: int = NEIGHBORS,
        min_side: int = MIN_SIDE,
        min_weight: float = MIN_WEIGHT,
        cascade: str = CASCADE,
    ) -> None:
        self._scale = scale
        self._neighbors = neighbors
        self._min_side = min_side
        self._min_weight = min_weight
        self._path = _cascade_path(cascade)
        # A CascadeClassifier keeps the image it works on: threads that shared one would mix their faces.
        self._own = threading.local()
        self._classifier()

    def detect(self, image: npt.NDArray[np.uint8]) -> list[Detection]:
        """Find faces in an upright RGB image (H, W, 3) uint8: see `FaceDetector`. There are no landmarks."""
        height, width = image.shape[:2]
        small, back = working_copy(image, WORKING_SIDE)
        gray = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        boxes, _, weights = self._classifier().detectMultiScale3(
            gray,
            scaleFactor=self._scale,
            minNeighbors=self._neighbors,
            minSize=(self._min_side, self._min_side),
            outputRejectLevels=True,
        )
        found = []
        for (x, y, w, h), weight in zip(boxes, np.ravel(weights), strict=True):
            if weight < self._min_weight:
                continue
            box = Box.inside((x * back, y * back, (x + w) * back, (y + h) * back), (width, height))
            if box is not None:
                found.append(Detection(box, confidence=confidence_of(float(weight))))
        return without_overlaps(found)

    def _classifier(self) -> Any:
        classifier = getattr(self._own, "classifier", None)
        if classifier is None:
            classifier = self._own.classifier = cv2.CascadeClassifier(str(self._path))
            if classifier.empty():
                raise ModelError(f"{self._path} is no cascade that OpenCV {cv2.__version__} reads")
        return classifier


def confidence_of(weight: float) -> float:
    """How likely a detection of this weight is a face, 0..1, growing with the weight."""
    # The logistic function by way of the hyperbolic tangent, which does not overflow.
    return 0.5 + 0.5 * math.tanh((weight - HALF_WEIGHT) / WEIGHT_SPREAD / 2)


def _cascade_path(cascade: str) -> Path:
    data = getattr(cv2, "data", None)
    path = Path(data.haarcascades, cascade) if data is not None else None
    if path is None or not path.is_file():
        raise ModelError(
            f"OpenCV {cv2.__version__} has no {cascade}; install version 4: "
            'pip install "opencv-python-headless>=4.9,<5", or take another detector'
        )
    return path
