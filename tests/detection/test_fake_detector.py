"""The detector that returns given detections."""

import numpy as np

from mememoji.detection.fake_detector import FakeDetector
from mememoji.results import Box, Detection

INSIDE = Detection(Box(10, 10, 20, 20), 0.9)
AT_THE_EDGE = Detection(Box(60, 40, 40, 40))


def test_fake_detector_without_detections_returns_none() -> None:
    assert FakeDetector().detect(np.zeros((80, 100, 3), np.uint8)) == []


def test_fake_detector_returns_its_detections_for_every_image() -> None:
    detector = FakeDetector([INSIDE, AT_THE_EDGE])
    assert detector.detect(np.zeros((80, 100, 3), np.uint8)) == [INSIDE, AT_THE_EDGE]
    assert detector.detect(np.zeros((90, 200, 3), np.uint8)) == [INSIDE, AT_THE_EDGE]


def test_fake_detector_omits_boxes_that_exceed_the_image() -> None:
    assert FakeDetector([INSIDE, AT_THE_EDGE]).detect(np.zeros((79, 100, 3), np.uint8)) == [INSIDE]
