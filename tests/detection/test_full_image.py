"""The image as a face."""

import numpy as np
import pytest

from mememoji.detection.full_image import WholeDetector
from mememoji.results import Box, Detection


@pytest.mark.parametrize("shape", [(1, 1, 3), (48, 48, 3), (20, 70, 3)])
def test_one_box_covers_the_picture(shape: tuple[int, int, int]) -> None:
    detections = WholeDetector().detect(np.zeros(shape, np.uint8))
    assert detections == [Detection(Box(0, 0, shape[1], shape[0]))]
