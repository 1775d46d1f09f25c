"""Detection in regions of interest of a stream of frames."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememoji.detection.haar import HaarDetector
from mememoji.image_io import read_image
from mememoji.results import Box, Detection
from mememoji.tracking.roi_detector import Roi, RoiDetector, merge_rois, roi_around, to_image_coords

POINTS = ((1.0, 2.0), (3.0, 2.0), (2.0, 3.0), (1.0, 4.0), (3.0, 4.0))


class Clock:
    """Clock that advances only when the test sets it."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class SquareDetector:
    """Detector of white squares of 40 pixels that records the image sizes and advances the clock."""

    name, margin = "squares", 0.1

    def __init__(self, clock: Clock, seconds: float) -> None:
        self.clock, self.seconds = clock, seconds
        self.image_sizes: list[tuple[int, int]] = []

    def detect(self, image: npt.NDArray[np.uint8]) -> list[Detection]:
        self.clock.now += self.seconds
        self.image_sizes.append((image.shape[1], image.shape[0]))
        corners = (image[1:, 1:, 0] > 0) & (image[:-1, 1:, 0] == 0) & (image[1:, :-1, 0] == 0)
        ys, xs = np.nonzero(corners)
        return [Detection(Box(int(x) + 1, int(y) + 1, 40, 40), 0.9) for y, x in zip(ys, xs, strict=True)]


def frame(*positions: tuple[int, int]) -> npt.NDArray[np.uint8]:
    image = np.zeros((480, 640, 3), np.uint8)
    for x, y in positions:
        image[y : y + 40, x : x + 40] = 255
    return image


def corners(found: list[Detection]) -> set[tuple[int, int]]:
    return {(face.box.x, face.box.y) for face in found}


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_roi_detector_without_faces_processes_full_frames(clock: Clock) -> None:
    squares = SquareDetector(clock, 0.05)
    detector = RoiDetector(squares, clock=clock)
    assert [detector.detect(frame()) for _ in range(3)] == [[]] * 3
    assert squares.image_sizes == [(640, 480)] * 3
    assert (detector.name, detector.margin) == ("squares", 0.1)


def test_roi_detector_searches_a_region_and_returns_frame_coordinates(clock: Clock) -> None:
    squares = SquareDetector(clock, 0.05)
    detector = RoiDetector(squares, clock=clock)
    for step in range(4):
        position = (100 + 8 * step, 200 - 5 * step)
        assert corners(detector.detect(frame(position))) == {position}
    assert squares.image_sizes[0] == (640, 480)
    assert all(max(size) <= 96 for size in squares.image_sizes[1:])


def test_roi_detector_finds_a_new_face_in_the_next_full_frame(clock: Clock) -> None:
    detector = RoiDetector(SquareDetector(clock, 0.05), clock=clock)
    one, other = (100, 200), (500, 50)
    detector.detect(frame(one))
    assert corners(detector.detect(frame(one, other))) == {one}
    clock.now += 0.4
    assert corners(detector.detect(frame(one, other))) == {one, other}
    assert corners(detector.detect(frame(one, other))) == {one, other}


def test_roi_detector_finds_a_face_that_jumps_at_once(clock: Clock) -> None:
    squares = SquareDetector(clock, 0.05)
    detector = RoiDetector(squares, clock=clock)
    detector.detect(frame((100, 200)))
    assert corners(detector.detect(frame((500, 50)))) == {(500, 50)}
    assert squares.image_sizes[-1] == (640, 480)


def test_roi_detector_processes_a_frame_of_another_size_in_full(clock: Clock) -> None:
    squares = SquareDetector(clock, 0.05)
    detector = RoiDetector(squares, clock=clock)
    detector.detect(frame((100, 200)))
    detector.detect(np.ascontiguousarray(frame((100, 200))[:300]))
    assert squares.image_sizes == [(640, 480), (640, 300)]


def test_roi_detector_with_a_fast_detector_processes_full_frames(clock: Clock) -> None:
    squares = SquareDetector(clock, 0.005)
    detector = RoiDetector(squares, clock=clock)
    for _ in range(4):
        detector.detect(frame((100, 200)))
    assert squares.image_sizes == [(640, 480)] * 4


def test_roi_detector_with_a_crowd_processes_full_frames(clock: Clock) -> None:
    squares = SquareDetector(clock, 0.05)
    detector = RoiDetector(squares, clock=clock)
    crowd = frame(*((20 + 90 * x, 20 + 90 * y) for x in range(7) for y in range(5)))
    assert len(detector.detect(crowd)) == len(detector.detect(crowd)) == 35
    assert squares.image_sizes == [(640, 480)] * 2


def test_roi_detector_finds_the_portrait_as_in_the_full_frame(astronaut_path: Path) -> None:
    image = read_image(str(astronaut_path))
    haar = HaarDetector()
    detector = RoiDetector(haar, fast_detection_seconds=0.0)
    (full_frame,) = haar.detect(image)
    for _ in range(3):
        (face,) = detector.detect(image)
        assert face.box.iou(full_frame.box) > 0.8


def test_to_image_coords_scales_and_shifts_the_face() -> None:
    face = Detection(Box(1, 2, 3, 4), 0.5, POINTS)
    converted = to_image_coords(face, (10, 20, 110, 120), 1.0)
    assert converted == Detection(Box(11, 22, 3, 4), 0.5, tuple((x + 10, y + 20) for x, y in POINTS))
    larger = to_image_coords(face, (10, 20, 110, 120), 2.0)
    assert larger == Detection(Box(12, 24, 6, 8), 0.5, tuple((2 * x + 10, 2 * y + 20) for x, y in POINTS))
    assert to_image_coords(Detection(Box(120, 0, 5, 5)), (10, 20, 110, 120), 1.0) is None


def test_roi_detector_finds_a_large_face_in_a_downscaled_region(astronaut_path: Path) -> None:
    small = read_image(str(astronaut_path))[:240, 110:350]
    image = np.ascontiguousarray(np.repeat(np.repeat(small, 2, axis=0), 2, axis=1))  # (480, 480, 3)
    haar = HaarDetector()
    detector = RoiDetector(haar, fast_detection_seconds=0.0)
    (full_frame,) = haar.detect(image)
    assert full_frame.box.width > 150
    for _ in range(3):
        (face,) = detector.detect(image)
        assert face.box.iou(full_frame.box) > 0.75


@given(st.integers(0, 600), st.integers(0, 440), st.integers(1, 40), st.integers(1, 40))
def test_roi_around_contains_the_face_inside_the_image(x: int, y: int, width: int, height: int) -> None:
    left, top, right, bottom = roi_around(Box(x, y, width, height), (640, 480))
    assert 0 <= left <= x
    assert 0 <= top <= y
    assert x + width <= right <= 640
    assert y + height <= bottom <= 480


ROIS = st.builds(
    lambda x, y, w, h: (x, y, x + w, y + h),
    st.integers(0, 99),
    st.integers(0, 99),
    st.integers(1, 40),
    st.integers(1, 40),
)


@given(st.lists(ROIS, max_size=8))
def test_merge_rois_returns_disjoint_regions_that_cover_all(rois: list[Roi]) -> None:
    merged = merge_rois(rois)
    for number, (left, top, right, bottom) in enumerate(merged):
        for other in merged[:number]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
    for roi in rois:
        assert any(o[0] <= roi[0] and o[1] <= roi[1] and o[2] >= roi[2] and o[3] >= roi[3] for o in merged)
