"""A display for the window's tests, and sources that can be lost."""

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from mememoji.analyzer import Analyzer
from mememoji.classification.fake_classifier import FakeClassifier
from mememoji.detection.fake_detector import FakeDetector
from mememoji.image_io import encode_jpeg, read_image
from mememoji.results import Box, Detection
from mememoji.video.video_encoder import VideoEncoder

WAIT = 20.0
"""The time in seconds after which a wait fails; a busy machine is slow."""


def skip_or_fail(reason: str) -> None:
    """Skip the test; fail where MEMEMOJI_TEST_ALL forbids skipping."""
    if os.environ.get("MEMEMOJI_TEST_ALL"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def display() -> Iterator[None]:
    """An X server for the tests: real windows and real events on a virtual display."""
    program = shutil.which("Xvfb")
    if program is None:
        skip_or_fail("Xvfb is not installed: apt install xvfb")
    try:
        import pyqtgraph  # noqa: F401
        import PySide6  # noqa: F401
    except ImportError:
        skip_or_fail('PySide6 and pyqtgraph are not installed: pip install "mememoji[live]"')
    read, write = os.pipe()
    command = [str(program), "-displayfd", str(write), "-screen", "0", "1400x900x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as stream:
        number = stream.readline().strip()
    before = {name: os.environ.get(name) for name in ("DISPLAY", "QT_QPA_PLATFORM")}
    os.environ |= {"DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
    yield
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    server.terminate()
    server.wait(WAIT)


@pytest.fixture(scope="session")
def app(display: None) -> Iterator[Any]:
    """The Qt application; a process can have only one."""
    from PySide6.QtWidgets import QApplication

    made = QApplication(["mememoji"])
    yield made
    # Before the server stops: Qt aborts a process that loses its display.
    made.shutdown()


@pytest.fixture
def until(app: Any) -> Callable[[Callable[[], object], str], None]:
    """Returns a function that runs Qt until a condition is true, and fails after a timeout."""
    from PySide6.QtTest import QTest

    def wait(condition: Callable[[], object], what: str) -> None:
        end = time.monotonic() + WAIT
        while not condition():
            assert time.monotonic() < end, f"timeout after {WAIT:g} s while waiting for {what}"
            QTest.qWait(10)

    return wait


@pytest.fixture
def analyzer() -> Analyzer:
    """An analyzer that finds a large happy face and a small sad face in every frame."""
    faces = [Detection(Box(40, 30, 60, 70), 0.9), Detection(Box(120, 40, 30, 30), 0.8)]
    return Analyzer(FakeDetector(faces), FakeClassifier({"happy": 0.8, "neutral": 0.2}, {"sad": 0.9, "fear": 0.1}))


@pytest.fixture(scope="session")
def portrait(astronaut_path: Path) -> Any:
    """(120, 160, 3) uint8 RGB."""
    return np.ascontiguousarray(read_image(astronaut_path)[40:280:2, 80:400:2])


@pytest.fixture
def clip(portrait: Any, tmp_path: Path) -> Path:
    """One second of the portrait, 20 frames."""
    with VideoEncoder(tmp_path / "portrait.mp4", 160, 120, 20) as encoder:
        for number in range(20):
            encoder.write(np.roll(portrait, number, axis=1), number / 20)
    return tmp_path / "portrait.mp4"


class Camera:
    """A network camera on loopback, MJPEG over HTTP, that can be switched off and on."""

    def __init__(self, image: Any) -> None:
        self._parts = [encode_jpeg(np.roll(image, 4 * number, axis=1)) for number in range(8)]
        self._server: ThreadingHTTPServer | None = None
        self._port = 0
        self.switch_on()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/stream.mjpg"

    def switch_on(self) -> None:
        camera, running = self, threading.Event()
        running.set()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                number = 0
                with suppress(OSError):
                    while running.is_set():
                        part = camera._parts[number % len(camera._parts)]
                        head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(part)}\r\n\r\n"
                        self.wfile.write(head.encode() + part + b"\r\n")
                        number += 1
                        time.sleep(0.04)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = False

        self._running = running
        self._server = Server(("127.0.0.1", self._port), Handler)
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def switch_off(self) -> None:
        if self._server is not None:
            self._running.clear()
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.switch_off()


@pytest.fixture
def camera(portrait: Any) -> Iterator[Camera]:
    with Camera(portrait) as made:
        yield made


@pytest.fixture
def no_camera() -> str:
    """The URL of a port on which no server listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}/"
