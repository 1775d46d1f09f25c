"""A service process and a browser with a fake camera, for tests and benchmarks of the web app."""

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
_NUM_FRAMES: Final = 40


def fake_camera_arguments(video: Path) -> list[str]:
    """Return the arguments with which Chromium plays `video` as its camera."""
    return ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={video}"]


def write_camera_video(path: Path) -> Path:
    """Write a 640x480 video for Chromium's fake camera, in which a portrait moves in a circle, and return its path."""
    portrait = Image.open(ASTRONAUT).convert("RGB").crop((110, 0, 340, 230)).resize((360, 360))
    content = io.BytesIO()
    for index in range(_NUM_FRAMES):
        angle = 2 * np.pi * index / _NUM_FRAMES
        frame = Image.new("RGB", (640, 480), (70, 90, 120))
        frame.paste(portrait, (int(140 + 60 * np.sin(angle)), int(60 + 20 * np.cos(angle))))
        frame.save(content, "JPEG", quality=85)
    path.write_bytes(content.getvalue())
    return path


def find_free_port() -> int:
    """Return a TCP port on loopback that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@contextmanager
def run_service(folder: Path, port: int | None = None, **settings: str) -> Iterator[str]:
    """Run `mememoji serve` in a process with an SQLite store in `folder`, and yield its URL.

    Args:
        folder: The folder for the store and the log.
        port: The TCP port; a free one by default.
        **settings: Names of settings in lower case and without their prefix, with their values.
    """
    port = find_free_port() if port is None else port
    variables = {f"MEMEMOJI_{name.upper()}": value for name, value in settings.items()}
    defaults = {"MEMEMOJI_STORE": f"sqlite:///{folder}/images.db", "MEMEMOJI_LOG_FORMAT": "console"}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MEMEMOJI_")}
    with (folder / f"serve-{port}.log").open("ab") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "mememoji", "serve", "--port", str(port)],
            env=inherited | defaults | variables,
            stdout=log,
            stderr=log,
        )
    try:
        _wait_for_port(port, server)
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        server.wait(60)


def _wait_for_port(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert server.poll() is None, "the service exited before it accepted connections"
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the service does not accept connections")
