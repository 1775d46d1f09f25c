"""Functions that several detectors share."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mememoji.detection.face_detector import FaceDetector, downscale, suppress_overlaps
from mememoji.detection.fake_detector import FakeDetector
from mememoji.detection.full_image import FullImageDetector
from mememoji.detection.haar import HaarDetector
from mememoji.results import Box, Detection


def detection(x: int, y: int, size: int, confidence: float | None) -> Detection:
    return Detection(Box(x, y, size, size), confidence)


@pytest.mark.parametrize(
    ("detections", "kept"),
    [
        ([], []),
        ([detection(0, 0, 10, 0.5)], [detection(0, 0, 10, 0.5)]),
        ([detection(0, 0, 10, 0.5), detection(20, 0, 10, 0.9)], [detection(20, 0, 10, 0.9), detection(0, 0, 10, 0.5)]),
        ([detection(0, 0, 10, 0.5), detection(1, 1, 10, 0.9)], [detection(1, 1, 10, 0.9)]),
        # nested: an intersection over union of 0.04 only
        ([detection(0, 0, 100, 0.9), detection(40, 40, 20, 0.5)], [detection(0, 0, 100, 0.9)]),
        ([detection(0, 0, 100, 0.5), detection(40, 40, 20, 0.9)], [detection(40, 40, 20, 0.9)]),
        # neighbors whose boxes touch are two people
        ([detection(0, 0, 10, 0.9), detection(7, 0, 10, 0.8)], [detection(0, 0, 10, 0.9), detection(7, 0, 10, 0.8)]),
        ([detection(0, 0, 10, None), detection(1, 1, 10, 0.1)], [detection(1, 1, 10, 0.1)]),
    ],
)
def test_suppress_overlaps_keeps_the_most_confident_face(detections: list[Detection], kept: list[Detection]) -> None:
    assert suppress_overlaps(detections) == kept


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.builds(detection, st.integers(0, 50), st.integers(0, 50), st.integers(1, 60), st.floats(0, 1)), max_size=12
    )
)
def test_suppress_overlaps_twice_changes_nothing(detections: list[Detection]) -> None:
    kept = suppress_overlaps(detections)
    assert set(kept) <= set(detections)
    assert suppress_overlaps(kept) == kept
    assert bool(kept) == bool(detections)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((1, 1), (1, 1)), ((1280, 100, 3), (1280, 100, 3)), ((2560, 200, 3), (1280, 100, 3)), ((3, 9000), (1, 1280))],
)
def test_downscale_limits_the_longer_side(shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    image = np.full(shape, 7, np.uint8)
    small, scale = downscale(image, 1280)
    assert small.shape == expected
    assert scale == max(1, max(shape[:2]) / 1280)
    assert (small == 7).all()


def test_detectors_implement_the_protocol() -> None:
    assert all(isinstance(detector, FaceDetector) for detector in (FakeDetector(), FullImageDetector(), HaarDetector()))
    assert not isinstance(object(), FaceDetector)
