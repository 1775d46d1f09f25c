"""Capture of a camera, a video file or a stream in a background thread, which keeps the newest frame."""

import contextlib
import re
import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from mememoji.errors import InputError
from mememoji.file_names import format_name
from mememoji.image_io import RGBImage

RETRY_SECONDS: Final = 2.0
"""The time after which a lost source is opened again, in seconds."""

_OPEN_TIMEOUT: Final = 5.0
_MAX_INDEX_DIGITS: Final = 4
_RESTART_INTERVAL: Final = 1 / 25


class CaptureState(Enum):
    """The state of a capture."""

    OPENING = "opening"
    RUNNING = "running"
    LOST = "lost"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, eq=False)
class CapturedFrame:
    """A frame as it was captured.

    Attributes:
        image: The frame, (H, W, 3) uint8 RGB.
        time: The time in seconds since the capture started; for a file, the timestamp in the file.
        captured_at: The time of `time.perf_counter` at which the frame arrived.
    """

    image: RGBImage
    time: float
    captured_at: float


class Capture:
    """A background reader of a video source that keeps its newest frame and drops older ones.

    A file plays at its own pace and ends. A camera or a stream that delivers no frames is lost, and is opened again
    every `retry_seconds` until it delivers some.

    Args:
        source: The index of a camera, the path of a file, or a URL.
        retry_seconds: The time between two attempts to open a lost source, in seconds.
        keep_all_frames: For a file, wait until each frame is fetched instead of playing at its own pace.
    """

    def __init__(self, source: str, *, retry_seconds: float = RETRY_SECONDS, keep_all_frames: bool = False) -> None:
        self.source = source
        self.is_file = not is_camera(source) and not is_url(source)
        self._retry_seconds, self._keep_all_frames = retry_seconds, keep_all_frames and self.is_file
        self._changed = threading.Condition()
        self._stop_event = threading.Event()
        self._retry_event = threading.Event()
        self._state = CaptureState.OPENING
        self._error: InputError | None = None
        self._frame: CapturedFrame | None = None
        self._started_at, self._last_time = time.perf_counter(), 0.0
        self._thread = threading.Thread(target=self._run, name="mememoji-capture", daemon=True)

    @property
    def state(self) -> CaptureState:
        """The current state."""
        return self._state

    @property
    def error(self) -> InputError | None:
        """Why a file cannot be read; None while it can, and for other sources."""
        return self._error

    def start(self) -> None:
        """Start the background thread."""
        self._thread.start()

    def fetch(self, timeout: float) -> CapturedFrame | None:
        """Return the newest frame that was not fetched yet, or None if none arrives within `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._frame is not None, timeout)
            frame, self._frame = self._frame, None
            self._changed.notify_all()
            return frame

    def retry(self) -> None:
        """Open a lost source now, or play a file that has ended again; do nothing while it runs."""
        if self._state in (CaptureState.LOST, CaptureState.ENDED):
            self._retry_event.set()

    def stop(self) -> None:
        """Stop the background thread and wait until it ends, but no longer than an unresponsive device may block it."""
        self._stop_event.set()
        self._retry_event.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout=2 * _OPEN_TIMEOUT)

    def _run(self) -> None:
        while not self._stop_event.is_set():
            if self._state is CaptureState.ENDED:
                self._state = CaptureState.OPENING
            self._error = None
            with contextlib.closing(self._read_file() if self.is_file else _read_stream(self.source)) as frames:
                has_frames = self._publish_frames(frames)
            if self._stop_event.is_set():
                return
            ended = self.is_file and has_frames
            self._state = CaptureState.ENDED if ended else CaptureState.LOST
            self._retry_event.wait(None if ended else self._retry_seconds)
            self._retry_event.clear()

    def _publish_frames(self, frames: Iterator[tuple[float, RGBImage]]) -> bool:
        """Publish frames until no more arrive; return whether there was at least one."""
        opened_at, has_frames = time.perf_counter(), False
        # A file that is played again continues in time, because the times of a timeline must increase.
        offset = self._last_time + _RESTART_INTERVAL if self._last_time else 0.0
        first_position: float | None = None
        for position, image in frames:
            now = time.perf_counter()
            frame_time = now - self._started_at
            if self.is_file:
                first_position = position if first_position is None else first_position
                frame_time = offset + position
                due_in = opened_at + position - first_position - now
                if not self._keep_all_frames and self._stop_event.wait(max(0.0, due_in)):
                    return True
            self._last_time = max(frame_time, self._last_time + 1e-3)
            self._publish(CapturedFrame(image, self._last_time, time.perf_counter()))
            self._state, has_frames = CaptureState.RUNNING, True
            if self._stop_event.is_set():
                break
        return has_frames

    def _read_file(self) -> Generator[tuple[float, RGBImage], None, None]:
        """Yield the times in seconds and the frames of the file, until its end or an error."""
        # Here, because a camera needs no extra.
        from mememoji.video.video_reader import VideoReader

        try:
            for frame in VideoReader(Path(self.source)):
                yield frame.time, frame.image
        except InputError as error:
            self._error = error

    def _publish(self, frame: CapturedFrame) -> None:
        with self._changed:
            if self._keep_all_frames:
                self._changed.wait_for(lambda: self._frame is None or self._stop_event.is_set())
            self._frame = frame
            self._changed.notify_all()


def is_camera(source: str) -> bool:
    """Return whether a source is the index of a camera: a number of at most four digits."""
    return source.isascii() and source.isdecimal() and len(source) <= _MAX_INDEX_DIGITS


def is_url(source: str) -> bool:
    """Return whether a source is a URL."""
    return re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+://", source) is not None


def display_name(source: str) -> str:
    """Return the name of a source for messages; the user and password of a URL are removed."""
    if is_camera(source):
        return f"camera {source}"
    if is_url(source):
        return format_name(re.sub(r"//[^/@]*@", "//", source))
    return format_name(Path(source).name)


def _read_stream(source: str) -> Generator[tuple[float, RGBImage], None, None]:
    """Yield the frames of a camera or a stream, with the time 0, until it delivers none."""
    if is_camera(source):
        capture: Any = cv2.VideoCapture(int(source))
    else:
        timeouts = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, cv2.CAP_PROP_READ_TIMEOUT_MSEC]
        options = [value for timeout in timeouts for value in (timeout, int(_OPEN_TIMEOUT * 1000))]
        capture = cv2.VideoCapture(source, cv2.CAP_FFMPEG, options)
    try:
        while capture.isOpened():
            ok, bgr = capture.read()
            if not ok or bgr is None:
                return
            yield 0.0, np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
    finally:
        capture.release()
