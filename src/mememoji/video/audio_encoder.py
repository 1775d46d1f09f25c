"""Encoding of audio that a container does not hold as it is."""

from fractions import Fraction
from typing import Final

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.codec.codec import Codec
from av.container import OutputContainer
from av.filter import Graph
from av.packet import Packet
from av.stream import Stream

_BIT_RATE_PER_CHANNEL: Final = 80_000
_DEFAULT_RATE: Final = 48_000
_LAYOUTS: Final = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}


class AudioEncoder:
    """An encoder of one audio stream; gaps in it become silence, so that it keeps its times.

    Args:
        source: The stream to decode.
        output: The file to write; it gets a stream.
        encoder: The name of the encoder.
    """

    def __init__(self, source: AudioStream, output: OutputContainer, encoder: str) -> None:
        codec = source.codec_context
        rates = Codec(encoder, "w").audio_rates
        rate = codec.sample_rate if not rates or codec.sample_rate in rates else _DEFAULT_RATE
        layout = _LAYOUTS.get(codec.channels, "stereo")
        self._source = source
        stream = output.add_stream(
            encoder,
            rate=rate,
            layout=layout,
            bit_rate=_BIT_RATE_PER_CHANNEL * max(1, len(av.AudioLayout(layout).channels)),
        )
        assert isinstance(stream, AudioStream)
        self.stream = stream
        self.num_damaged = 0
        """The number of packets so far that could not be decoded."""
        self._graph: Graph | None = None
        self._format = f"sample_rates={rate}:channel_layouts={layout}:sample_fmts={self.stream.format.name}"

    def encode(self, packet: "Packet[Stream] | None", shift: Fraction) -> "list[Packet[AudioStream]]":
        """Encode a packet of the source, whose time is moved by `shift` seconds.

        Args:
            packet: The packet; None encodes all that is left.
            shift: The seconds to add to its time.

        Raises:
            av.error.FFmpegError: The encoder failed.
        """
        try:
            frames = self._source.codec_context.decode(packet)
        except av.error.FFmpegError:
            self.num_damaged += 1
            frames = []
        encoded: list[Packet[AudioStream]] = []
        for frame in frames:
            if frame.pts is not None and frame.time_base:
                frame.pts += round(shift / frame.time_base)
            self._graph = self._graph or self._make_graph()
            self._graph.push(frame)
            encoded += self._pull()
        if packet is None:
            if self._graph is not None:
                self._graph.push(None)
                encoded += self._pull()
            encoded += self.stream.encode(None)
        return encoded

    def _pull(self) -> "list[Packet[AudioStream]]":
        assert self._graph is not None
        encoded: list[Packet[AudioStream]] = []
        while True:
            try:
                frame = self._graph.pull()
            except (BlockingIOError, EOFError):
                return encoded
            assert isinstance(frame, AudioFrame)
            encoded += self.stream.encode(frame)

    def _make_graph(self) -> Graph:
        graph = Graph()
        source = graph.add_abuffer(template=self._source)
        resample = graph.add("aresample", "async=1:min_hard_comp=0.05")
        graph.link_nodes(source, resample, graph.add("aformat", self._format), graph.add("abuffersink"))
        graph.configure()
        return graph
