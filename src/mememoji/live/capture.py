"""The newest frame of a camera, a file or a stream, read beside whoever looks at it."""

import re
import threading
import time
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from mememoji.image_io import RGBImage

RETRY_SECONDS: Final = 2.0
"""After so many seconds a lost source is tried again."""

_OPEN_SECONDS: Final = 5.0
_RATE: Final = 25.0


class State(Enum):
    """What a capture is at."""

    OPENING = "opening"
    RUNNING = "running"
    LOST = "lost"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A frame as it came: (H, W, 3) uint8 RGB.

    Attributes:
        image: the frame.
        time: in seconds since the capture started; a file's own time where it is one.
        taken: when it came, by `time.perf_counter`.
    """

    image: RGBImage
    time: float
    taken: float


class Capture:
    """Reads a source in a thread of its own and holds its newest frame; older ones are dropped.

    A file plays at its own pace and ends. A camera or a stream that gives nothing is lost: it is tried again every
    `retry` seconds until it is there.

    Args:
        source: a camera's number, a file or a URL.
        retry: seconds between two tries.
        wait: have every frame of a file taken before the next is read, instead of keeping its pace.
    """

    def __init__(self, source: str, *, retry: float = RETRY_SECONDS, wait: bool = False) -> None:
        self.source = source
        self.is_file = not is_camera(source) and not is_url(source)
        self._retry, self._wait = retry, wait and self.is_file
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._again = threading.Event()
        self._state = State.OPENING
        self._shot: Shot | None = None
        self._started, self._reached = time.perf_counter(), 0.0
        self._thread = threading.Thread(target=self._run, name="mememoji-capture", daemon=True)

    @property
    def state(self) -> State:
        return self._state

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def take(self, timeout: float) -> Shot | None:
        """The newest frame not yet taken; waits `timeout` seconds for one, and gives None if none comes."""
        with self._changed:
            self._changed.wait_for(lambda: self._shot is not None, timeout)
            shot, self._shot = self._shot, None
            self._changed.notify_all()
            return shot

    def again(self) -> None:
        """Try a lost source now; play a file that has ended from its start."""
        self._again.set()

    def stop(self) -> None:
        """End the thread; returns when it has ended, or hangs in a device that does not answer."""
        self._stopping.set()
        self._again.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout=2 * _OPEN_SECONDS)

    def _run(self) -> None:
        while not self._stopping.is_set():
            if self._state is State.ENDED:
                self._state = State.OPENING
            capture = _open(self.source)
            try:
                seen = capture.isOpened() and self._read(capture)
            finally:
                capture.release()
            if self._stopping.is_set():
                return
            ended = self.is_file and seen
            self._state = State.ENDED if ended else State.LOST
            self._again.wait(None if ended else self._retry)
            self._again.clear()

    def _read(self, capture: Any) -> bool:
        """Read until nothing comes any more; whether anything came."""
        began, seen = time.perf_counter(), False
        # A second round of a file goes on in time: a timeline's times rise.
        offset = self._reached + 1 / _RATE if self._reached else 0.0
        while not self._stopping.is_set():
            ok, bgr = capture.read()
            if not ok or bgr is None:
                return seen
            now = time.perf_counter()
            moment = now - self._started
            if self.is_file:
                at = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
                moment = offset + at
                if not self._wait and self._stopping.wait(max(0.0, began + at - now)):
                    return True
            self._reached = max(moment, self._reached + 1e-3)
            image = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
            self._offer(Shot(image, self._reached, time.perf_counter()))
            self._state, seen = State.RUNNING, True
        return seen

    def _offer(self, shot: Shot) -> None:
        with self._changed:
            if self._wait:
                self._changed.wait_for(lambda: self._shot is None or self._stopping.is_set())
            self._shot = shot
            self._changed.notify_all()


def is_camera(source: str) -> bool:
    """Whether a source is a camera's number."""
    return source.isdecimal()


def is_url(source: str) -> bool:
    """Whether a source is a URL."""
    return re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+://", source) is not None


def name_of(source: str) -> str:
    """What a source is called to people; a URL's user and password are left out."""
    if is_camera(source):
        return f"camera {source}"
    if is_url(source):
        return re.sub(r"//[^/@]*@", "//", source)
    return Path(source).name


def _open(source: str) -> Any:
    if is_camera(source):
        return cv2.VideoCapture(int(source))
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, cv2.CAP_PROP_READ_TIMEOUT_MSEC]
    options = [value for limit in limits for value in (limit, int(_OPEN_SECONDS * 1000))]
    return cv2.VideoCapture(source, cv2.CAP_FFMPEG, options if is_url(source) else [])
