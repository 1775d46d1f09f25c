"""A recording: an MP4 file with the overlay, and a CSV timeline beside it."""

from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import cv2
import numpy as np

from mememoji.errors import RunError
from mememoji.image_io import RGBImage
from mememoji.tracking.face_tracking import Moment
from mememoji.video.timeline import TimelineWriter
from mememoji.video.video_encoder import VideoEncoder

RATE: Final = 25.0
"""Frames a second: a camera's come when they come."""


class Recording:
    """Writes `NAME.mp4` and `NAME.csv`; both count time from the first frame.

    Args:
        folder: where the two go.
        name: without an ending.

    Raises:
        RunError: they cannot be written.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.video, self.timeline = folder / f"{name}.mp4", folder / f"{name}.csv"
        self._rows = TimelineWriter(self.timeline)
        self._encoder: VideoEncoder | None = None
        self._start = self._last = 0.0
        self._size = 0, 0

    @property
    def seconds(self) -> float:
        """How long it is so far."""
        return self._last - self._start

    def add(self, image: RGBImage, moment: Moment) -> None:
        """Add a frame with its overlay (H, W, 3) uint8 RGB, and its faces.

        Raises:
            RunError: the encoder or the disk gave up.
        """
        height, width = image.shape[:2]
        if self._encoder is None:
            self._start, self._size = moment.time, (width, height)
            self._encoder = VideoEncoder(self.video, width, height, RATE)
        if (width, height) != self._size:
            # A source that came back may have another size; a file has one.
            image = np.asarray(cv2.resize(image, self._size, interpolation=cv2.INTER_AREA), np.uint8)
        self._last = moment.time
        self._encoder.write(image, moment.time)
        self._rows.add(Moment(moment.time - self._start, moment.analysis, moment.numbers))

    def close(self) -> None:
        """End both files.

        Raises:
            RunError: the encoder gave up.
        """
        self._rows.close()
        if self._encoder is not None:
            self._encoder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def stamp(folder: Path, ending: str) -> str:
    """A file's name from the clock that is not yet taken with this ending in a folder, which is made.

    Raises:
        RunError: the folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{folder} cannot be made: {error.strerror}") from error
    name = base = f"mememoji-{datetime.now().astimezone():%Y-%m-%d-%H-%M-%S}"
    number = 1
    while (folder / f"{name}{ending}").exists():
        number += 1
        name = f"{base}-{number}"
    return name
