"""One pass over the video stream of a file: its frames as they are stored, with their times."""

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, islice
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import av
from av.codec.context import CodecContext, ThreadType
from av.packet import Packet
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from mememoji.errors import VideoError
from mememoji.video.frame_conversion import Deinterlacer
from mememoji.video.media_file import MAX_REPEAT, find_clock_origin, find_video_stream, open_media_file
from mememoji.video.truncation import is_truncated

_DEFAULT_FPS: Final = 25.0
_MAX_FPS: Final = 1000.0
_MIN_STEP: Final = 1e-3
"""The time in seconds between two frames that have the same timestamp."""
_END_TOLERANCE: Final = 0.5
"""The time in seconds by which the frames may end before the duration that a header declares."""
_MAX_UNTIMED: Final = 1000
_MAX_REORDERED: Final = 16
"""The number of packets within which codecs change the order of frames."""
_DURATION_FORMATS: Final = {"asf", "flv", "mxf"}
"""Containers whose header declares the duration of all streams, but no size."""


@dataclass(frozen=True, slots=True, eq=False)
class DecodedFrame:
    """A frame as the decoder returns it, and the seconds from which and until which it is shown."""

    time: float
    end: float
    frame: VideoFrame


class VideoDecoder:
    """A decoder of one video file, in one pass.

    Args:
        path: The video file.

    Raises:
        VideoError: The file is missing or not a video.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._container = open_media_file(path)
        try:
            self._stream = find_video_stream(self._container, path)
        except VideoError:
            self._container.close()
            raise
        self._codec = _make_codec_context(self._stream)
        self._codec.thread_type = ThreadType.AUTO
        self._time_base = self._stream.time_base or Fraction(1, av.time_base)
        self._origin = find_clock_origin(self._container)
        self.fps = _find_frame_rate(self._stream)
        """The mean number of frames per second."""
        self.num_damaged = 0
        """The number of damaged frames so far; those before the first frame that can be decoded do not count."""
        self._ends_in_damage = False
        self._frame_end = self._packet_time = self._end_of_all = -math.inf

    @property
    def size(self) -> tuple[int, int]:
        """The width and height of the frames as the header declares them, in stored pixels."""
        return self._codec.width, self._codec.height

    @property
    def pixel_shape(self) -> Fraction | None:
        """The width of a pixel divided by its height; None where the file does not state it."""
        return self._stream.sample_aspect_ratio or self._codec.sample_aspect_ratio

    @property
    def clock_start(self) -> float:
        """The time at which the first stream of the file begins, in seconds; sound may begin before the video."""
        return (self._container.start_time or 0) / av.time_base - self._origin

    @property
    def duration(self) -> float | None:
        """The time at which the file ends by its own account, in seconds; None where it gives none."""
        start, duration = self._container.start_time, self._container.duration
        if not duration or duration < 0:
            return None
        return ((start or 0) + duration) / av.time_base - self._origin

    def decode_from(self, time: float) -> Iterator[DecodedFrame]:
        """Seek to the last key frame at or before a time in seconds, as far as the container permits, and decode."""
        with suppress(av.error.FFmpegError):
            self._container.seek(math.floor((time + self._origin) / self._time_base), stream=self._stream)
            self._codec.flush_buffers()
        return self.decode()

    def decode(self) -> Iterator[DecodedFrame]:
        """Decode the frames from here to the end, in increasing time. Frames that cannot be decoded are left out."""
        deinterlacer = Deinterlacer()
        previous, shift = -math.inf, 0.0
        for decoded in chain(self._decode_packets(), [None]):
            for frame in deinterlacer.process(decoded):
                time = self._read_time(frame, previous - shift) + shift
                if time < previous - MAX_REPEAT:
                    # The clock was reset, as in joined recordings; the video continues.
                    shift += previous + 1 / self.fps - time
                    time = previous + 1 / self.fps
                time = max(time, previous + _MIN_STEP)
                previous = time
                self._frame_end = time + (float(frame.duration * (frame.time_base or 0)) or 1 / self.fps)
                yield DecodedFrame(time, self._frame_end, frame)

    def is_complete(self) -> bool:
        """Return whether the whole video was decoded, after the last frame."""
        if self._ends_in_damage or self._packet_time > self._frame_end + _END_TOLERANCE:
            return False
        if self._container.format.name in _DURATION_FORMATS and self.duration is not None:
            return self._end_of_all >= self.duration - _END_TOLERANCE
        return not is_truncated(self._path)

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _decode_packets(self) -> Iterator[VideoFrame]:
        has_frames = False
        try:
            for packet in self._container.demux(*self._find_measured_streams()):
                if packet.stream.index != self._stream.index:
                    self._measure(packet)
                    continue
                # Empty packets repeat the frame before; a decoder would take them for the end.
                if packet.size == 0:
                    continue
                self._measure(packet)
                self._ends_in_damage = packet.is_corrupt
                for frame in self._decode_packet(packet, counts=has_frames):
                    has_frames = True
                    yield frame
        except av.error.FFmpegError:
            self._ends_in_damage = True
        yield from self._decode_packet(None, counts=has_frames)

    def _decode_packet(self, packet: "Packet[Stream] | None", *, counts: bool) -> Iterator[VideoFrame]:
        try:
            frames = self._codec.decode(packet)
        except av.error.FFmpegError:
            self.num_damaged += counts
            return
        for frame in frames:
            # The frames of the last packets carry no time base.
            frame.time_base = self._time_base
            self._ends_in_damage |= frame.is_corrupt
            self.num_damaged += frame.is_corrupt
            yield frame

    def _find_measured_streams(self) -> list[Stream]:
        is_measured = self._container.format.name in _DURATION_FORMATS
        return list(self._container.streams) if is_measured else [self._stream]

    def _measure(self, packet: "Packet[Stream]") -> None:
        """Note until when the packets last."""
        if packet.pts is None:
            return
        end = float((packet.pts + (packet.duration or 0)) * packet.time_base) - self._origin
        self._end_of_all = max(self._end_of_all, end)
        if packet.stream.index == self._stream.index:
            self._packet_time = float(packet.pts * packet.time_base) - self._origin

    def _read_time(self, frame: VideoFrame, previous: float) -> float:
        if frame.pts is not None and frame.time_base is not None:
            return float(frame.pts * frame.time_base) - self._origin
        return previous + 1 / self.fps if math.isfinite(previous) else self._find_first_time()

    def _find_first_time(self) -> float:
        """Return the time of a first frame without a timestamp: Matroska has none below 0, raw streams none at all."""
        timestamps: list[int] = []
        num_untimed = 0
        with suppress(av.error.FFmpegError), open_media_file(self._path) as container:
            packets = (packet for packet in container.demux(container.streams[self._stream.index]) if packet.size)
            for packet in islice(packets, _MAX_UNTIMED):
                if packet.pts is None:
                    num_untimed += 1
                else:
                    timestamps.append(packet.pts)
                if len(timestamps) == _MAX_REORDERED:
                    break
        return float(min(timestamps) * self._time_base) - self._origin - num_untimed / self.fps if timestamps else 0.0


def _make_codec_context(stream: VideoStream) -> VideoCodecContext:
    """Return the decoder of a stream."""
    codec = stream.codec_context
    # FFmpeg's own decoders of VP8 and VP9 leave out the alpha channel.
    decoder = {"vp8": "libvpx", "vp9": "libvpx-vp9"}.get(codec.name)
    if stream.metadata.get("alpha_mode") != "1" or decoder is None:
        return codec
    context = CodecContext.create(decoder, "r")
    context.extradata = codec.extradata
    assert isinstance(context, VideoCodecContext)
    context.width, context.height = codec.width, codec.height
    return context


def _find_frame_rate(stream: VideoStream) -> float:
    for rate in (stream.average_rate, stream.guessed_rate):
        if rate and 0 < rate <= _MAX_FPS:
            return float(rate)
    return _DEFAULT_FPS
