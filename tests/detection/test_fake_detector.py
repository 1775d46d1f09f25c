"""The detector that finds what it was told to."""

import numpy as np

from mememoji.detection.fake_detector import FixedDetector
from mememoji.results import Box, Detection

INSIDE = Detection(Box(10, 10, 20, 20), 0.9)
AT_THE_EDGE = Detection(Box(60, 40, 40, 40))


def test_told_nothing_it_finds_nothing() -> None:
    assert FixedDetector().detect(np.zeros((80, 100, 3), np.uint8)) == []


def test_it_finds_what_it_was_told_in_every_picture() -> None:
    detector = FixedDetector([INSIDE, AT_THE_EDGE])
    assert detector.detect(np.zeros((80, 100, 3), np.uint8)) == [INSIDE, AT_THE_EDGE]
    assert detector.detect(np.zeros((90, 200, 3), np.uint8)) == [INSIDE, AT_THE_EDGE]


def test_boxes_stay_inside_the_picture() -> None:
    assert FixedDetector([INSIDE, AT_THE_EDGE]).detect(np.zeros((79, 100, 3), np.uint8)) == [INSIDE]
