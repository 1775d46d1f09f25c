"""The live window: the image, the emotions of one face, and the controls."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMainWindow, QPushButton, QSlider, QVBoxLayout, QWidget

from mememoji.errors import RunError
from mememoji.live.capture import CaptureState, display_name
from mememoji.live.composition_bars import CompositionBars
from mememoji.live.image_view import ImageView
from mememoji.live.recorder import Recorder, make_unused_name
from mememoji.live.running_plot import RunningPlot
from mememoji.live.session import Session, StatusMessage
from mememoji.live.style import STYLE_SHEET
from mememoji.results import Face
from mememoji.tracking.face_tracking import TrackedFrame
from mememoji.tracking.smoothing import DEFAULT_SMOOTHING
from mememoji.video.frame_overlay import Overlay

MAX_SMOOTHING_SECONDS: Final = 2.0
"""The time constant at the right end of the slider, in seconds."""

_FRAME_INTERVAL_MS, _PLOT_INTERVAL_MS, _MESSAGE_MS = 8, 100, 5000
_SLIDER_STEP_SECONDS: Final = 0.05


class LiveWindow(QMainWindow):
    """The window of a session; it stops the session when it is closed.

    Args:
        session: The session, whether started or not.
        folder: The folder for snapshots and recordings.
    """

    def __init__(self, session: Session, folder: Path) -> None:
        super().__init__()
        self.session, self._folder = session, folder
        self._name = display_name(session.capture.source)
        self.tracked_frame: TrackedFrame | None = None
        """The faces of the frame that is shown."""
        self._selected_track_id: int | None = None
        self._measurements = ""
        self.setWindowTitle(f"Mememoji – {self._name}")
        self.setStyleSheet(STYLE_SHEET)
        self.image_view = ImageView()
        self.image_view.clicked.connect(self._select_face_at)
        self.image_view.button.clicked.connect(session.capture.retry)
        self.plot = RunningPlot()
        self.bars = CompositionBars()
        self.caption, self.headline = QLabel(), QLabel()
        self.status, self.message = QLabel(), QLabel()
        for label, name in (
            (self.caption, "caption"),
            (self.headline, "headline"),
            (self.status, "status"),
            (self.message, "message"),
        ):
            label.setObjectName(name)
        self._make_controls()
        self._arrange_widgets()
        self._bind_shortcuts()
        self.resize(1180, 680)
        self._frame_timer = self._start_timer(_FRAME_INTERVAL_MS, self._show_newest_frame)
        self._plot_timer = self._start_timer(_PLOT_INTERVAL_MS, self._draw_plot)
        self._message_timer = QTimer(self, singleShot=True, interval=_MESSAGE_MS)
        self._message_timer.timeout.connect(self.message.clear)
        self._show_state()
        self._show_face()

    @property
    def track_id(self) -> int | None:
        """The track ID of the face in the plot and the bars: the selected one, else the largest."""
        faces, selected = self._faces, self._selected_track_id
        if selected is not None and (selected in faces or selected in self.plot.track_ids):
            return selected
        if not faces:
            return self.plot.track_ids[-1] if self.plot.track_ids else None
        return max(faces, key=lambda track_id: faces[track_id].box.area)

    @property
    def _faces(self) -> dict[int, Face]:
        return {} if self.tracked_frame is None else self.tracked_frame.faces

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        for timer in (self._frame_timer, self._plot_timer, self._message_timer):
            timer.stop()
        self.session.stop()
        event.accept()

    def _start_timer(self, milliseconds: int, callback: Callable[[], None]) -> QTimer:
        timer = QTimer(self, interval=milliseconds)
        timer.timeout.connect(callback)
        timer.start()
        return timer

    def _make_controls(self) -> None:
        overlay = self.session.overlay
        self.boxes = _make_toggle("Boxes", "Draw a box around every face (B)", on=overlay.boxes)
        self.panels = _make_toggle("Bars", "Draw six bars beside every face (C)", on=overlay.bars)
        self.memes = _make_toggle("Memes", "Draw a meme face over every face (M)", on=overlay.memes)
        for toggle in (self.boxes, self.panels, self.memes):
            toggle.toggled.connect(self._update_overlay)
        smoothing = self.session.smoothing
        self._enabled_smoothing = smoothing or DEFAULT_SMOOTHING
        self.smoothing = _make_toggle("Smoothing", "Smooth the compositions over time (T)", on=smoothing > 0)
        self.smoothing.toggled.connect(self._update_smoothing)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(1, round(MAX_SMOOTHING_SECONDS / _SLIDER_STEP_SECONDS))
        self.slider.setValue(round(self._enabled_smoothing / _SLIDER_STEP_SECONDS))
        self.slider.setFixedWidth(96)
        self.slider.setAccessibleName("Time constant of the smoothing in seconds")
        self.slider.valueChanged.connect(self._update_smoothing)
        self.time_constant = QLabel()
        self.time_constant.setObjectName("status")
        self.time_constant.setFixedWidth(44)
        self.snapshot_button = QPushButton("Snapshot")
        self.snapshot_button.setToolTip("Save the image as shown (S)")
        self.snapshot_button.clicked.connect(self._save_snapshot)
        self.record_button = _make_toggle("Record", "Record an MP4 file and a CSV timeline (R)", on=False)
        self.record_button.setObjectName("record")
        self.record_button.toggled.connect(self._toggle_recording)
        self._update_smoothing()

    def _arrange_widgets(self) -> None:
        panel = QFrame()
        panel.setObjectName("panel")
        panel.setFixedWidth(340)
        panel_layout = QVBoxLayout(panel)
        panel_layout.setContentsMargins(18, 16, 18, 14)
        panel_layout.setSpacing(4)
        panel_layout.addWidget(self.caption)
        panel_layout.addWidget(self.headline)
        panel_layout.addSpacing(8)
        panel_layout.addWidget(self.bars)
        panel_layout.addSpacing(10)
        panel_layout.addWidget(self.plot.widget, 1)
        top_row = QHBoxLayout()
        top_row.setSpacing(14)
        top_row.addWidget(self.image_view, 1)
        top_row.addWidget(panel)
        control_row = QHBoxLayout()
        control_row.setSpacing(8)
        for widget in (self.boxes, self.panels, self.memes, self.smoothing, self.slider, self.time_constant):
            control_row.addWidget(widget)
        control_row.addStretch(1)
        control_row.addWidget(self.snapshot_button)
        control_row.addWidget(self.record_button)
        status_row = QHBoxLayout()
        status_row.addWidget(self.status)
        status_row.addStretch(1)
        status_row.addWidget(self.message)
        central = QWidget()
        rows = QVBoxLayout(central)
        rows.setContentsMargins(16, 16, 16, 10)
        rows.setSpacing(12)
        rows.addLayout(top_row, 1)
        rows.addLayout(control_row)
        rows.addLayout(status_row)
        self.setCentralWidget(central)

    def _bind_shortcuts(self) -> None:
        for key, callback in (
            ("B", self.boxes.toggle),
            ("C", self.panels.toggle),
            ("M", self.memes.toggle),
            ("T", self.smoothing.toggle),
            ("S", self._save_snapshot),
            ("R", self.record_button.toggle),
            ("N", self._select_next_face),
            ("F5", self.session.capture.retry),
            ("F11", self._toggle_full_screen),
            ("Ctrl+Q", self.close),
        ):
            QShortcut(QKeySequence(key), self).activated.connect(callback)

    def _show_newest_frame(self) -> None:
        for tracked_frame in self.session.fetch_tracked_frames():
            self.plot.add(tracked_frame)
        frame = self.session.fetch_rendered_frame()
        if frame is not None:
            self.tracked_frame = frame.tracked_frame
            self.image_view.show_image(frame.image)
            height, width = frame.image.shape[:2]
            self._measurements = f"{width}×{height}   {frame.fps:.0f} fps   {frame.latency * 1000:.0f} ms"
            self._show_face()
        self._show_state()
        for message in self.session.fetch_messages():
            self._show_message(message)
        if self.record_button.isChecked() and self.session.recorder is None:
            # The session stopped the recording after an error, for example because the disk is full.
            with QSignalBlocker(self.record_button):
                self.record_button.setChecked(False)
            self.record_button.setText("Record")

    def _show_state(self) -> None:
        capture = self.session.capture
        state = capture.state
        if state is CaptureState.OPENING:
            self.image_view.show_message(f"Opening {self._name}", "This may take a few seconds.")
        elif state is CaptureState.LOST and capture.is_file:
            self.image_view.show_message(
                f"{self._name} cannot be read", "The file is missing, damaged or not a video.", "Try again"
            )
        elif state is CaptureState.LOST:
            hint = "Check that it is connected and not in use by another program. It is opened again every few seconds."
            self.image_view.show_message(f"No image from {self._name}", hint, "Try now")
        elif state is CaptureState.ENDED:
            self.image_view.show_message(f"{self._name} has ended", "F5 plays it again.", "Play again")
        else:
            self.image_view.show_message("")
        details = self._measurements if state is CaptureState.RUNNING else state.value
        recorder = self.session.recorder
        if recorder is not None:
            self.record_button.setText(f"Recording  {_format_duration(recorder.seconds)}")
        self.status.setText(f"{self._name}   {details}")

    def _show_face(self) -> None:
        faces, track_id = self._faces, self.track_id
        if track_id is None or track_id not in faces:
            self.bars.show_composition(None)
            self.caption.setText("Faces are read best from the front, in good light")
            self.headline.setText("No face visible")
            return
        face = faces[track_id]
        others = f" of {len(faces)}   N selects the next" if len(faces) > 1 else ""
        self.caption.setText(f"Face {track_id}{others}")
        if face.is_face:
            self.headline.setText(f"{face.top.value.capitalize()}  {face.composition[face.top]:.0%}")
            self.bars.show_composition(face.composition)
        else:
            self.headline.setText("No clear face")
            self.bars.show_composition(None)

    def _draw_plot(self) -> None:
        self.plot.draw(self.track_id)

    def _update_overlay(self) -> None:
        self.session.overlay = Overlay(self.boxes.isChecked(), self.panels.isChecked(), self.memes.isChecked())
        if self.session.capture.state is not CaptureState.RUNNING:
            image = self.session.redraw()
            if image is not None:
                self.image_view.show_image(image)

    def _update_smoothing(self) -> None:
        self._enabled_smoothing = self.slider.value() * _SLIDER_STEP_SECONDS
        is_on = self.smoothing.isChecked()
        self.session.smoothing = self._enabled_smoothing if is_on else 0.0
        self.slider.setEnabled(is_on)
        self.time_constant.setText(f"{self.session.smoothing:.2f} s" if is_on else "off")

    def _save_snapshot(self) -> None:
        try:
            self.session.save_snapshot(self._folder / f"{make_unused_name(self._folder, '.png')}.png")
        except RunError as error:
            self._show_message(StatusMessage(str(error), is_error=True))

    def _toggle_recording(self, on: bool) -> None:
        if not on:
            self.session.stop_recording()
            self.record_button.setText("Record")
            return
        if self.session.capture.state is CaptureState.ENDED:
            self._show_message(StatusMessage(f"{self._name} has ended; play it again, then record.", is_error=True))
            self.record_button.setChecked(False)
            return
        try:
            self.session.start_recording(Recorder(self._folder, make_unused_name(self._folder, ".csv")))
        except RunError as error:
            self._show_message(StatusMessage(str(error), is_error=True))
            self.record_button.setChecked(False)

    def _select_face_at(self, x: float, y: float) -> None:
        for track_id, face in self._faces.items():
            left, top, right, bottom = face.box.xyxy
            if left <= x < right and top <= y < bottom:
                self._selected_track_id = track_id
        self._show_face()

    def _select_next_face(self) -> None:
        track_ids, current = sorted(self._faces), self.track_id
        if track_ids:
            later = (track_id for track_id in track_ids if current is not None and track_id > current)
            self._selected_track_id = next(later, track_ids[0])
            self._show_face()

    def _toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _show_message(self, message: StatusMessage) -> None:
        self.message.setText(message.text)
        self.message.setProperty("error", message.is_error)
        # A style sheet reads properties when it is applied, not when they change.
        self.message.style().polish(self.message)
        self._message_timer.start()


def _make_toggle(text: str, tooltip: str, *, on: bool) -> QPushButton:
    button = QPushButton(text)
    button.setCheckable(True)
    button.setChecked(on)
    button.setToolTip(tooltip)
    return button


def _format_duration(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
