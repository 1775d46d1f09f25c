"""The live window, in Xvfb with real events."""

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mememoji.analyzer import Analyzer
from mememoji.image_io import read_image
from mememoji.live.capture import Capture, CaptureState
from mememoji.live.session import Session
from mememoji.video.timeline import read_timeline
from mememoji.video.video_reader import VideoReader
from tests.live.conftest import Camera

Until = Callable[[Callable[[], object], str], None]
OpenWindow = Callable[..., Any]


@pytest.fixture
def open_window(app: Any, analyzer: Analyzer, tmp_path: Path) -> Iterator[OpenWindow]:
    """Opens a window on a source, closes it, and checks that its threads have ended."""
    from PySide6.QtTest import QTest

    from mememoji.live.window import LiveWindow

    before = set(threading.enumerate())
    opened: list[Any] = []

    def open_one(source: object) -> Any:
        session = Session(Capture(str(source), retry_seconds=0.2), analyzer, smoothing=0.3)
        window = LiveWindow(session, tmp_path / "kept")
        opened.append(window)
        session.start()
        window.show()
        assert QTest.qWaitForWindowExposed(window)
        window.activateWindow()
        # Keys go to the active window alone.
        assert QTest.qWaitForWindowActive(window)
        return window

    yield open_one
    for window in opened:
        window.close()
        window.deleteLater()
    QTest.qWait(1)
    left = {thread for thread in set(threading.enumerate()) - before if thread.name.startswith("mememoji")}
    assert not left


def click(button: Any) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def press(window: Any, key: str) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    QTest.keyClick(window, getattr(Qt.Key, f"Key_{key}"))


def test_window_shows_faces(open_window: OpenWindow, until: Until, camera: Camera) -> None:
    window = open_window(camera.url)
    until(lambda: "Happy" in window.headline.text(), "a face")
    assert window.headline.text() == "Happy  80%"
    until(lambda: " fps " in window.status.text(), "the frame rate")
    assert " ms" in window.status.text()
    until(lambda: len(window.plot.points(window.track_id)) > 3, "the plot's points")
    points = window.plot.points(window.track_id)
    np.testing.assert_allclose(points[:, 1:].sum(axis=1), 1, atol=1e-3)
    assert window.image_view.headline == ""


def test_window_selects_a_face_by_key_and_by_click(open_window: OpenWindow, until: Until, camera: Camera) -> None:
    window = open_window(camera.url)
    until(lambda: "Happy" in window.headline.text(), "the larger face")
    press(window, "N")
    assert window.headline.text() == "Sad  90%"
    window.image_view.clicked.emit(60, 50)
    assert window.headline.text() == "Happy  80%"


def test_window_toggles_change_the_image(open_window: OpenWindow, until: Until, clip: Path) -> None:
    window = open_window(clip)
    session = window.session
    until(lambda: session.capture.state is CaptureState.ENDED, "the clip's end")
    until(lambda: window.image_view.headline == "portrait.mp4 has ended", "the message about the end")
    click(window.boxes)
    click(window.panels)
    plain = session.redraw()
    assert not window.boxes.isChecked()
    press(window, "M")
    assert window.memes.isChecked()
    meme = session.redraw()
    press(window, "M")
    click(window.boxes)
    boxed = session.redraw()
    assert np.abs(meme.astype(int) - plain).max() > 60
    assert np.abs(boxed.astype(int) - plain).max() > 60
    assert np.abs(boxed.astype(int) - meme).max() > 60


def test_window_smoothing_is_set_by_toggle_and_slider(open_window: OpenWindow, camera: Camera) -> None:
    window = open_window(camera.url)
    assert window.time_constant.text() == "0.30 s"
    window.slider.setValue(20)
    assert window.session.smoothing == pytest.approx(1.0)
    press(window, "T")
    assert (window.session.smoothing, window.time_constant.text(), window.slider.isEnabled()) == (0.0, "off", False)


def test_window_saves_a_snapshot(open_window: OpenWindow, until: Until, camera: Camera, tmp_path: Path) -> None:
    window = open_window(camera.url)
    click(window.snapshot_button)
    until(lambda: window.message.text(), "a notice")
    if "No image" not in window.message.text():
        assert window.message.text().startswith("Saved ")
    until(lambda: "Happy" in window.headline.text(), "a face")
    press(window, "S")
    until(lambda: window.message.text().startswith("Saved "), "the snapshot")
    (path, *_) = (tmp_path / "kept").glob("*.png")
    assert read_image(path).shape == (120, 160, 3)


def test_window_records_video_and_timeline(
    open_window: OpenWindow, until: Until, camera: Camera, tmp_path: Path
) -> None:
    window = open_window(camera.url)
    until(lambda: "Happy" in window.headline.text(), "a face")
    click(window.record_button)
    recorder = window.session.recorder
    assert recorder is not None
    until(lambda: recorder.seconds > 0.5, "half a second")
    until(lambda: window.record_button.text().startswith("Recording"), "the clock")
    click(window.record_button)
    until(lambda: window.message.text().startswith("Recorded"), "the end of the files")
    rows = list(read_timeline(recorder.timeline_path))
    assert (rows[0].time, {row.track_id for row in rows}) == (0.0, {1, 2})
    frames = list(VideoReader(recorder.video_path))
    assert frames[-1].time == pytest.approx(rows[-1].time, abs=0.1)
    assert frames[0].image.shape == (120, 160, 3)


def test_window_close_finishes_the_recording(open_window: OpenWindow, until: Until, camera: Camera) -> None:
    window = open_window(camera.url)
    until(lambda: "Happy" in window.headline.text(), "a face")
    press(window, "R")
    recorder = window.session.recorder
    until(lambda: recorder.seconds > 0.2, "some frames")
    window.close()
    assert len(list(VideoReader(recorder.video_path))) > 1


def test_window_unwritable_recording_is_reported(
    open_window: OpenWindow, until: Until, camera: Camera, tmp_path: Path
) -> None:
    (tmp_path / "kept").write_text("a file where a folder should be")
    window = open_window(camera.url)
    click(window.record_button)
    assert "cannot be created" in window.message.text()
    assert window.message.property("error") is True
    assert not window.record_button.isChecked()


def test_window_recording_without_frames_reports_no_files(
    open_window: OpenWindow, until: Until, no_camera: str, tmp_path: Path
) -> None:
    window = open_window(no_camera)
    click(window.record_button)
    click(window.record_button)
    until(lambda: window.message.text(), "the notice")
    assert window.message.text() == "Nothing was recorded, because no image arrived."
    assert list((tmp_path / "kept").iterdir()) == []


def test_window_recording_that_was_deleted_is_reported(
    open_window: OpenWindow, until: Until, camera: Camera, tmp_path: Path
) -> None:
    window = open_window(camera.url)
    until(lambda: "Happy" in window.headline.text(), "a face")
    click(window.record_button)
    recorder = window.session.recorder
    until(lambda: recorder.seconds > 0.1, "some frames")
    shutil.rmtree(tmp_path / "kept")
    click(window.record_button)
    until(lambda: window.message.text(), "the notice")
    assert window.message.property("error") is True
    assert "recorded until then: nothing" in window.message.text() or "was deleted" in window.message.text()


def test_window_lost_source_is_reported_and_recovers(open_window: OpenWindow, until: Until, camera: Camera) -> None:
    window = open_window(camera.url)
    until(lambda: "Happy" in window.headline.text(), "a face")
    camera.switch_off()
    until(lambda: window.image_view.headline.startswith("No image from"), "the message about the loss")
    assert window.image_view.button.text() == "Try now"
    camera.switch_on()
    click(window.image_view.button)
    until(lambda: window.image_view.headline == "" and " fps " in window.status.text(), "the image")


def test_window_missing_source_is_reported(open_window: OpenWindow, until: Until, no_camera: str) -> None:
    window = open_window(no_camera)
    until(lambda: window.image_view.headline.startswith("No image from"), "the message about the loss")
    assert window.headline.text() == "No face visible"
    click(window.snapshot_button)
    until(lambda: window.message.text() == "No image is available yet.", "the notice")


def test_window_plays_a_clip_again(open_window: OpenWindow, until: Until, clip: Path) -> None:
    window = open_window(clip)
    until(lambda: window.image_view.button.text() == "Play again", "the clip's end")
    time = window.tracked_frame.time
    click(window.record_button)
    assert "has ended; play it again" in window.message.text()
    assert not window.record_button.isChecked()
    press(window, "F5")
    until(lambda: window.tracked_frame.time > time, "the second round")


def test_run_window_ends_when_the_window_is_closed(display: None, clip: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom PySide6.QtCore import QTimer\n"
        "from PySide6.QtWidgets import QApplication\nfrom mememoji.analyzer import Analyzer\n"
        "from mememoji.live.application import run_window\nfrom mememoji.live.capture import Capture\n"
        "from mememoji.live.session import Session\n"
        "app = QApplication([])\nQTimer.singleShot(1500, app.closeAllWindows)\n"
        "sys.exit(run_window(Session(Capture(sys.argv[1]), Analyzer('full-image')), Path()))\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(clip)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
