"""Faces followed from frame to frame."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememoji.detection.haar import HaarDetector
from mememoji.image_io import read_image
from mememoji.results import Box, Detection
from mememoji.tracking.roi_detector import FollowingDetector, Window, joined, placed, window_around

POINTS = ((1.0, 2.0), (3.0, 2.0), (2.0, 3.0), (1.0, 4.0), (3.0, 4.0))


class Clock:
    """Time that passes only where it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Spots:
    """Finds the white squares of 40 pixels in a frame, notes what it was given, and takes its time."""

    name, margin = "spots", 0.1

    def __init__(self, clock: Clock, seconds: float) -> None:
        self.clock, self.seconds = clock, seconds
        self.searched: list[tuple[int, int]] = []

    def detect(self, image: npt.NDArray[np.uint8]) -> list[Detection]:
        self.clock.now += self.seconds
        self.searched.append((image.shape[1], image.shape[0]))
        corners = (image[1:, 1:, 0] > 0) & (image[:-1, 1:, 0] == 0) & (image[1:, :-1, 0] == 0)
        ys, xs = np.nonzero(corners)
        return [Detection(Box(int(x) + 1, int(y) + 1, 40, 40), 0.9) for y, x in zip(ys, xs, strict=True)]


def frame(*places: tuple[int, int]) -> npt.NDArray[np.uint8]:
    image = np.zeros((480, 640, 3), np.uint8)
    for x, y in places:
        image[y : y + 40, x : x + 40] = 255
    return image


def corners(found: list[Detection]) -> set[tuple[int, int]]:
    return {(face.box.x, face.box.y) for face in found}


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_frames_without_faces_are_searched_as_a_whole(clock: Clock) -> None:
    spots = Spots(clock, 0.05)
    following = FollowingDetector(spots, clock=clock)
    assert [following.detect(frame()) for _ in range(3)] == [[]] * 3
    assert spots.searched == [(640, 480)] * 3
    assert (following.name, following.margin) == ("spots", 0.1)


def test_a_face_is_followed_in_a_window_and_told_in_the_frames_pixels(clock: Clock) -> None:
    spots = Spots(clock, 0.05)
    following = FollowingDetector(spots, clock=clock)
    for step in range(4):
        place = (100 + 8 * step, 200 - 5 * step)
        assert corners(following.detect(frame(place))) == {place}
    assert spots.searched[0] == (640, 480)
    assert all(max(size) <= 96 for size in spots.searched[1:])


def test_a_new_face_is_seen_when_the_whole_is_searched_again(clock: Clock) -> None:
    following = FollowingDetector(Spots(clock, 0.05), clock=clock)
    one, other = (100, 200), (500, 50)
    following.detect(frame(one))
    assert corners(following.detect(frame(one, other))) == {one}
    clock.now += 0.4
    assert corners(following.detect(frame(one, other))) == {one, other}
    assert corners(following.detect(frame(one, other))) == {one, other}


def test_a_face_that_jumps_is_found_at_once(clock: Clock) -> None:
    spots = Spots(clock, 0.05)
    following = FollowingDetector(spots, clock=clock)
    following.detect(frame((100, 200)))
    assert corners(following.detect(frame((500, 50)))) == {(500, 50)}
    assert spots.searched[-1] == (640, 480)


def test_a_frame_of_another_size_is_searched_as_a_whole(clock: Clock) -> None:
    spots = Spots(clock, 0.05)
    following = FollowingDetector(spots, clock=clock)
    following.detect(frame((100, 200)))
    following.detect(np.ascontiguousarray(frame((100, 200))[:300]))
    assert spots.searched == [(640, 480), (640, 300)]


def test_a_quick_detector_is_not_spared(clock: Clock) -> None:
    spots = Spots(clock, 0.005)
    following = FollowingDetector(spots, clock=clock)
    for _ in range(4):
        following.detect(frame((100, 200)))
    assert spots.searched == [(640, 480)] * 4


def test_many_faces_are_one_search(clock: Clock) -> None:
    spots = Spots(clock, 0.05)
    following = FollowingDetector(spots, clock=clock)
    crowd = frame(*((20 + 90 * x, 20 + 90 * y) for x in range(7) for y in range(5)))
    assert len(following.detect(crowd)) == len(following.detect(crowd)) == 35
    assert spots.searched == [(640, 480)] * 2


def test_the_portrait_is_found_where_the_whole_search_finds_it(astronaut_path: Path) -> None:
    image = read_image(str(astronaut_path))
    haar = HaarDetector()
    following = FollowingDetector(haar, quick=0.0)
    (whole,) = haar.detect(image)
    for _ in range(3):
        (face,) = following.detect(image)
        assert face.box.iou(whole.box) > 0.8


def test_a_face_of_a_window_is_placed_in_the_picture() -> None:
    face = Detection(Box(1, 2, 3, 4), 0.5, POINTS)
    there = placed(face, (10, 20, 110, 120), 1.0)
    assert there == Detection(Box(11, 22, 3, 4), 0.5, tuple((x + 10, y + 20) for x, y in POINTS))
    larger = placed(face, (10, 20, 110, 120), 2.0)
    assert larger == Detection(Box(12, 24, 6, 8), 0.5, tuple((2 * x + 10, 2 * y + 20) for x, y in POINTS))
    assert placed(Detection(Box(120, 0, 5, 5)), (10, 20, 110, 120), 1.0) is None


def test_a_large_face_is_followed_in_fewer_pixels(astronaut_path: Path) -> None:
    small = read_image(str(astronaut_path))[:240, 110:350]
    image = np.ascontiguousarray(np.repeat(np.repeat(small, 2, axis=0), 2, axis=1))  # (480, 480, 3)
    haar = HaarDetector()
    following = FollowingDetector(haar, quick=0.0)
    (whole,) = haar.detect(image)
    assert whole.box.width > 150
    for _ in range(3):
        (face,) = following.detect(image)
        assert face.box.iou(whole.box) > 0.75


@given(st.integers(0, 600), st.integers(0, 440), st.integers(1, 40), st.integers(1, 40))
def test_a_window_holds_its_face_and_lies_in_the_picture(x: int, y: int, width: int, height: int) -> None:
    left, top, right, bottom = window_around(Box(x, y, width, height), (640, 480))
    assert 0 <= left <= x
    assert 0 <= top <= y
    assert x + width <= right <= 640
    assert y + height <= bottom <= 480


WINDOWS = st.builds(
    lambda x, y, w, h: (x, y, x + w, y + h),
    st.integers(0, 99),
    st.integers(0, 99),
    st.integers(1, 40),
    st.integers(1, 40),
)


@given(st.lists(WINDOWS, max_size=8))
def test_joined_windows_do_not_touch_and_cover_all(windows: list[Window]) -> None:
    apart = joined(windows)
    for number, (left, top, right, bottom) in enumerate(apart):
        for other in apart[:number]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
    for window in windows:
        assert any(o[0] <= window[0] and o[1] <= window[1] and o[2] >= window[2] and o[3] >= window[3] for o in apart)
