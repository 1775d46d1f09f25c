"""A video file's frames, one after the other, upright and with their times."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from mememoji.errors import TooLargeError, VideoError
from mememoji.image_io import DEFAULT_LIMITS, ImageLimits, RGBImage

_USUAL_RATE: Final = 25.0
_HIGHEST_RATE: Final = 120.0
_TOLERANCE: Final = 0.5
"""Containers count the sound's length too: an image that ends so many seconds before has still ended."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One frame: its time in seconds from the video's start, and (H, W, 3) uint8 RGB, upright."""

    time: float
    image: RGBImage


@dataclass(frozen=True, slots=True)
class Ending:
    """How reading ended: the time that was reached in seconds, and whether that is all there was to read."""

    time: float
    complete: bool


class VideoReader:
    """Reads a file's frames with OpenCV; a frame is held no longer than its reader's reader holds it.

    Times are the file's own, so a variable frame rate keeps its pace; the rotation that the file asks for is applied.

    Args:
        path: the file.
        start, stop: which part to read, in seconds; `stop` None is the end.
        every: give the first of so many frames, and do not unpack the rest.
        limits: frames over its `max_pixels` are refused.

    Raises:
        VideoError: missing, no video, or a part of no sense.
        TooLargeError: frames over the limit.
    """

    def __init__(
        self,
        path: Path,
        *,
        start: float = 0.0,
        stop: float | None = None,
        every: int = 1,
        limits: ImageLimits = DEFAULT_LIMITS,
    ) -> None:
        if not (math.isfinite(start) and start >= 0) or (stop is not None and not stop > start):
            raise VideoError(f"a part starts at 0 or later and ends after its start, got {start:g} to {stop}")
        if every < 1:
            raise ValueError(f"every is at least 1, got {every}")
        if not path.is_file():
            raise VideoError(f"{path} is no file")
        self.path, self.start, self.stop, self.every = path, start, stop, every
        self.ending: Ending | None = None
        """How reading ended; None until it has."""
        with self._opened() as capture:
            self.width = round(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
            self.height = round(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
            if abs(capture.get(cv2.CAP_PROP_ORIENTATION_META)) % 180 == 90 and self._is_turned(capture):
                self.width, self.height = self.height, self.width
            told = capture.get(cv2.CAP_PROP_FPS)
            self.rate = told if 0 < told <= _HIGHEST_RATE else _USUAL_RATE
            frames = capture.get(cv2.CAP_PROP_FRAME_COUNT)
            # Some containers tell no length, as a negative number or none.
            self.duration = frames / told if frames > 0 and told > 0 else None
        if self.duration is not None and start >= self.duration:
            raise VideoError(f"{path} lasts {self.duration:.1f} s, and is to be read from {start:g} s on")
        if self.width * self.height > limits.max_pixels:
            raise TooLargeError(
                f"{path}: expected frames of at most {limits.max_pixels:,} pixels, got {self.width}x{self.height}"
            )

    @property
    def interval(self) -> float:
        """Seconds from one frame given to the next, as a rule."""
        return self.every / self.rate

    @property
    def length(self) -> float | None:
        """Seconds that there are to read; None where the file does not tell."""
        end = self.duration if self.stop is None else min(self.stop, self.duration or math.inf)
        return None if end is None else max(end - self.start, 0.0)

    def __iter__(self) -> Iterator[Frame]:
        """Read from the start of the part.

        Raises:
            VideoError: not one frame can be read.
        """
        self.ending = None
        reached = 0.0
        # Frames carry their place in the whole part: every n-th one is given.
        number = 0
        with self._opened() as capture:
            for time in self._times(capture):
                if self.stop is not None and time >= self.stop:
                    self.ending = Ending(self.stop, complete=True)
                    return
                reached = time
                if number % self.every == 0:
                    ok, bgr = capture.retrieve()
                    if not ok:
                        break
                    yield Frame(time, np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8))
                number += 1
        if number == 0:
            raise VideoError(f"{self.path}: not one frame can be read; the file is damaged, or holds no image")
        self.ending = self._ending(reached + 1 / self.rate)

    def _ending(self, reached: float) -> Ending:
        wanted = self.stop if self.stop is not None else self.duration
        if self.duration is not None and wanted is not None:
            wanted = min(wanted, self.duration)
        return Ending(reached, complete=wanted is None or reached >= wanted - _TOLERANCE)

    def _times(self, capture: Any) -> Iterator[float]:
        """Go to the next frame and tell its time, from the part's start on."""
        ready = self.start > 0 and self._jump(capture)
        previous = -math.inf
        while ready or capture.grab():
            ready = False
            time = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            if time <= previous:
                # Damaged or missing times must not make the clock stand still.
                time = previous + 1 / self.rate
            previous = time
            if time >= self.start - 1e-6:
                yield time

    def _jump(self, capture: Any) -> bool:
        """Go near the part's start, and not beyond it; whether a frame has been grabbed already."""
        capture.set(cv2.CAP_PROP_POS_MSEC, self.start * 1000)
        if capture.grab() and capture.get(cv2.CAP_PROP_POS_MSEC) / 1000 <= self.start + 1 / self.rate:
            return True
        # It went too far, as it may where the rate varies: read up to the place instead.
        capture.open(str(self.path), cv2.CAP_FFMPEG)
        return False

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        capture = cv2.VideoCapture(str(self.path), cv2.CAP_FFMPEG)
        try:
            if not capture.isOpened():
                raise VideoError(f"{self.path} is no video that OpenCV can read, or one that lacks its index")
            yield capture
        finally:
            capture.release()

    @staticmethod
    def _is_turned(capture: Any) -> bool:
        """Whether OpenCV gives turned frames and yet tells the size of unturned ones, as some of its versions do."""
        ok, frame = capture.read()
        told = capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
        return bool(ok) and frame.shape[:2] == told
