"""Encoding of frames into a file."""

from pathlib import Path

import numpy as np
import pytest

from mememoji.errors import RunError
from mememoji.video.video_encoder import VideoEncoder
from mememoji.video.video_reader import VideoReader


def gray(level: int, width: int = 64, height: int = 48) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((height, width, 3), level, np.uint8)


def test_video_encoder_frames_keep_their_times(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with VideoEncoder(path, 64, 48, 10) as encoder:
        # A variable rate.
        for time, level in ((5.0, 40), (5.3, 120), (5.31, 200), (5.4, 240)):
            encoder.write(gray(level), time)
    frames = list(VideoReader(path))
    assert [frame.time for frame in frames] == pytest.approx([0, 0.3, 0.31, 0.4], abs=1e-4)
    assert [float(frame.image.mean()) for frame in frames] == pytest.approx([40, 120, 200, 240], abs=3)


@pytest.mark.parametrize("size", [(65, 49), (101, 64)])
def test_video_encoder_odd_size_is_kept_or_padded(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "odd.mp4"
    with VideoEncoder(path, *size, 10) as encoder:
        for number in range(3):
            encoder.write(gray(120, *size), number / 10)
    (first, *_) = VideoReader(path)
    assert abs(first.image.shape[1] - size[0]) <= 1
    assert abs(first.image.shape[0] - size[1]) <= 1
    assert first.image[: size[1], : size[0]].mean() == pytest.approx(120, abs=6)


def test_video_encoder_missing_folder_is_reported(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot be written"):
        VideoEncoder(tmp_path / "nowhere" / "out.mp4", 64, 48, 10)
