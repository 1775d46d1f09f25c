"""The newest frame of a source."""

import time
from pathlib import Path

import pytest

from mememoji.live.capture import Capture, State, name_of
from tests.live.conftest import WAIT, Camera


def test_a_file_gives_every_frame_where_it_waits(clip: Path) -> None:
    capture = Capture(str(clip), wait=True)
    capture.start()
    times = []
    while (shot := capture.take(2)) is not None:
        times.append(shot.time)
    capture.stop()
    assert times == pytest.approx([max(n / 20, 1e-3) for n in range(20)], abs=2e-3)
    assert capture.state is State.ENDED


def test_only_the_newest_frame_is_kept(clip: Path) -> None:
    capture = Capture(str(clip))
    capture.start()
    end = time.monotonic() + WAIT
    while capture.state is not State.ENDED and time.monotonic() < end:
        time.sleep(0.05)
    shot = capture.take(0)
    assert shot is not None
    assert shot.time == pytest.approx(0.95)
    assert capture.take(0) is None
    capture.stop()


def test_a_stream(camera: Camera) -> None:
    capture = Capture(camera.url)
    capture.start()
    shots = [capture.take(WAIT) for _ in range(3)]
    capture.stop()
    assert all(shot is not None and shot.image.shape == (120, 160, 3) for shot in shots)


def test_stopping_what_was_never_started() -> None:
    Capture("0").stop()


@pytest.mark.parametrize(
    ("source", "name"),
    [("0", "camera 0"), ("clips/a.mp4", "a.mp4"), ("rtsp://me:secret@host/stream", "rtsp://host/stream")],
)
def test_names(source: str, name: str) -> None:
    assert name_of(source) == name
