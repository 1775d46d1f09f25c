"""The full image as a face."""

import numpy as np
import pytest

from mememoji.detection.full_image import FullImageDetector
from mememoji.results import Box, Detection


@pytest.mark.parametrize("shape", [(1, 1, 3), (48, 48, 3), (20, 70, 3)])
def test_full_image_detector_returns_one_box_that_covers_the_image(shape: tuple[int, int, int]) -> None:
    detections = FullImageDetector().detect(np.zeros(shape, np.uint8))
    assert detections == [Detection(Box(0, 0, shape[1], shape[0]))]
