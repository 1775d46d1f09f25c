"""Recording of the live view: an MP4 file with the overlay, and a CSV timeline beside it."""

from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from mememoji.errors import RunError
from mememoji.image_io import RGBImage
from mememoji.tracking.face_tracking import TrackedFrame
from mememoji.video.timeline import TimelineWriter
from mememoji.video.video_encoder import VideoEncoder

FPS: Final = 25.0
"""The constant frame rate of the file; frames of a camera arrive irregularly."""


class Recorder:
    """A writer of `NAME.mp4` and `NAME.csv`; the first frame creates both files, and has the time 0 in them.

    Args:
        folder: The folder for the two files.
        name: The name of the files without suffix.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.video_path, self.timeline_path = folder / f"{name}.mp4", folder / f"{name}.csv"
        self._timeline: TimelineWriter | None = None
        self._encoder: VideoEncoder | None = None
        self._start = self._last_time = 0.0

    @property
    def seconds(self) -> float:
        """The duration recorded so far, in seconds."""
        return self._last_time - self._start

    @property
    def has_frames(self) -> bool:
        """Whether a frame was added."""
        return self._encoder is not None

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of the recording that exist: none without a frame, or after their folder was deleted."""
        return tuple(path for path in (self.video_path, self.timeline_path) if path.exists())

    def add(self, image: RGBImage, tracked_frame: TrackedFrame) -> None:
        """Add a frame with its overlay, (H, W, 3) uint8 RGB, and its faces.

        Raises:
            RunError: The files cannot be written, the encoder failed, or the disk is full.
        """
        height, width = image.shape[:2]
        time = tracked_frame.time
        if self._timeline is None or self._encoder is None:
            self._start = time
            self._timeline = TimelineWriter(self.timeline_path)
            self._encoder = VideoEncoder(self.video_path, width, height, FPS)
        self._last_time = time
        self._encoder.write(image, time)
        self._timeline.add(TrackedFrame(time - self._start, tracked_frame.analysis, tracked_frame.track_ids))

    def close(self) -> None:
        """Finish both files.

        Raises:
            RunError: The encoder failed.
        """
        if self._timeline is not None:
            self._timeline.close()
        if self._encoder is not None:
            self._encoder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def make_unused_name(folder: Path, suffix: str) -> str:
    """Return a file name without suffix, made from the current time, that is not used in a folder.

    Args:
        folder: The folder, which is created if it is missing.
        suffix: The suffix that the file will have.

    Raises:
        RunError: The folder cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"the folder {folder} cannot be created: {error.strerror}; choose another") from error
    name = base = f"mememoji-{datetime.now().astimezone():%Y-%m-%d-%H-%M-%S}"
    number = 1
    while (folder / f"{name}{suffix}").exists():
        number += 1
        name = f"{base}-{number}"
    return name
