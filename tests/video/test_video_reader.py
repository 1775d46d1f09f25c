"""Reading of video files."""

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from mememoji.errors import TooLargeError, VideoError
from mememoji.image_io import ImageLimits
from mememoji.video.video_reader import VideoReader
from tests.video.conftest import MakeClip, level

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")


def ffmpeg(*words: object) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, words)], check=True)


def test_video_reader_invalid_file_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="no file has this path"):
        VideoReader(tmp_path / "missing.mp4")
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(VideoError, match="must be a video"):
        VideoReader(tmp_path / "text.mp4")


def test_video_reader_returns_frames_with_times(make_clip: MakeClip) -> None:
    reader = VideoReader(make_clip(20))
    assert (reader.width, reader.height, reader.fps, reader.duration) == (96, 64, 10, 2)
    frames = list(reader)
    assert [frame.time for frame in frames] == pytest.approx([number / 10 for number in range(20)])
    assert [frame.image.mean() for frame in frames] == pytest.approx([level(n) for n in range(20)], abs=6)
    assert frames[0].image.shape == (64, 96, 3)
    assert reader.end_of_stream is not None
    assert reader.end_of_stream.complete


@pytest.mark.parametrize(
    ("start", "stop", "frame_stride", "expected"), [(0.5, 1.0, 1, [5, 6, 7, 8, 9]), (1, None, 4, [10, 14, 18])]
)
def test_video_reader_start_stop_and_stride_select_frames(
    make_clip: MakeClip, start: float, stop: float | None, frame_stride: int, expected: list[int]
) -> None:
    reader = VideoReader(make_clip(20), start=start, stop=stop, frame_stride=frame_stride)
    frames = list(reader)
    assert [frame.time for frame in frames] == pytest.approx([number / 10 for number in expected])
    assert [frame.image.mean() for frame in frames] == pytest.approx([level(n) for n in expected], abs=6)
    assert reader.end_of_stream is not None
    assert reader.end_of_stream.complete


@pytest.mark.parametrize(("start", "stop"), [(-1, None), (float("nan"), None), (2, 1), (1, 1), (5, None)])
def test_video_reader_invalid_start_or_stop_is_rejected(make_clip: MakeClip, start: float, stop: float | None) -> None:
    with pytest.raises(VideoError):
        VideoReader(make_clip(20), start=start, stop=stop)


def test_video_reader_frames_over_the_limit_are_rejected(make_clip: MakeClip) -> None:
    with pytest.raises(TooLargeError, match="96x64"):
        VideoReader(make_clip(2), limits=ImageLimits(max_pixels=1000))


@needs_ffmpeg
def test_video_reader_truncated_file_reports_where_it_ended(make_clip: MakeClip, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.mp4", tmp_path / "cut.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=160x120:r=10:d=6", "-g", 10, "-movflags", "+faststart", whole)
    content = whole.read_bytes()
    cut.write_bytes(content[: len(content) // 2])
    reader = VideoReader(cut)
    frames = list(reader)
    assert 5 < len(frames) < 50
    assert reader.end_of_stream is not None
    assert not reader.end_of_stream.complete
    assert frames[-1].time < reader.end_of_stream.time < 5.5


@pytest.mark.parametrize("turn", [(0, 1, -1, 0), (0, -1, 1, 0)], ids=["right", "left"])
def test_video_reader_applies_rotation(make_clip: MakeClip, turn: tuple[int, int, int, int]) -> None:
    path = make_clip(3)
    content = bytearray(path.read_bytes())
    # The track header's matrix (ISO/IEC 14496-12): 44 bytes behind the box's name, in 16.16 and 2.30 fixed point.
    a, b, c, d = (65536 * value for value in turn)
    struct.pack_into(">9i", content, content.index(b"tkhd") + 44, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    reader = VideoReader(path)
    assert (reader.width, reader.height) == (64, 96)
    assert next(iter(reader)).image.shape == (96, 64, 3)


@needs_ffmpeg
def test_video_reader_variable_rate_keeps_its_times(tmp_path: Path) -> None:
    path = tmp_path / "variable.mkv"
    # Ten frames a second, of which those from 1 s to 2 s are left out.
    source = "testsrc2=s=96x64:r=10:d=3,select='not(between(t,1,1.95))'"
    ffmpeg("-f", "lavfi", "-i", source, "-fps_mode", "vfr", "-c:v", "mpeg4", path)
    times = [frame.time for frame in VideoReader(path)]
    assert times == pytest.approx([n / 10 for n in range(30) if not 10 <= n < 20], abs=0.02)
    later = [frame.time for frame in VideoReader(path, start=2.2)]
    assert later == pytest.approx([n / 10 for n in range(22, 30)], abs=0.02)
