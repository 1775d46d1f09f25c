"""Weights that are downloaded once, from a server on this machine."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mememoji.detection.download import YUNET, Download, data_folder
from mememoji.errors import ModelError, RunError

CONTENT = b"a small network" * 100
WANTED = Download("yunet", "net.onnx", "", hashlib.sha256(CONTENT).hexdigest(), max_bytes=2000, license="MIT")


class Server(http.server.ThreadingHTTPServer):
    """Answers by the path that is asked for, and counts."""

    asked = 0

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{path}"


class _Answers(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked += 1
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/right")
            self.end_headers()
            return
        answers = {
            "/right": CONTENT,
            "/wrong": CONTENT[::-1],
            "/long": bytes(2001),
            "/empty": b"",
            "/cut": CONTENT[:99],
        }
        content = answers.get(self.path)
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT) if self.path == "/cut" else len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), _Answers) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_before_the_download_nothing_is_there(home: Path) -> None:
    assert not WANTED.is_there()
    with pytest.raises(ModelError, match=r"net\.onnx: run `mememoji detector fetch yunet`"):
        WANTED.checked()
    assert not home.exists()


@pytest.mark.parametrize("path", ["right", "moved"])
def test_the_file_is_downloaded_once(home: Path, server: Server, path: str) -> None:
    assert WANTED.fetch(url=server.address(path)) == home / "detectors" / "net.onnx"
    assert WANTED.checked().read_bytes() == CONTENT
    asked = server.asked
    WANTED.fetch(url=server.address(path))
    assert server.asked == asked
    assert [file.name for file in (home / "detectors").iterdir()] == ["net.onnx"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("empty", "gave another file: expected sha256"),
        ("wrong", "gave another file: expected sha256"),
        ("cut", "gave another file|cannot download"),
        ("long", "more than 2,000 bytes"),
        ("missing", r"answered 404 .*place it at .*net\.onnx"),
    ],
)
def test_another_answer_is_an_error_and_leaves_nothing(home: Path, server: Server, path: str, message: str) -> None:
    with pytest.raises(RunError, match=message):
        WANTED.fetch(url=server.address(path))
    assert not home.exists()


def test_a_server_that_is_not_there_is_an_error(home: Path, server: Server) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as closed:
        port = closed.server_port
    with pytest.raises(RunError, match="cannot download"):
        WANTED.fetch(url=f"http://127.0.0.1:{port}/right", timeout=5)


@pytest.mark.parametrize("url", ["file:///etc/hostname", "net.onnx", "ftp://127.0.0.1/net.onnx"])
def test_only_web_addresses_are_taken(home: Path, url: str) -> None:
    with pytest.raises(RunError, match="expected an http or https address"):
        WANTED.fetch(url=url)


def test_a_damaged_file_is_noticed_and_replaced(home: Path, server: Server) -> None:
    path = WANTED.fetch(url=server.address("right"))
    path.write_bytes(CONTENT[:50])
    assert not WANTED.is_there()
    with pytest.raises(ModelError, match="is not the file it should be"):
        WANTED.checked()
    WANTED.fetch(url=server.address("right"))
    assert WANTED.is_there()


def test_a_data_folder_that_cannot_be_written_is_an_error(home: Path, server: Server) -> None:
    home.write_text("a file where the folder should be")
    with pytest.raises(RunError, match="MEMEMOJI_HOME names another folder"):
        WANTED.fetch(url=server.address("right"))


def test_the_data_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MEMEMOJI_HOME", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert data_folder() == tmp_path / "data" / "mememoji"
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert data_folder().is_relative_to(tmp_path)
    monkeypatch.setenv("MEMEMOJI_HOME", str(tmp_path / "mine"))
    assert data_folder() == tmp_path / "mine"


def test_the_published_file_is_the_one_expected(home: Path, shared: Path) -> None:
    published = shared / "models" / YUNET.file_name
    if not published.is_file():
        pytest.skip(f"no weights of YuNet at {published}")
    YUNET.path.parent.mkdir(parents=True)
    YUNET.path.write_bytes(published.read_bytes())
    assert YUNET.is_there()
    assert published.stat().st_size < YUNET.max_bytes
    assert not replace(YUNET, sha256="0" * 64).is_there()
