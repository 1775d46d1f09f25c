"""Encoding of frames into a file."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from mememoji.errors import RunError
from mememoji.video.video_encoder import Audio, VideoEncoder
from mememoji.video.video_reader import VideoReader
from tests.video.conftest import streams

FFMPEG_PATHS = [
    pytest.param("", id="OpenCV"),
    pytest.param(
        "ffmpeg", id="ffmpeg", marks=pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not installed")
    ),
]


def gray(level: int, width: int = 64, height: int = 48) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((height, width, 3), level, np.uint8)


@pytest.mark.parametrize("ffmpeg_path", FFMPEG_PATHS)
def test_video_encoder_frames_keep_their_times(tmp_path: Path, ffmpeg_path: str) -> None:
    path = tmp_path / "out.mp4"
    with VideoEncoder(path, 64, 48, 10, ffmpeg_path=ffmpeg_path) as encoder:
        # Two missing after the first, and two at the same time, of which the later stays.
        for time, level in ((5.0, 40), (5.3, 120), (5.31, 200), (5.4, 240)):
            encoder.write(gray(level), time)
    levels = [float(frame.image.mean()) for frame in VideoReader(path)]
    assert levels == pytest.approx([40, 40, 40, 200, 240], abs=6)


@pytest.mark.parametrize("ffmpeg_path", FFMPEG_PATHS)
@pytest.mark.parametrize("size", [(65, 49), (101, 64)])
def test_video_encoder_odd_size_is_kept_or_padded(tmp_path: Path, ffmpeg_path: str, size: tuple[int, int]) -> None:
    path = tmp_path / "odd.mp4"
    with VideoEncoder(path, *size, 10, ffmpeg_path=ffmpeg_path) as encoder:
        for number in range(3):
            encoder.write(gray(120, *size), number / 10)
    (first, *_) = VideoReader(path)
    assert abs(first.image.shape[1] - size[0]) <= 1
    assert abs(first.image.shape[0] - size[1]) <= 1
    assert first.image[: size[1], : size[0]].mean() == pytest.approx(120, abs=6)


@pytest.mark.parametrize("ffmpeg_path", FFMPEG_PATHS)
def test_video_encoder_missing_folder_is_reported(tmp_path: Path, ffmpeg_path: str) -> None:
    with pytest.raises(RunError, match="cannot be written"):
        VideoEncoder(tmp_path / "nowhere" / "out.mp4", 64, 48, 10, ffmpeg_path=ffmpeg_path)


def test_write_frame_of_another_size_is_rejected(tmp_path: Path) -> None:
    with (
        VideoEncoder(tmp_path / "out.mp4", 64, 48, 10, ffmpeg_path="") as encoder,
        pytest.raises(ValueError, match="64x48"),
    ):
        encoder.write(gray(1, 48, 64), 0)


def test_video_encoder_missing_ffmpeg_is_reported(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot be started"):
        VideoEncoder(tmp_path / "out.mp4", 64, 48, 10, ffmpeg_path=str(tmp_path / "ffmpeg"))


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not installed")
@pytest.mark.parametrize("start", [0.0, 1.0])
def test_video_encoder_audio_is_as_long_as_the_frames(tmp_path: Path, start: float) -> None:
    import subprocess

    source = tmp_path / "loud.mp4"
    inputs = ["-f", "lavfi", "-i", "sine=d=3", "-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=3"]
    subprocess.run(["ffmpeg", "-v", "error", *inputs, str(source)], check=True)
    path = tmp_path / "out.mp4"
    with VideoEncoder(path, 64, 48, 10, audio=Audio(source, start)) as encoder:
        for number in range(20):
            encoder.write(gray(90), start + number / 10)
    description = streams(path)
    assert "Audio: aac" in description
    assert "Video: h264" in description or "Video: mpeg4" in description
    assert "Duration: 00:00:02.0" in description
