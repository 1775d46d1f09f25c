"""Media files made by the tests, with PyAV: no program is needed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from mememoji.video.media_file import make_url

Image = npt.NDArray[np.uint8]

TIME_BASE = Fraction(1, 1000)
RATE = 48_000
COLORS = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [128, 128, 128]]], np.uint8)
"""(2, 2, 3) uint8 RGB: the colors of `make_quadrants`."""


@dataclass(frozen=True)
class Beep:
    """An audio stream with one beep: its codec, and the times in seconds of its start, its end and the beep."""

    codec: str = "aac"
    start: float = 0.0
    end: float = 1.0
    beep: float = 0.5


def make_gray(level: int, width: int = 64, height: int = 48) -> Image:
    """Return a plain frame, (height, width, 3) uint8 RGB."""
    return np.full((height, width, 3), level, np.uint8)


def make_quadrants(width: int = 64, height: int = 48) -> Image:
    """Return a frame of four colors, which shows how it is turned."""
    return COLORS.repeat(height // 2, axis=0).repeat(width // 2, axis=1)


def read_quadrants(image: Image) -> Image:
    """Return the colors in the middle of the four quarters of a frame, (2, 2, 3) uint8 RGB."""
    height, width = image.shape[:2]
    return image[height // 4 :: height // 2, width // 4 :: width // 2][:2, :2]


def write_media(
    path: Path,
    frames: Iterable[tuple[float, Image]] = (),
    *beeps: Beep,
    codec: str = "mpeg4",
    pixel_format: str = "yuv420p",
    options: Mapping[str, str] | None = None,
    attributes: Mapping[str, Any] | None = None,
    container: Mapping[str, str] | None = None,
) -> Path:
    """Write a file.

    Args:
        path: The file; its suffix decides the container.
        frames: The frames of the video stream, each with its time in seconds; none writes no video stream.
        beeps: The audio streams.
        codec: The encoder of the video.
        pixel_format: Its pixel format; frames have the channels of it, or three.
        options: Its options.
        attributes: Attributes to set on the video stream.
        container: Options of the container.
    """
    frames = list(frames)
    packets: list[Any] = []
    with av.open(make_url(path), "w", container_options=dict(container or {})) as output:
        if frames:
            stream = output.add_stream(codec, rate=10, options=dict(options or {}), time_base=TIME_BASE)
            assert isinstance(stream, VideoStream)
            video = stream
            video.height, video.width = frames[0][1].shape[:2]
            video.pix_fmt = pixel_format
            for name, value in (attributes or {}).items():
                setattr(video, name, value)
        audio = [output.add_stream(beep.codec, rate=RATE, layout="mono") for beep in beeps]
        output.start_encoding()
        for time, image in frames:
            source = {1: "gray", 2: "gray", 3: "rgb24", 4: "rgba"}[image.shape[2] if image.ndim == 3 else 1]
            frame = av.VideoFrame.from_ndarray(image, format=source).reformat(format=pixel_format)
            frame.pts, frame.time_base = round(time / TIME_BASE), TIME_BASE
            packets += video.encode(frame)
        if frames:
            packets += video.encode(None)
        for stream, beep in zip(audio, beeps, strict=True):
            assert isinstance(stream, AudioStream)
            packets += _encode_beep(stream, beep)
        for packet in sorted(packets, key=lambda packet: float(packet.dts * packet.time_base)):
            output.mux(packet)
    return path


def _encode_beep(stream: AudioStream, beep: Beep) -> list[Any]:
    times = np.arange(round(beep.start * RATE), round(beep.end * RATE)) / RATE
    is_on = (times >= beep.beep) & (times < beep.beep + 0.1)
    samples = (is_on * 0.8 * np.sin(2 * np.pi * 1000 * times)).astype(np.float32)
    packets: list[Any] = []
    for offset in range(0, len(samples), 960):
        frame = av.AudioFrame.from_ndarray(samples[None, offset : offset + 960], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, round(beep.start * RATE) + offset, Fraction(1, RATE)
        packets += stream.encode(frame)
    return packets + stream.encode(None)


def find_beep(path: Path, index: int = 0) -> tuple[float, float, float]:
    """Return the times in seconds at which an audio stream begins, its beep begins, and it ends."""
    times, levels = [], []
    with av.open(make_url(path)) as source:
        for frame in source.decode(audio=index):
            assert frame.time is not None
            times.append(frame.time + np.arange(frame.samples) / frame.sample_rate)
            samples = np.abs(frame.to_ndarray().astype(float)).reshape(-1)
            levels.append(samples if frame.format.is_planar else samples.reshape(frame.samples, -1).mean(axis=1))
    time, level = np.concatenate(times), np.concatenate(levels)
    return float(time[0]), float(time[np.argmax(level > 0.3 * level.max())]), float(time[-1])
