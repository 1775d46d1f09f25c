"""Reading of a video file frame by frame, upright and with timestamps."""

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

_DEFAULT_FPS: Final = 25.0
_MAX_FPS: Final = 120.0
_END_TOLERANCE: Final = 0.5
"""Seconds by which the frames may end before the duration: containers include the audio in it."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One frame: its time in seconds from the start of the video, and (H, W, 3) uint8 RGB, upright."""

    time: float
    image: RGBImage


@dataclass(frozen=True, slots=True)
class EndOfStream:
    """The time in seconds at which reading ended, and whether the requested part was read completely."""

    time: float
    complete: bool


class VideoReader:
    """An iterable over the frames of a video file, read with OpenCV; it holds one frame at a time.

    Timestamps are those of the file, so a variable frame rate is preserved. The rotation set in the file is applied.

    Args:
        path: The video file.
        start: The time to start at, in seconds, at least 0.
        stop: The time to stop at, in seconds, after `start`; None reads to the end.
        frame_stride: The first of every `frame_stride` frames is returned; the others are not decoded.
        limits: Frames with more than its `max_pixels` pixels are rejected.

    Raises:
        VideoError: The file is missing or not a video, or `start` and `stop` are not valid for it.
        TooLargeError: The frames are larger than the limit.
    """

    def __init__(
        self,
        path: Path,
        *,
        start: float = 0.0,
        stop: float | None = None,
        frame_stride: int = 1,
        limits: ImageLimits = DEFAULT_LIMITS,
    ) -> None:
        if not (math.isfinite(start) and start >= 0) or (stop is not None and not stop > start):
            raise VideoError(f"start must be at least 0 and stop must be after it, got {start:g} and {stop}")
        if frame_stride < 1:
            raise ValueError(f"frame_stride must be at least 1, got {frame_stride}")
        if not path.is_file():
            raise VideoError(f"{path} must be a video file; no file has this path")
        self.path, self.start, self.stop, self.frame_stride = path, start, stop, frame_stride
        self.end_of_stream: EndOfStream | None = None
        """Where reading ended; None until then."""
        with self._open() as capture:
            self.width = round(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
            self.height = round(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
            if abs(capture.get(cv2.CAP_PROP_ORIENTATION_META)) % 180 == 90 and self._has_rotated_frames(capture):
                self.width, self.height = self.height, self.width
            reported = capture.get(cv2.CAP_PROP_FPS)
            self.fps = reported if 0 < reported <= _MAX_FPS else _DEFAULT_FPS
            num_frames = capture.get(cv2.CAP_PROP_FRAME_COUNT)
            # Some containers report no length: a negative number or 0.
            self.duration = num_frames / reported if num_frames > 0 and reported > 0 else None
        if self.duration is not None and start >= self.duration:
            raise VideoError(f"start must be before the end of {path} at {self.duration:.1f} s, got {start:g} s")
        if self.width * self.height > limits.max_pixels:
            raise TooLargeError(
                f"{path}: expected frames of at most {limits.max_pixels:,} pixels, got {self.width}x{self.height}; "
                "scale the video down"
            )

    @property
    def interval(self) -> float:
        """The usual time from one returned frame to the next, in seconds."""
        return self.frame_stride / self.fps

    @property
    def length(self) -> float | None:
        """The duration of the requested part in seconds; None where the file does not report its own."""
        end = self.duration if self.stop is None else min(self.stop, self.duration or math.inf)
        return None if end is None else max(end - self.start, 0.0)

    def __iter__(self) -> Iterator[Frame]:
        """Read the frames from `start` on.

        Raises:
            VideoError: No frame can be read.
        """
        self.end_of_stream = None
        last_time = 0.0
        # Counted from `start`: the stride applies to these indices.
        index = 0
        with self._open() as capture:
            for time in self._grab_frames(capture):
                if self.stop is not None and time >= self.stop:
                    self.end_of_stream = EndOfStream(self.stop, complete=True)
                    return
                last_time = time
                if index % self.frame_stride == 0:
                    ok, bgr = capture.retrieve()
                    if not ok:
                        break
                    yield Frame(time, np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8))
                index += 1
        if index == 0:
            raise VideoError(f"{self.path}: no frame can be read; the file is damaged or contains no video stream")
        self.end_of_stream = self._make_end_of_stream(last_time + 1 / self.fps)

    def _make_end_of_stream(self, time: float) -> EndOfStream:
        expected = self.stop if self.stop is not None else self.duration
        if self.duration is not None and expected is not None:
            expected = min(expected, self.duration)
        return EndOfStream(time, complete=expected is None or time >= expected - _END_TOLERANCE)

    def _grab_frames(self, capture: Any) -> Iterator[float]:
        """Grab frame after frame from `start` on, without decoding; yield their times."""
        is_grabbed = self.start > 0 and self._seek(capture)
        previous = -math.inf
        while is_grabbed or capture.grab():
            is_grabbed = False
            time = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            if time <= previous:
                # Missing or damaged timestamps: times must still increase.
                time = previous + 1 / self.fps
            previous = time
            if time >= self.start - 1e-6:
                yield time

    def _seek(self, capture: Any) -> bool:
        """Seek to a frame at or before `start`; return whether that frame is grabbed already."""
        capture.set(cv2.CAP_PROP_POS_MSEC, self.start * 1000)
        if capture.grab() and capture.get(cv2.CAP_PROP_POS_MSEC) / 1000 <= self.start + 1 / self.fps:
            return True
        # Seeking can overshoot where the frame rate varies; read from the beginning instead.
        capture.open(str(self.path), cv2.CAP_FFMPEG)
        return False

    @contextmanager
    def _open(self) -> Iterator[Any]:
        capture = cv2.VideoCapture(str(self.path), cv2.CAP_FFMPEG)
        try:
            if not capture.isOpened():
                raise VideoError(f"{self.path} must be a video that OpenCV can read; it may be damaged or incomplete")
            yield capture
        finally:
            capture.release()

    @staticmethod
    def _has_rotated_frames(capture: Any) -> bool:
        """Check for OpenCV versions that rotate frames but report their size before rotation."""
        ok, frame = capture.read()
        reported_size = capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
        return bool(ok) and frame.shape[:2] == reported_size
