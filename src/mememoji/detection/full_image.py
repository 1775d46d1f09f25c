"""A detector for images that are face crops already, as in FER2013 and other face sets."""

from mememoji.results import Box, Detection
from mememoji.types import UInt8Array


class FullImageDetector:
    """Detector that returns one box: the full image. It has no confidence, since it does not inspect the pixels.

    Example:
        >>> import numpy as np
        >>> from mememoji.detection.full_image import FullImageDetector
        >>> (face,) = FullImageDetector().detect(np.zeros((48, 40, 3), np.uint8))
        >>> face.box
        Box(x=0, y=0, width=40, height=48)
    """

    name = "full-image"
    margin = 0.0

    def detect(self, image: UInt8Array) -> list[Detection]:
        """Return one box that covers the image (H, W, 3) uint8: see `FaceDetector`."""
        height, width = image.shape[:2]
        return [Detection(Box(0, 0, width, height))]
