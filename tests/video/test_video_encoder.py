"""Frames into a file."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from mememoji.errors import RunError
from mememoji.video.video_encoder import Sound, VideoEncoder
from mememoji.video.video_reader import VideoReader
from tests.video.conftest import streams

PROGRAMS = [
    pytest.param("", id="OpenCV"),
    pytest.param("ffmpeg", id="ffmpeg", marks=pytest.mark.skipif(not shutil.which("ffmpeg"), reason="no ffmpeg")),
]


def gray(level: int, width: int = 64, height: int = 48) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((height, width, 3), level, np.uint8)


@pytest.mark.parametrize("program", PROGRAMS)
def test_frames_keep_their_times(tmp_path: Path, program: str) -> None:
    path = tmp_path / "out.mp4"
    with VideoEncoder(path, 64, 48, 10, program=program) as encoder:
        # Two missing after the first, and two at the same time, of which the later stays.
        for time, level in ((5.0, 40), (5.3, 120), (5.31, 200), (5.4, 240)):
            encoder.write(gray(level), time)
    levels = [float(frame.image.mean()) for frame in VideoReader(path)]
    assert levels == pytest.approx([40, 40, 40, 200, 240], abs=6)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("size", [(65, 49), (101, 64)])
def test_odd_sizes(tmp_path: Path, program: str, size: tuple[int, int]) -> None:
    path = tmp_path / "odd.mp4"
    with VideoEncoder(path, *size, 10, program=program) as encoder:
        for number in range(3):
            encoder.write(gray(120, *size), number / 10)
    (first, *_) = VideoReader(path)
    assert abs(first.image.shape[1] - size[0]) <= 1
    assert abs(first.image.shape[0] - size[1]) <= 1
    assert first.image[: size[1], : size[0]].mean() == pytest.approx(120, abs=6)


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_cannot_be_written(tmp_path: Path, program: str) -> None:
    with pytest.raises(RunError, match="cannot be written"):
        VideoEncoder(tmp_path / "nowhere" / "out.mp4", 64, 48, 10, program=program)


def test_a_frame_of_another_size_is_refused(tmp_path: Path) -> None:
    with (
        VideoEncoder(tmp_path / "out.mp4", 64, 48, 10, program="") as encoder,
        pytest.raises(ValueError, match="64x48"),
    ):
        encoder.write(gray(1, 48, 64), 0)


def test_a_program_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot be started"):
        VideoEncoder(tmp_path / "out.mp4", 64, 48, 10, program=str(tmp_path / "ffmpeg"))


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="no ffmpeg")
@pytest.mark.parametrize("start", [0.0, 1.0])
def test_sound_is_taken_over_for_as_long_as_the_picture_lasts(tmp_path: Path, start: float) -> None:
    import subprocess

    source = tmp_path / "loud.mp4"
    sounding = ["-f", "lavfi", "-i", "sine=d=3", "-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=3"]
    subprocess.run(["ffmpeg", "-v", "error", *sounding, str(source)], check=True)
    path = tmp_path / "out.mp4"
    with VideoEncoder(path, 64, 48, 10, sound=Sound(source, start)) as encoder:
        for number in range(20):
            encoder.write(gray(90), start + number / 10)
    told = streams(path)
    assert "Audio: aac" in told
    assert "Video: h264" in told or "Video: mpeg4" in told
    assert "Duration: 00:00:02.0" in told
