"""What several detectors share."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mememoji.detection.face_detector import FaceDetector, without_overlaps, working_copy
from mememoji.detection.fake_detector import FixedDetector
from mememoji.detection.full_image import WholeDetector
from mememoji.detection.haar import HaarDetector
from mememoji.results import Box, Detection


def seen(x: int, y: int, side: int, confidence: float | None) -> Detection:
    return Detection(Box(x, y, side, side), confidence)


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        ([], []),
        ([seen(0, 0, 10, 0.5)], [seen(0, 0, 10, 0.5)]),
        ([seen(0, 0, 10, 0.5), seen(20, 0, 10, 0.9)], [seen(20, 0, 10, 0.9), seen(0, 0, 10, 0.5)]),
        ([seen(0, 0, 10, 0.5), seen(1, 1, 10, 0.9)], [seen(1, 1, 10, 0.9)]),
        # nested: an intersection over union of 0.04 only
        ([seen(0, 0, 100, 0.9), seen(40, 40, 20, 0.5)], [seen(0, 0, 100, 0.9)]),
        ([seen(0, 0, 100, 0.5), seen(40, 40, 20, 0.9)], [seen(40, 40, 20, 0.9)]),
        # neighbors whose boxes touch are two people
        ([seen(0, 0, 10, 0.9), seen(7, 0, 10, 0.8)], [seen(0, 0, 10, 0.9), seen(7, 0, 10, 0.8)]),
        ([seen(0, 0, 10, None), seen(1, 1, 10, 0.1)], [seen(1, 1, 10, 0.1)]),
    ],
)
def test_of_faces_that_cover_each_other_the_surest_stays(found: list[Detection], kept: list[Detection]) -> None:
    assert without_overlaps(found) == kept


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.builds(seen, st.integers(0, 50), st.integers(0, 50), st.integers(1, 60), st.floats(0, 1)), max_size=12)
)
def test_suppression_settles_at_once(found: list[Detection]) -> None:
    kept = without_overlaps(found)
    assert set(kept) <= set(found)
    assert without_overlaps(kept) == kept
    assert bool(kept) == bool(found)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((1, 1), (1, 1)), ((1280, 100, 3), (1280, 100, 3)), ((2560, 200, 3), (1280, 100, 3)), ((3, 9000), (1, 1280))],
)
def test_a_working_copy_is_no_larger_than_it_may_be(shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    image = np.full(shape, 7, np.uint8)
    small, back = working_copy(image, 1280)
    assert small.shape == expected
    assert back == max(1, max(shape[:2]) / 1280)
    assert (small == 7).all()


def test_the_detectors_keep_the_protocol() -> None:
    assert all(isinstance(detector, FaceDetector) for detector in (FixedDetector(), WholeDetector(), HaarDetector()))
    assert not isinstance(object(), FaceDetector)
