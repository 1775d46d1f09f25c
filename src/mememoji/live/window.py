"""The live window: the image, what the faces show, and the switches."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMainWindow, QPushButton, QSlider, QVBoxLayout, QWidget

from mememoji.errors import RunError
from mememoji.live.capture import State, name_of
from mememoji.live.composition_bars import CompositionBars
from mememoji.live.image_view import PictureView
from mememoji.live.recorder import Recording, stamp
from mememoji.live.running_plot import RunningPlot
from mememoji.live.session import Notice, Session
from mememoji.live.style import SHEET
from mememoji.tracking.face_tracking import Moment
from mememoji.video.frame_overlay import Overlay

LONGEST_SMOOTHING: Final = 2.0
"""Seconds at the slider's right end."""

_LOOK_MS, _PLOT_MS, _NOTICE_MS = 8, 100, 5000
_STEP: Final = 0.05


class LiveWindow(QMainWindow):
    """The window on a session; it stops the session when it is closed.

    Args:
        session: started already, or about to be.
        folder: where snapshots and recordings go.
    """

    def __init__(self, session: Session, folder: Path) -> None:
        super().__init__()
        self._session, self._folder = session, folder
        self._name = name_of(session.capture.source)
        self._moment: Moment | None = None
        self._chosen: int | None = None
        self._figures = ""
        self.setWindowTitle(f"Mememoji – {self._name}")
        self.setStyleSheet(SHEET)
        self.picture = PictureView()
        self.picture.clicked.connect(self._choose_at)
        self.picture.action.clicked.connect(session.capture.again)
        self.plot = RunningPlot()
        self.bars = CompositionBars()
        self.caption, self.headline = QLabel(), QLabel()
        self.status, self.notice = QLabel(), QLabel()
        for label, name in (
            (self.caption, "caption"),
            (self.headline, "headline"),
            (self.status, "status"),
            (self.notice, "notice"),
        ):
            label.setObjectName(name)
        self._make_switches()
        self._lay_out()
        self._bind_keys()
        self.resize(1180, 680)
        self._look = self._timer(_LOOK_MS, self._show_newest)
        self._plotting = self._timer(_PLOT_MS, self._draw_plot)
        self._forgetting = QTimer(self, singleShot=True, interval=_NOTICE_MS)
        self._forgetting.timeout.connect(self.notice.clear)
        self._show_state()
        self._show_face()

    @property
    def face(self) -> int | None:
        """The number of the face that the plot and the bars show."""
        shown = {} if self._moment is None else self._moment.faces
        if self._chosen in shown or (self._chosen is not None and self._chosen in self.plot.faces):
            return self._chosen
        if not shown:
            return self.plot.faces[-1] if self.plot.faces else None
        return max(shown, key=lambda number: shown[number].box.area)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        for timer in (self._look, self._plotting, self._forgetting):
            timer.stop()
        self._session.stop()
        event.accept()

    def _timer(self, milliseconds: int, call: Callable[[], None]) -> QTimer:
        timer = QTimer(self, interval=milliseconds)
        timer.timeout.connect(call)
        timer.start()
        return timer

    def _make_switches(self) -> None:
        overlay = self._session.overlay
        self.boxes = _switch("Boxes", "A box around every face (B)", on=overlay.boxes)
        self.panels = _switch("Bars", "Six bars beside every face (C)", on=overlay.bars)
        self.memes = _switch("Memes", "A meme face over every face (M)", on=overlay.memes)
        for switch in (self.boxes, self.panels, self.memes):
            switch.toggled.connect(self._change_overlay)
        smoothing = self._session.smoothing
        self._smoothing_when_on = smoothing or 0.3
        self.smoothing = _switch("Smoothing", "Follow compositions smoothly (T)", on=smoothing > 0)
        self.smoothing.toggled.connect(self._change_smoothing)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(1, round(LONGEST_SMOOTHING / _STEP))
        self.slider.setValue(round(self._smoothing_when_on / _STEP))
        self.slider.setFixedWidth(96)
        self.slider.setAccessibleName("Smoothing, time constant in seconds")
        self.slider.valueChanged.connect(self._change_smoothing)
        self.constant = QLabel()
        self.constant.setObjectName("status")
        self.constant.setFixedWidth(44)
        self.snapshot = QPushButton("Snapshot")
        self.snapshot.setToolTip("Save the image as it is shown (S)")
        self.snapshot.clicked.connect(self._take_snapshot)
        self.record = _switch("Record", "Record an MP4 file and a CSV timeline (R)", on=False)
        self.record.setObjectName("record")
        self.record.toggled.connect(self._change_recording)
        self._change_smoothing()

    def _lay_out(self) -> None:
        panel = QFrame()
        panel.setObjectName("panel")
        panel.setFixedWidth(340)
        inside = QVBoxLayout(panel)
        inside.setContentsMargins(18, 16, 18, 14)
        inside.setSpacing(4)
        inside.addWidget(self.caption)
        inside.addWidget(self.headline)
        inside.addSpacing(8)
        inside.addWidget(self.bars)
        inside.addSpacing(10)
        inside.addWidget(self.plot.widget, 1)
        top = QHBoxLayout()
        top.setSpacing(14)
        top.addWidget(self.picture, 1)
        top.addWidget(panel)
        switches = QHBoxLayout()
        switches.setSpacing(8)
        for widget in (self.boxes, self.panels, self.memes, self.smoothing, self.slider, self.constant):
            switches.addWidget(widget)
        switches.addStretch(1)
        switches.addWidget(self.snapshot)
        switches.addWidget(self.record)
        foot = QHBoxLayout()
        foot.addWidget(self.status)
        foot.addStretch(1)
        foot.addWidget(self.notice)
        whole = QWidget()
        rows = QVBoxLayout(whole)
        rows.setContentsMargins(16, 16, 16, 10)
        rows.setSpacing(12)
        rows.addLayout(top, 1)
        rows.addLayout(switches)
        rows.addLayout(foot)
        self.setCentralWidget(whole)

    def _bind_keys(self) -> None:
        for keys, call in (
            ("B", self.boxes.toggle),
            ("C", self.panels.toggle),
            ("M", self.memes.toggle),
            ("T", self.smoothing.toggle),
            ("S", self._take_snapshot),
            ("R", self.record.toggle),
            ("N", self._choose_next),
            ("F5", self._session.capture.again),
            ("F11", self._change_full_screen),
            ("Ctrl+Q", self.close),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(call)

    def _show_newest(self) -> None:
        for moment in self._session.moments():
            self.plot.add(moment)
        view = self._session.newest()
        if view is not None:
            self._moment = view.moment
            self.picture.show_picture(view.picture)
            height, width = view.picture.shape[:2]
            self._figures = f"{width}×{height}   {view.rate:.0f} fps   {view.latency * 1000:.0f} ms"
            self._show_face()
        self._show_state()
        for notice in self._session.notices():
            self._tell(notice)
        if self.record.isChecked() and self._session.recording is None:
            # It ended by itself: the disk is full, say.
            with QSignalBlocker(self.record):
                self.record.setChecked(False)
            self.record.setText("Record")

    def _show_state(self) -> None:
        capture = self._session.capture
        state = capture.state
        if state is State.OPENING:
            self.picture.say(f"Opening {self._name}", "One moment.")
        elif state is State.LOST and capture.is_file:
            self.picture.say(f"{self._name} cannot be read", "It is missing, damaged or no video.", "Try again")
        elif state is State.LOST:
            why = "Is it connected, and not in use by another program? It is tried again every few seconds."
            self.picture.say(f"No image from {self._name}", why, "Try now")
        elif state is State.ENDED:
            self.picture.say(f"{self._name} has ended", "F5 plays it again.", "Play again")
        else:
            self.picture.say("")
        told = self._figures if state is State.RUNNING else state.value
        recording = self._session.recording
        if recording is not None:
            self.record.setText(f"Recording  {_clock(recording.seconds)}")
        self.status.setText(f"{self._name}   {told}")

    def _show_face(self) -> None:
        faces = {} if self._moment is None else self._moment.faces
        number = self.face
        if number is None or number not in faces:
            self.bars.show_composition(None)
            self.caption.setText("Faces look best from the front, in good light")
            self.headline.setText("No face in sight")
            return
        face = faces[number]
        others = f" of {len(faces)}   N shows the next" if len(faces) > 1 else ""
        self.caption.setText(f"Face {number}{others}")
        if face.is_clear:
            self.headline.setText(f"{face.top.value.capitalize()}  {face.composition[face.top]:.0%}")
            self.bars.show_composition(face.composition)
        else:
            self.headline.setText("No clear face")
            self.bars.show_composition(None)

    def _draw_plot(self) -> None:
        self.plot.draw(self.face)

    def _change_overlay(self) -> None:
        self._session.overlay = Overlay(self.boxes.isChecked(), self.panels.isChecked(), self.memes.isChecked())
        if self._session.capture.state is not State.RUNNING:
            picture = self._session.redraw()
            if picture is not None:
                self.picture.show_picture(picture)

    def _change_smoothing(self) -> None:
        self._smoothing_when_on = self.slider.value() * _STEP
        on = self.smoothing.isChecked()
        self._session.smoothing = self._smoothing_when_on if on else 0.0
        self.slider.setEnabled(on)
        self.constant.setText(f"{self._session.smoothing:.2f} s" if on else "off")

    def _take_snapshot(self) -> None:
        try:
            self._session.snapshot(self._folder / f"{stamp(self._folder, '.png')}.png")
        except RunError as error:
            self._tell(Notice(str(error), is_error=True))

    def _change_recording(self, on: bool) -> None:
        if not on:
            self._session.stop_recording()
            self.record.setText("Record")
            return
        try:
            self._session.start_recording(Recording(self._folder, stamp(self._folder, ".csv")))
        except RunError as error:
            self._tell(Notice(str(error), is_error=True))
            self.record.setChecked(False)

    def _choose_at(self, x: float, y: float) -> None:
        for number, face in ({} if self._moment is None else self._moment.faces).items():
            left, top, right, bottom = face.box.xyxy
            if left <= x < right and top <= y < bottom:
                self._chosen = number
        self._show_face()

    def _choose_next(self) -> None:
        faces = sorted({} if self._moment is None else self._moment.faces)
        if faces:
            now = self.face
            self._chosen = next((number for number in faces if now is not None and number > now), faces[0])
            self._show_face()

    def _change_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _tell(self, notice: Notice) -> None:
        self.notice.setText(notice.text)
        self.notice.setProperty("error", notice.is_error)
        # A style sheet looks at properties when it is put on, not when they change.
        self.notice.style().polish(self.notice)
        self._forgetting.start()


def _switch(text: str, hint: str, *, on: bool) -> QPushButton:
    button = QPushButton(text)
    button.setCheckable(True)
    button.setChecked(on)
    button.setToolTip(hint)
    return button


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
