"""Copy of a file's audio and subtitles into another file, beside a video that is re-encoded."""

import math
from collections.abc import Generator
from contextlib import suppress
from fractions import Fraction
from typing import Final

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream

from mememoji.video.audio_encoder import AudioEncoder
from mememoji.video.media_file import MAX_REPEAT, find_clock_origin, open_media_file
from mememoji.video.output_format import OUTPUT_FORMATS, OutputFormat
from mememoji.video.source_streams import SourceStreams

_KEPT_TAGS: Final = "language", "title", "handler_name"
_MATROSKA: Final = {"matroska", "webm"}
_MAX_DISORDER: Final = 2.0
"""The seconds by which packets of different streams may be out of order in a file."""


class StreamCopy:
    """A copy of audio and subtitles that keeps pace with a video.

    Packets are copied unchanged where the container holds them. Other audio is re-encoded, other subtitles are left
    out.

    Args:
        source: The file to copy from.
        output: The file to copy to; it gets the streams.
        output_format: Its container.
        zero: The time on the clock of the source that is 0 in the output, in seconds.

    Raises:
        VideoError: The source cannot be opened.
    """

    def __init__(
        self, source: SourceStreams, output: OutputContainer, output_format: OutputFormat, zero: float
    ) -> None:
        self.messages: list[str] = []
        """What was left out, a sentence for each stream."""
        self._source, self._output, self._format = source, output, output_format
        self._input = open_media_file(source.path)
        self._origin = find_clock_origin(self._input)
        self._shift = -Fraction(self._origin + zero)
        # Encoders of audio begin with a packet before 0. Matroska has no times below 0, but notes the delay of audio;
        # where the source did not, its muxer would move everything else.
        self._keeps_early = output_format.muxer not in _MATROSKA or "matroska" in self._input.format.name
        self._joints: dict[int, float] = {}
        self._times: dict[int, float] = {}
        self._ends: dict[int, float] = {}
        self._last_dts: dict[int, int | None] = {}
        self._targets: dict[int, Stream | AudioEncoder] = {}
        for stream in (*self._input.streams.audio, *self._input.streams.subtitles):
            target = self._add_target(stream)
            if target is not None:
                self._targets[stream.index] = target
                written = target.stream if isinstance(target, AudioEncoder) else target
                written.metadata.update({key: stream.metadata[key] for key in _KEPT_TAGS if key in stream.metadata})
                written.disposition = stream.disposition
        self._packets = self._read_packets()
        self._next: Packet[Stream] | None = next(self._packets, None)

    def copy_until(self, time: float) -> None:
        """Copy the packets up to a time in seconds on the clock of the source; infinity copies all that are left.

        Raises:
            av.error.FFmpegError: The file cannot be written.
        """
        while self._next is not None and self._find_time(self._next) <= time:
            self._copy(self._next)
            self._next = next(self._packets, None)

    def finish(self) -> None:
        """Write what the encoders of audio hold back.

        Raises:
            av.error.FFmpegError: The file cannot be written.
        """
        for index, target in self._targets.items():
            if isinstance(target, AudioEncoder):
                self._output.mux(target.encode(None, self._shift))
                if target.num_damaged:
                    packets = "packet is" if target.num_damaged == 1 else "packets are"
                    self.messages.append(f"stream {index}: {target.num_damaged} damaged audio {packets} silent")

    def close(self) -> None:
        """Close the source."""
        self._packets.close()
        self._input.close()

    def _add_target(self, stream: Stream) -> Stream | AudioEncoder | None:
        kind = "audio" if isinstance(stream, AudioStream) else "subtitles"
        if stream.codec_context is None:
            self.messages.append(f"stream {stream.index} is left out: no decoder for its {kind} is available")
            return None
        if isinstance(stream, AudioStream) and not stream.codec_context.sample_rate:
            self.messages.append(f"stream {stream.index} is left out: it contains no audio that can be decoded")
            return None
        codec = stream.codec_context.codec.canonical_name
        if codec in self._format.audio_codecs | self._format.subtitle_codecs:
            return self._output.add_stream_from_template(stream)
        if isinstance(stream, AudioStream):
            return AudioEncoder(stream, self._output, self._format.audio_encoder)
        suffixes = [suffix for suffix, other in OUTPUT_FORMATS.items() if codec in other.subtitle_codecs]
        hint = f"; write {' or '.join(suffixes)} to keep them" if suffixes else ""
        self.messages.append(
            f"stream {stream.index} is left out: this container does not hold subtitles in {codec}{hint}"
        )
        return None

    def _read_packets(self) -> "Generator[Packet[Stream]]":
        """Read the packets of the copied streams; damage ends them."""
        streams = [self._input.streams[index] for index in self._targets]
        if not streams:
            return
        start, stop = self._source.start, self._source.stop
        with suppress(av.error.FFmpegError):
            if start is not None:
                self._input.seek(math.floor((start + self._origin - _MAX_DISORDER) * av.time_base))
        with suppress(av.error.FFmpegError):
            for packet in self._input.demux(*streams):
                if packet.size == 0 or (packet.pts is None and packet.dts is None):
                    continue
                self._join(packet)
                time = self._find_time(packet)
                if stop is not None and time >= stop + _MAX_DISORDER:
                    break
                if (start is None or time >= start) and (stop is None or time < stop):
                    yield packet

    def _join(self, packet: "Packet[Stream]") -> None:
        """Let a packet follow the one before in its stream where the clock was reset, as in joined recordings."""
        index = packet.stream.index
        # Compared with the start of the packet before: subtitles may overlap.
        if self._find_time(packet) + self._joints.get(index, 0.0) < self._times.get(index, -math.inf) - MAX_REPEAT:
            self._joints[index] = self._ends[index] - self._find_time(packet)
        _move(packet, Fraction(self._joints.get(index, 0.0)))
        self._times[index] = self._find_time(packet)
        self._ends[index] = self._times[index] + float((packet.duration or 0) * packet.time_base)

    def _find_time(self, packet: "Packet[Stream]") -> float:
        timestamp = packet.dts if packet.pts is None else packet.pts
        assert timestamp is not None
        return float(timestamp * packet.time_base) - self._origin

    def _copy(self, packet: "Packet[Stream]") -> None:
        target = self._targets[packet.stream.index]
        if isinstance(target, AudioEncoder):
            self._output.mux(target.encode(packet, self._shift))
            return
        _move(packet, self._shift)
        end = math.inf if packet.pts is None else packet.pts + (packet.duration or 0)
        if end <= 0 and not self._keeps_early:
            return
        last = self._last_dts.get(packet.stream.index)
        if last is not None and packet.dts is not None and packet.dts <= last:
            # Rounded in the source; muxers want increasing times.
            packet.dts = last + 1
            packet.pts = max(packet.pts or 0, packet.dts)
        self._last_dts[packet.stream.index] = packet.dts
        packet.stream = target
        self._output.mux(packet)


def _move(packet: "Packet[Stream]", seconds: Fraction) -> None:
    shift = round(seconds / packet.time_base)
    packet.pts = None if packet.pts is None else packet.pts + shift
    packet.dts = None if packet.dts is None else packet.dts + shift
