"""A real service and a real browser: what tests and benchmarks of the web app share."""

import io
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

ROOT: Final = Path(__file__).resolve().parents[2]
ASTRONAUT: Final = ROOT / "docs" / "images" / "astronaut.png"

CHROMIUM_ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_FRAMES: Final = 40


def camera_arguments(file: Path) -> list[str]:
    """What makes Chromium take that file for a camera."""
    return ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={file}"]


def write_camera(path: Path) -> Path:
    """A film for Chromium's fake camera, 640x480: the portrait, carried round in a circle without end."""
    portrait = Image.open(ASTRONAUT).convert("RGB").crop((110, 0, 340, 230)).resize((360, 360))
    content = io.BytesIO()
    for number in range(_FRAMES):
        turn = 2 * np.pi * number / _FRAMES
        frame = Image.new("RGB", (640, 480), (70, 90, 120))
        frame.paste(portrait, (int(140 + 60 * np.sin(turn)), int(60 + 20 * np.cos(turn))))
        frame.save(content, "JPEG", quality=85)
    path.write_bytes(content.getvalue())
    return path


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def serving(folder: Path, port: int | None = None, **settings: str) -> Iterator[str]:
    """`mememoji serve` as a process of its own, with SQLite in that folder; gives its address.

    Keywords are settings without their prefix, in lower case.
    """
    port = free_port() if port is None else port
    variables = {f"MEMEMOJI_{name.upper()}": value for name, value in settings.items()}
    given = {"MEMEMOJI_STORE": f"sqlite:///{folder}/photos.db", "MEMEMOJI_LOG": "console"} | variables
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MEMEMOJI_")}
    with (folder / f"serve-{port}.log").open("ab") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "mememoji", "serve", "--port", str(port)], env=kept | given, stdout=log, stderr=log
        )
    try:
        _wait_for(port, server)
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        server.wait(60)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert server.poll() is None, "the service ended before it was up"
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the service did not come up")
