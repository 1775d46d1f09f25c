"""Capture of the newest frame of a source."""

import os
import sys
import time
from pathlib import Path

import pytest

from mememoji.live.capture import Capture, CaptureState, display_name
from tests.live.conftest import WAIT, Camera


def test_capture_keep_all_frames_returns_every_frame(clip: Path, tmp_path: Path) -> None:
    # Neither a pattern of images nor, on Linux, a name that is not UTF-8 is a problem.
    link = tmp_path / os.fsdecode(b"file:100%d \xe7.mp4" if sys.platform == "linux" else b"100%d.mp4")
    link.symlink_to(clip)
    capture = Capture(str(link), keep_all_frames=True)
    capture.start()
    # Only a file that has ended is played again.
    capture.retry()
    times = []
    while (frame := capture.fetch(2)) is not None:
        times.append(frame.time)
    capture.stop()
    assert times == pytest.approx([max(n / 20, 1e-3) for n in range(20)], abs=2e-3)
    assert capture.state is CaptureState.ENDED


def test_capture_keeps_the_newest_frame_only(clip: Path) -> None:
    capture = Capture(str(clip))
    capture.start()
    end = time.monotonic() + WAIT
    while capture.state is not CaptureState.ENDED and time.monotonic() < end:
        time.sleep(0.05)
    frame = capture.fetch(0)
    assert frame is not None
    assert frame.time == pytest.approx(0.95)
    assert capture.fetch(0) is None
    capture.stop()


def test_capture_stream_delivers_frames(camera: Camera) -> None:
    capture = Capture(camera.url)
    capture.start()
    frames = [capture.fetch(WAIT) for _ in range(3)]
    capture.stop()
    assert all(frame is not None and frame.image.shape == (120, 160, 3) for frame in frames)


def test_stop_before_start_does_nothing() -> None:
    Capture("0").stop()


@pytest.mark.parametrize(
    ("source", "name"),
    [("0", "camera 0"), ("clips/a.mp4", "a.mp4"), ("rtsp://me:secret@host/stream", "rtsp://host/stream")],
)
def test_display_name_removes_folders_and_passwords(source: str, name: str) -> None:
    assert display_name(source) == name
