"""The image is a face crop already, as in FER2013 and other sets of faces."""

import numpy as np
import numpy.typing as npt

from mememoji.results import Box, Detection


class WholeDetector:
    """Finds exactly one face: the whole image. It gives no confidence, since it looks at nothing."""

    name = "whole"
    margin = 0.0

    def detect(self, image: npt.NDArray[np.uint8]) -> list[Detection]:
        """One box that covers the image (H, W, 3) uint8: see `FaceDetector`."""
        height, width = image.shape[:2]
        return [Detection(Box(0, 0, width, height))]
