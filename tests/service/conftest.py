"""A real server on loopback with a real store and the shipped weights."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from mememoji.service.app import create_app
from mememoji.service.server.process import make_uvicorn_options
from mememoji.service.settings import ServiceSettings

Serving = Callable[..., AbstractContextManager[httpx.Client]]

PREDICT_HEAD = b"POST /v1.0.0/predict HTTP/1.1\r\nHost: a\r\n"
"""The start of a request's head, without its end."""


def send_raw(client: httpx.Client, sent: bytes, seconds: float = 10) -> bytes:
    """Send bytes as they are and return everything that the service sends until it closes the connection."""
    with socket.create_connection(("127.0.0.1", client.base_url.port or 0), timeout=seconds) as connection:
        if sent:
            connection.sendall(sent)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
        return received


@contextmanager
def serving(settings: ServiceSettings, **components: Any) -> Iterator[httpx.Client]:
    """A client of a service that runs in a thread of this process, configured as by `mememoji serve`."""
    app = create_app(settings, **components)
    server = uvicorn.Server(uvicorn.Config(app, **make_uvicorn_options(settings)))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server stopped before it was ready"
            thread.join(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(60)
    assert not thread.is_alive(), "the server did not stop"


@pytest.fixture
def serve(tmp_path: Path) -> Serving:
    """Return a function that starts a service from settings and from arguments of `create_app`."""

    def start(*, analyzer: Any = None, store_object: Any = None, fetcher: Any = None, **values: Any) -> Any:
        components = {"web_folder": values.pop("web_folder")} if "web_folder" in values else {}
        given: dict[str, Any] = {
            "port": 0,
            "store": f"sqlite:///{tmp_path}/images.db",
            "log_format": "console",
        } | values
        return serving(ServiceSettings(**given), analyzer=analyzer, store=store_object, fetcher=fetcher, **components)

    return start


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A service with default settings and SQLite, for tests that do not change the images of other tests."""
    folder = tmp_path_factory.mktemp("service")
    with serving(ServiceSettings(port=0, store=f"sqlite:///{folder}/images.db", log_format="console")) as client:
        yield client


@pytest.fixture(scope="session")
def astronaut(astronaut_path: Path) -> bytes:
    """The file of an image with one happy face."""
    return astronaut_path.read_bytes()


@pytest.fixture(autouse=True)
def _clear_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("MEMEMOJI_") and not name.startswith("MEMEMOJI_TEST_") and name != "MEMEMOJI_SHARED":
            monkeypatch.delenv(name)
