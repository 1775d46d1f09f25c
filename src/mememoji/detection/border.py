"""A second search in images without a detected face: with a border, for faces that fill the image to its edges."""

from typing import Final

import cv2
import numpy as np

from mememoji.detection.face_detector import FaceDetector, downscale
from mememoji.detection.tiles import move_detection
from mememoji.results import Detection
from mememoji.types import UInt8Array

# docs/concepts/face-detection.md#second-search
BORDER: Final = 0.25
IMAGE_SIZE: Final = 160
"""The longer side in pixels to which larger images are downscaled: a face that fills the image keeps enough of it."""

MIN_FACE_FRACTION: Final = 0.55
"""The smallest longer side of a box as a fraction of the image's shorter side: smaller faces need no border."""

MIN_FACE_SCORE: Final = 0.95
"""The lowest face score, by the classifier, with which a face of the second search is accepted."""


def add_border(image: UInt8Array, fraction: float) -> tuple[UInt8Array, int]:
    """Repeat the edge pixels of an image (H, W, 3) on all sides.

    Args:
        image: (H, W, 3) uint8.
        fraction: The width of the border as a fraction of the longer side.

    Returns:
        The larger image, and the width of the border in pixels.
    """
    width = round(fraction * max(image.shape[:2]))
    return np.asarray(cv2.copyMakeBorder(image, width, width, width, width, cv2.BORDER_REPLICATE), np.uint8), width


def detect_with_border(detector: FaceDetector, image: UInt8Array) -> list[Detection]:
    """Detect faces that fill an image (H, W, 3) uint8 RGB: detectors are trained on faces with surroundings.

    Returns:
        The detections in pixels of the image without the border, sorted by descending confidence.
    """
    small, scale = downscale(image, IMAGE_SIZE)
    bordered, border = add_border(small, BORDER)
    min_size = MIN_FACE_FRACTION * min(small.shape[:2])
    faces = [face for face in detector.detect(bordered) if max(face.box.width, face.box.height) >= min_size]
    height, width = image.shape[:2]
    moved = [move_detection(face, -border, -border, (width, height), scale=scale) for face in faces]
    return [face for face in moved if face is not None]
