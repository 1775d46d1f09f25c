"""Encoding of frames into a video file, with the audio and subtitles of another one."""

import contextlib
import math
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import cv2
import numpy as np

from mememoji.errors import MissingExtraError, RunError

try:
    import av
except ModuleNotFoundError as error:
    raise MissingExtraError("video", "reading and writing video files") from error

from av.codec.codec import Codec
from av.codec.context import ThreadType
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, VideoReformatter
from av.video.stream import VideoStream

from mememoji.file_names import format_name
from mememoji.image_io import RGBImage
from mememoji.video.media_file import make_url
from mememoji.video.output_format import find_output_format
from mememoji.video.source_streams import SourceStreams
from mememoji.video.stream_copy import StreamCopy

_TIME_BASE: Final = Fraction(1, 60_000)
"""The unit of written times: exact for 25, 30, 50 and 60 frames a second, for NTSC's rates and for milliseconds."""
_OPTIONS: Final = {
    "libx264": {"preset": "veryfast", "crf": "20"},
    "libopenh264": {"rc_mode": "quality"},
    "mpeg4": {"flags": "+qscale", "global_quality": str(4 * 118)},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "row-mt": "1", "crf": "32", "b": "0"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8", "crf": "16", "b": "4M"},
}
"""The quality of each encoder, at a speed that does not hold up the analysis."""


class VideoEncoder:
    """A writer of video files that keeps the times of the frames. The file is playable after `close`.

    MP4, QuickTime and Matroska files are in H.264, WebM files in VP9. The suffix decides which.

    Args:
        path: The file, which is replaced; it ends in one of `OUTPUT_FORMATS`.
        width: The width of the frames in pixels. Odd sides grow by one pixel, because the codecs need even ones.
        height: The height of the frames in pixels.
        fps: The mean frames per second; the last frame is shown for that long.
        source: The file whose audio and subtitles are copied; None copies none. Its clock is that of the frames.
        start: The time in seconds that is 0 in the file; None takes that of the first frame.

    Raises:
        InputError: The suffix of the file is not known.
        RunError: The file cannot be written.
        VideoError: The source cannot be read.
    """

    def __init__(
        self,
        path: Path,
        width: int,
        height: int,
        fps: float,
        *,
        source: SourceStreams | None = None,
        start: float | None = None,
    ) -> None:
        output_format = find_output_format(path)
        if source is not None and start is None:
            raise ValueError("start must be given together with a source, got None; pass the time of the first frame")
        self._path, self._size, self._fps, self._start = path, (width, height), fps, start
        self._even_size = width + width % 2, height + height % 2
        self._reformatter = VideoReformatter()
        self._pending: RGBImage | None = None
        self._pending_pts, self._num_written = 0, 0
        self._copy: StreamCopy | None = None
        try:
            self._container = av.open(
                make_url(path), "w", format=output_format.muxer, container_options=dict(output_format.options)
            )
            self._stream = self._add_stream(output_format.video_encoders)
            if source is not None and start is not None:
                self._copy = StreamCopy(source, self._container, output_format, start)
            self._container.start_encoding()
        except (av.error.FFmpegError, OSError) as error:
            raise self._make_error(error) from error

    @property
    def messages(self) -> tuple[str, ...]:
        """What was left out of the source, a sentence for each stream."""
        return () if self._copy is None else tuple(self._copy.messages)

    def write(self, image: RGBImage, time: float) -> None:
        """Add a frame that is shown from `time` on.

        A frame of another size than the video is scaled into it, with black beside it where its shape differs.

        Args:
            image: The frame, (H, W, 3) uint8 RGB.
            time: The time in seconds, not before that of the frame before.

        Raises:
            RunError: The encoder failed.
        """
        if self._start is None:
            self._start = time
        pts = round((time - self._start) / _TIME_BASE)
        # Of frames at the same time the last one stays.
        if self._pending is not None and pts > self._pending_pts:
            self._encode_pending()
        self._pending, self._pending_pts = image, pts
        if self._copy is not None:
            try:
                self._copy.copy_until(time)
            except av.error.FFmpegError as error:
                raise self._make_error(error) from error

    def close(self) -> None:
        """Write the last frame and the rest of the audio, and finish the file.

        Raises:
            RunError: The encoder failed.
        """
        self._finish(math.inf)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
            return
        # The first error is the one to report. What was interrupted ends with its last frame.
        with contextlib.suppress(RunError):
            self._finish((self._start or 0.0) + float(self._pending_pts * _TIME_BASE))

    def _finish(self, copy_end: float) -> None:
        try:
            if self._pending is not None:
                self._encode_pending()
            if self._num_written:
                self._container.mux(self._stream.encode(None))
            if self._copy is not None:
                self._copy.copy_until(copy_end)
                self._copy.finish()
        except av.error.FFmpegError as error:
            raise self._make_error(error) from error
        finally:
            self._pending = None
            if self._copy is not None:
                self._copy.close()
            try:
                self._container.close()
            except av.error.FFmpegError as error:
                raise self._make_error(error) from error

    def _add_stream(self, encoders: tuple[str, ...]) -> VideoStream:
        encoder = next(name for name in encoders if name in av.codecs_available and Codec(name, "w"))
        rate = Fraction(self._fps).limit_denominator(1001)
        stream = self._container.add_stream(
            encoder,
            rate=rate,
            options=_OPTIONS[encoder],
            width=self._even_size[0],
            height=self._even_size[1],
            time_base=_TIME_BASE,
        )
        assert isinstance(stream, VideoStream)
        stream.codec_context.thread_type = ThreadType.AUTO
        stream.codec_context.sample_aspect_ratio = Fraction(1)
        stream.color_range = ColorRange.MPEG
        stream.colorspace = stream.color_primaries = stream.color_trc = ColorTrc.BT709
        return stream

    def _encode_pending(self) -> None:
        assert self._pending is not None
        frame = self._reformatter.reformat(
            VideoFrame.from_ndarray(self._fit(self._pending), format="rgb24"),
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
        )
        frame.color_primaries, frame.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
        frame.pts, frame.time_base = self._pending_pts, _TIME_BASE
        self._pending = None
        self._num_written += 1
        try:
            self._container.mux(self._stream.encode(frame))
        except av.error.FFmpegError as error:
            raise self._make_error(error) from error

    def _fit(self, image: RGBImage) -> RGBImage:
        height, width = image.shape[:2]
        if (width, height) != self._size:
            scale = min(self._size[0] / width, self._size[1] / height)
            width, height = max(1, round(width * scale)), max(1, round(height * scale))
            scaled = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
            left, top = (self._size[0] - width) // 2, (self._size[1] - height) // 2
            image = np.zeros((self._size[1], self._size[0], 3), np.uint8)
            image[top : top + height, left : left + width] = scaled
        padding = [(0, even - side) for even, side in zip(self._even_size[::-1], image.shape[:2], strict=True)]
        return np.pad(image, (*padding, (0, 0)), mode="edge") if self._even_size != self._size else image

    def _make_error(self, error: BaseException) -> RunError:
        name = format_name(self._path)
        if not self._path.parent.is_dir():
            return RunError(f"{name} cannot be written: its folder does not exist; create it")
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return RunError(f"{name} cannot be written: {reason}")
