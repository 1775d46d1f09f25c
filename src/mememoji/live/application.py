"""The application: Qt's loop around the window."""

import os
import signal
import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from mememoji.errors import RunError
from mememoji.live.session import Session
from mememoji.live.window import LiveWindow

_WAKE_MS = 200


def run_window(session: Session, folder: Path) -> int:
    """Show the window until it is closed; the exit code is Qt's.

    Args:
        session: not yet started.
        folder: where snapshots and recordings go.

    Raises:
        RunError: there is no screen.
    """
    if sys.platform == "linux" and not _has_screen():
        raise RunError("there is no screen to show a window on; --headless does without")
    app = QApplication.instance() or QApplication(["mememoji"])
    assert isinstance(app, QApplication)
    app.setApplicationName("Mememoji")
    window = LiveWindow(session, folder)
    # Qt's loop lets Python see a Ctrl-C only when it runs Python code.
    before = signal.signal(signal.SIGINT, lambda *_: window.close())
    waking = QTimer(interval=_WAKE_MS)
    waking.timeout.connect(lambda: None)
    waking.start()
    try:
        session.start()
        window.show()
        return app.exec()
    finally:
        session.stop()
        signal.signal(signal.SIGINT, before)


def _has_screen() -> bool:
    # Qt ends the process where it finds none, and says so at length.
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
