"""Reading of a video file frame by frame, upright and with timestamps."""

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, dropwhile
from pathlib import Path
from typing import Final

from mememoji.errors import MissingExtraError, TooLargeError, VideoError

try:
    import av  # noqa: F401
except ModuleNotFoundError as error:
    raise MissingExtraError("video", "reading and writing video files") from error

from mememoji.file_names import format_name
from mememoji.image_io import DEFAULT_LIMITS, ImageLimits, RGBImage
from mememoji.video.frame_conversion import FrameConverter, square_pixel_size
from mememoji.video.video_decoder import DecodedFrame, VideoDecoder

_SEEK_MARGINS: Final = 0.0, 10.0
"""The seconds before the start to seek to, one after the other: seeking overshoots where key frames are not indexed."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One frame: its time in seconds on the clock of the file, and (H, W, 3) uint8 RGB, upright, with square pixels."""

    time: float
    image: RGBImage


@dataclass(frozen=True, slots=True)
class EndOfStream:
    """The time in seconds at which reading ended, and how complete it was.

    Attributes:
        time: The time in seconds on the clock of the file.
        complete: Whether the requested part was read to its end.
        num_damaged: The number of frames on the way that are damaged or could not be decoded.
    """

    time: float
    complete: bool
    num_damaged: int = 0


class VideoReader:
    """An iterable over the frames of a video file, read with PyAV; it holds a few frames at a time.

    Times are those that players show: the timestamps of the file, of which the first need not be 0, and which keep a
    variable frame rate. In MPEG-TS and other broadcast formats, whose clock starts anywhere, 0 is the start of the
    file. Rotation and pixel shape set in the file are applied, interlaced frames are deinterlaced. Frames keep their
    own size where it changes within the stream.

    Args:
        path: The video file.
        start: The time to start at, in seconds; 0 starts at the first frame.
        stop: The time to stop at, in seconds, after `start`; None reads to the end.
        frame_stride: The first of every `frame_stride` frames is returned; the others are decoded, but not converted.
        limits: Frames with more than its `max_pixels` pixels are rejected.

    Raises:
        VideoError: The file is missing or not a video, no frame can be read, or `start` and `stop` are not valid for
            it.
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
        self.path, self.start, self.stop, self.frame_stride, self.limits = path, start, stop, frame_stride, limits
        self.end_of_stream: EndOfStream | None = None
        """Where reading ended; None until then."""
        with VideoDecoder(path) as decoder:
            self.fps = decoder.fps
            """The mean number of frames per second."""
            self.duration = decoder.duration
            """The time in seconds at which the file ends by its own account; None where it gives none."""
            if self.duration is not None and start >= self.duration:
                raise VideoError(
                    f"start must be before the end of {format_name(path)} at {self.duration:.1f} s, got {start:g} s"
                )
            self._check_size(*decoder.size, decoder)
            first = next(decoder.decode(), None)
            if first is None:
                raise VideoError(
                    f"{format_name(path)}: no frame can be read; the file is damaged or cannot be decoded by FFmpeg"
                )
            self._check_size(first.frame.width, first.frame.height, decoder)
            self.height, self.width = FrameConverter().convert(first.frame, decoder.pixel_shape).shape[:2]
            self.first_time = first.time
            """The time of the first frame of the file, in seconds."""
            self.clock_start = decoder.clock_start
            """The time at which the first stream of the file begins, in seconds: audio may begin before the frames."""

    @property
    def interval(self) -> float:
        """The usual time from one returned frame to the next, in seconds."""
        return self.frame_stride / self.fps

    @property
    def length(self) -> float | None:
        """The duration of the requested part in seconds; None where the file does not report its own."""
        end = self.duration if self.stop is None else min(self.stop, self.duration or math.inf)
        return None if end is None else max(end - max(self.start, self.first_time), 0.0)

    def __iter__(self) -> Iterator[Frame]:
        """Read the frames from `start` on.

        Raises:
            VideoError: No frame can be read.
            TooLargeError: A frame is larger than the limit.
        """
        self.end_of_stream = None
        # Counted from `start`: the stride applies to these indices.
        index, end = 0, self.start
        converter = FrameConverter()
        with self._open_at_start() as (decoder, decoded_frames):
            for decoded in decoded_frames:
                if self.stop is not None and decoded.time >= self.stop:
                    self.end_of_stream = EndOfStream(self.stop, complete=True, num_damaged=decoder.num_damaged)
                    return
                if index % self.frame_stride == 0:
                    self._check_size(decoded.frame.width, decoded.frame.height, decoder)
                    yield Frame(decoded.time, converter.convert(decoded.frame, decoder.pixel_shape))
                index, end = index + 1, decoded.end
            if index == 0:
                raise VideoError(
                    f"{format_name(self.path)}: no frame at or after {self.start:g} s can be read; start earlier"
                )
            self.end_of_stream = EndOfStream(end, decoder.is_complete(), decoder.num_damaged)

    @contextmanager
    def _open_at_start(self) -> Iterator[tuple[VideoDecoder, Iterator[DecodedFrame]]]:
        """Open the file; return the decoder and its frames from `start` on."""
        for margin in _SEEK_MARGINS:
            target = self.start - margin
            if target <= self.first_time:
                break
            with VideoDecoder(self.path) as decoder:
                frames = decoder.decode_from(target)
                first = next(frames, None)
                if first is not None and first.time <= self.start:
                    yield decoder, self._skip_to_start(chain([first], frames))
                    return
        with VideoDecoder(self.path) as decoder:
            yield decoder, self._skip_to_start(decoder.decode()) if self.start > 0 else decoder.decode()

    def _skip_to_start(self, frames: Iterable[DecodedFrame]) -> Iterator[DecodedFrame]:
        # Times written with milliseconds are found again.
        return dropwhile(lambda decoded: decoded.time < self.start - 1e-6, frames)

    def _check_size(self, width: int, height: int, decoder: VideoDecoder) -> None:
        width, height = square_pixel_size(width, height, decoder.pixel_shape)
        if width * height > self.limits.max_pixels:
            raise TooLargeError(
                f"{format_name(self.path)}: expected frames of at most {self.limits.max_pixels:,} pixels, "
                f"got {width}x{height}; scale the video down"
            )
