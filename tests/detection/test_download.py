"""Weights that are downloaded once, here from a local server."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mememoji.detection.download import YUNET, DownloadableWeights, data_folder
from mememoji.errors import ModelError, RunError

CONTENT = b"a small network" * 100
WEIGHTS = DownloadableWeights(
    "yunet", "net.onnx", "", hashlib.sha256(CONTENT).hexdigest(), max_bytes=2000, license="MIT"
)


class Server(http.server.ThreadingHTTPServer):
    """Server that responds by path and counts requests."""

    num_requests = 0

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{path}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.num_requests += 1
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/right")
            self.end_headers()
            return
        responses = {
            "/right": CONTENT,
            "/wrong": CONTENT[::-1],
            "/long": bytes(2001),
            "/empty": b"",
            "/cut": CONTENT[:99],
        }
        content = responses.get(self.path)
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
    with Server(("127.0.0.1", 0), _Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_verified_path_before_the_download_raises_model_error(home: Path) -> None:
    assert not WEIGHTS.is_downloaded()
    with pytest.raises(ModelError, match=r"net\.onnx: run `mememoji detector download yunet`"):
        WEIGHTS.get_verified_path()
    assert not home.exists()


@pytest.mark.parametrize("path", ["right", "moved"])
def test_download_twice_requests_the_file_once(home: Path, server: Server, path: str) -> None:
    assert WEIGHTS.download(url=server.url(path)) == home / "detectors" / "net.onnx"
    assert WEIGHTS.get_verified_path().read_bytes() == CONTENT
    num_requests = server.num_requests
    WEIGHTS.download(url=server.url(path))
    assert server.num_requests == num_requests
    assert [file.name for file in (home / "detectors").iterdir()] == ["net.onnx"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("empty", "must have the sha256"),
        ("wrong", "must have the sha256"),
        ("cut", "must have the sha256|cannot download"),
        ("long", "must respond with at most 2,000 bytes"),
        ("missing", r"responded with 404 .*save it as .*net\.onnx"),
    ],
)
def test_download_of_another_response_raises_run_error_and_leaves_no_file(
    home: Path, server: Server, path: str, message: str
) -> None:
    with pytest.raises(RunError, match=message):
        WEIGHTS.download(url=server.url(path))
    assert not home.exists()


def test_download_from_an_unreachable_server_raises_run_error(home: Path, server: Server) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as closed:
        port = closed.server_port
    with pytest.raises(RunError, match="cannot download"):
        WEIGHTS.download(url=f"http://127.0.0.1:{port}/right", timeout=5)


@pytest.mark.parametrize("url", ["file:///etc/hostname", "net.onnx", "ftp://127.0.0.1/net.onnx"])
def test_download_from_another_scheme_raises_run_error(home: Path, url: str) -> None:
    with pytest.raises(RunError, match="url must begin with http:// or https://"):
        WEIGHTS.download(url=url)


def test_download_replaces_a_damaged_file(home: Path, server: Server) -> None:
    path = WEIGHTS.download(url=server.url("right"))
    path.write_bytes(CONTENT[:50])
    assert not WEIGHTS.is_downloaded()
    with pytest.raises(ModelError, match="must have the sha256"):
        WEIGHTS.get_verified_path()
    WEIGHTS.download(url=server.url("right"))
    assert WEIGHTS.is_downloaded()


def test_download_into_a_folder_that_cannot_be_written_raises_run_error(home: Path, server: Server) -> None:
    home.write_text("a file where the folder should be")
    with pytest.raises(RunError, match="set MEMEMOJI_HOME to another folder"):
        WEIGHTS.download(url=server.url("right"))


def test_data_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MEMEMOJI_HOME", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert data_folder() == tmp_path / "data" / "mememoji"
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert data_folder().is_relative_to(tmp_path)
    monkeypatch.setenv("MEMEMOJI_HOME", str(tmp_path / "mine"))
    assert data_folder() == tmp_path / "mine"


def test_published_weights_match_the_expected_hash(home: Path, shared: Path) -> None:
    published = shared / "models" / YUNET.file_name
    if not published.is_file():
        pytest.skip(f"no weights of YuNet at {published}")
    YUNET.path.parent.mkdir(parents=True)
    YUNET.path.write_bytes(published.read_bytes())
    assert YUNET.is_downloaded()
    assert published.stat().st_size < YUNET.max_bytes
    assert not replace(YUNET, sha256="0" * 64).is_downloaded()
