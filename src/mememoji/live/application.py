"""The Qt application that runs the live window."""

import signal
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from mememoji.live.session import Session
from mememoji.live.window import LiveWindow

_WAKE_INTERVAL_MS = 200


def run_window(session: Session, folder: Path) -> int:
    """Show the live window until it is closed.

    Args:
        session: A session that is not started yet. Call `check_display` first: Qt ends the process without a display.
        folder: The folder for snapshots and recordings.

    Returns:
        The exit code of the Qt application.
    """
    app = QApplication.instance() or QApplication(["mememoji"])
    assert isinstance(app, QApplication)
    app.setApplicationName("Mememoji")
    window = LiveWindow(session, folder)
    handlers = {number: signal.signal(number, lambda *_: window.close()) for number in (signal.SIGINT, signal.SIGTERM)}
    # Python handles signals only while it runs Python code, which the event loop does at each tick of this timer.
    wake_timer = QTimer(interval=_WAKE_INTERVAL_MS)
    wake_timer.timeout.connect(lambda: None)
    wake_timer.start()
    try:
        session.start()
        window.show()
        return app.exec()
    finally:
        session.stop()
        for number, handler in handlers.items():
            signal.signal(number, handler)
