"""The Qt application that runs the live window."""

import os
import signal
import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from mememoji.errors import RunError
from mememoji.live.session import Session
from mememoji.live.window import LiveWindow

_WAKE_INTERVAL_MS = 200


def run_window(session: Session, folder: Path) -> int:
    """Show the live window until it is closed.

    Args:
        session: A session that is not started yet.
        folder: The folder for snapshots and recordings.

    Returns:
        The exit code of the Qt application.

    Raises:
        RunError: No display is available.
    """
    if sys.platform == "linux" and not _has_display():
        raise RunError("no display is available for the window; --headless runs without one")
    app = QApplication.instance() or QApplication(["mememoji"])
    assert isinstance(app, QApplication)
    app.setApplicationName("Mememoji")
    window = LiveWindow(session, folder)
    previous_handler = signal.signal(signal.SIGINT, lambda *_: window.close())
    # Python handles Ctrl-C only while it runs Python code, which the event loop does at each tick of this timer.
    wake_timer = QTimer(interval=_WAKE_INTERVAL_MS)
    wake_timer.timeout.connect(lambda: None)
    wake_timer.start()
    try:
        session.start()
        window.show()
        return app.exec()
    finally:
        session.stop()
        signal.signal(signal.SIGINT, previous_handler)


def _has_display() -> bool:
    # Without a display Qt would abort the process with a long message.
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
