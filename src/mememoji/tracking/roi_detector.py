"""Faces in frames that follow one another: looked for where they were, and everywhere only now and then."""

import dataclasses
import time
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from mememoji.detection.face_detector import FaceDetector, without_overlaps, working_copy
from mememoji.results import Box, Detection

WHOLE_EVERY: Final = 0.4
"""Seconds after which the whole frame is searched again: so long a new face may stay unseen."""

QUICK: Final = 0.02
"""A detector that searches a whole frame in so many seconds need not be spared."""

_AROUND: Final = 0.6
_LEAST_SIDE: Final = 96
_MOST_SIDE: Final = 192
_MOST_OF_FRAME: Final = 0.5

Window = tuple[int, int, int, int]
"""Left, top, right and bottom in whole pixels."""


class FollowingDetector:
    """A detector for one stream of frames, that searches what lies around the last frame's faces.

    The whole frame is searched at first, every `whole_every` seconds, where a face of the last frame is not found
    again, and always where there was none, where the windows would cover most of it, or where the detector is quick.

    Unlike other detectors it keeps where the faces were, and is for one caller at a time.

    Args:
        detector: what searches frames and windows.
        whole_every: seconds between searches of the whole frame.
        quick: seconds for a whole frame, up to which each frame is searched as a whole.
        clock: gives the time in seconds.
    """

    def __init__(
        self,
        detector: FaceDetector,
        *,
        whole_every: float = WHOLE_EVERY,
        quick: float = QUICK,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._detector, self._whole_every, self._quick, self._clock = detector, whole_every, quick, clock
        self._shape: tuple[int, ...] = ()
        self._last: list[Detection] = []
        self._searched_at = 0.0
        self._took = 0.0

    @property
    def name(self) -> str:
        return self._detector.name

    @property
    def margin(self) -> float:
        return self._detector.margin

    def detect(self, image: npt.NDArray[np.uint8]) -> list[Detection]:
        """Find the faces of the next frame (H, W, 3) uint8 RGB: see `FaceDetector`."""
        found = self._around_the_last(image)
        if found is None:
            found = self._everywhere(image)
        self._last = found
        return found

    def _everywhere(self, image: npt.NDArray[np.uint8]) -> list[Detection]:
        self._searched_at = self._clock()
        self._shape = image.shape
        found = self._detector.detect(image)
        self._took = self._clock() - self._searched_at
        return found

    def _around_the_last(self, image: npt.NDArray[np.uint8]) -> list[Detection] | None:
        """The faces near the last ones; None where the whole frame is to be searched."""
        is_due = self._clock() - self._searched_at >= self._whole_every
        if is_due or not self._last or image.shape != self._shape or self._took <= self._quick:
            return None
        height, width = image.shape[:2]
        windows = joined([window_around(face.box, (width, height)) for face in self._last])
        if (
            sum((right - left) * (bottom - top) for left, top, right, bottom in windows)
            > _MOST_OF_FRAME * width * height
        ):
            return None
        found = without_overlaps([face for window in windows for face in self._within(image, window)])
        return found if len(found) >= len(self._last) else None

    def _within(self, image: npt.NDArray[np.uint8], window: Window) -> list[Detection]:
        left, top, right, bottom = window
        # A face that fills its window needs no more pixels than this to be found again.
        small, back = working_copy(np.ascontiguousarray(image[top:bottom, left:right]), _MOST_SIDE)
        found = [placed(face, window, back) for face in self._detector.detect(small)]
        return [face for face in found if face is not None]


def window_around(box: Box, picture_wh: tuple[int, int]) -> Window:
    """The part of an image in which a face is looked for in the next frame."""
    width, height = picture_wh
    side = max(_LEAST_SIDE, round(max(box.width, box.height) * (1 + 2 * _AROUND)))
    left, top = box.x + (box.width - side) // 2, box.y + (box.height - side) // 2
    return max(0, left), max(0, top), min(width, left + side), min(height, top + side)


def joined(windows: list[Window]) -> list[Window]:
    """Windows of which no two touch: those that do become one around both."""
    left_over = list(windows)
    apart: list[Window] = []
    while left_over:
        window = left_over.pop()
        touching = next((other for other in apart if _touch(window, other)), None)
        if touching is None:
            apart.append(window)
        else:
            apart.remove(touching)
            left_over.append((*map(min, window[:2], touching[:2]), *map(max, window[2:], touching[2:])))  # type: ignore[arg-type]
    return apart


def placed(face: Detection, window: Window, back: float) -> Detection | None:
    """A face found in a window, where it lies in the image.

    Args:
        face: in the pixels of the window as it was searched.
        window: in the image's pixels.
        back: how many of the image's pixels one of these is wide.

    Returns:
        None where nothing of the face lies in the window.
    """
    left, top, right, bottom = window
    x1, y1, x2, y2 = (value * back for value in face.box.xyxy)
    box = Box.inside((left + x1, top + y1, left + x2, top + y2), (right, bottom))
    if box is None:
        return None
    points = face.landmarks
    landmarks = None if points is None else tuple((left + x * back, top + y * back) for x, y in points)
    return dataclasses.replace(face, box=box, landmarks=landmarks)


def _touch(a: Window, b: Window) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
