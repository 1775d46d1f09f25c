"""The detector interface, and what several detectors share."""

from typing import Final, Protocol, runtime_checkable

import cv2
import numpy as np

from mememoji.boxes import nms_by_ios
from mememoji.results import Detection
from mememoji.types import UInt8Array

MAX_DETECTION_SIZE: Final = 1280
"""The longer side in pixels to which larger images are downscaled; boxes are in pixels of the original."""


@runtime_checkable
class FaceDetector(Protocol):
    """Interface of a face detector.

    A detector is loaded once, keeps no state between images, and is safe to use from several threads.

    Example:
        A custom detector needs no base class:

        >>> from mememoji.detection.face_detector import FaceDetector
        >>> from mememoji.results import Box, Detection
        >>> class CenterDetector:
        ...     name, margin = "center", 0.0
        ...
        ...     def detect(self, image):
        ...         height, width = image.shape[:2]
        ...         return [Detection(Box(width // 4, height // 4, width // 2, height // 2))]
        >>> isinstance(CenterDetector(), FaceDetector)
        True
    """

    @property
    def name(self) -> str:
        """The name of the detector, as reported in results."""
        ...

    @property
    def margin(self) -> float:
        """The fraction of a box's longer side to add on each side, so that a crop frames the face as FER2013 does.

        Detectors draw their boxes differently, so each has its own value, measured by `benchmarks/crop_margin.py`.
        """
        ...

    def detect(self, image: UInt8Array) -> list[Detection]:
        """Detect faces.

        Args:
            image: An upright RGB image (H, W, 3) uint8, which is not modified.

        Returns:
            The detections sorted by descending confidence, with boxes inside the image; an empty list if no face is
            found. The analyzer puts faces in reading order.
        """
        ...


def downscale(image: UInt8Array, max_size: int = MAX_DETECTION_SIZE) -> tuple[UInt8Array, float]:
    """Downscale an image (H, W) or (H, W, 3) so that no side is longer than `max_size`; return a smaller one as is.

    Returns:
        The image, and the factor that takes its coordinates to those of the original.
    """
    height, width = image.shape[:2]
    scale = max(height, width) / max_size
    if scale <= 1:
        return image, 1.0
    size = max(1, round(width / scale)), max(1, round(height / scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def suppress_overlaps(detections: list[Detection], *, ios_threshold: float = 0.4) -> list[Detection]:
    """Apply non-maximum suppression by intersection over the smaller box.

    Nested boxes count as one face, which intersection over union would keep apart.

    Args:
        detections: The detections of one image; a missing confidence counts as 0.
        ios_threshold: Of two boxes that share a larger fraction of the smaller one, the one with the lower confidence
            is dropped.

    Returns:
        The remaining detections, sorted by descending confidence.
    """
    boxes = np.array([detection.box.xyxy for detection in detections], np.float64).reshape(-1, 4)
    scores = np.array([detection.confidence or 0.0 for detection in detections], np.float64)
    return [detections[index] for index in nms_by_ios(boxes, scores, ios_threshold=ios_threshold)]
