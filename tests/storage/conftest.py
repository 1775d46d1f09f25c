"""A new database for each test, and records to store in it."""

import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest

from mememoji.emotions import Emotion
from mememoji.results import Analysis, Box, Composition, Detection, Face
from mememoji.storage.factory import open_store
from mememoji.storage.image_record import ImageRecord
from mememoji.storage.image_store import ImageStore

SERVERS = {"postgres": "MEMEMOJI_TEST_POSTGRES_URL", "mongo": "MEMEMOJI_TEST_MONGO_URL"}

HAPPY = Composition((0.1, 0.1, 0.5, 0.1, 0.1, 0.1))
SAD = Composition((0.1, 0.0, 0.1, 0.7, 0.0, 0.1))
POINTS = ((10.0, 12.5), (20.0, 12.5), (15.0, 18.25), (11.0, 24.0), (19.0, 24.0))
FACES = (
    Face(Detection(Box(1, 2, 30, 40), 0.9, POINTS), HAPPY, 0.8),
    Face(Detection(Box(0, 0, 5, 5)), SAD),
)


@dataclass(frozen=True)
class Database:
    """An empty database of one test; `url` opens it, also from other processes unless it is in memory."""

    kind: str
    url: str


def server_url(kind: str) -> str:
    """Return the URL of a server for tests; skip without one, or fail if `MEMEMOJI_TEST_ALL` is set."""
    url = os.environ.get(SERVERS[kind])
    if not url:
        reason = f"no server to test with: set {SERVERS[kind]}, or run `. .ci/servers` in bash, which starts one"
        if os.environ.get("MEMEMOJI_TEST_ALL"):
            pytest.fail(reason)
        pytest.skip(reason)
    return url


@contextmanager
def fresh_database(kind: str, folder: Path) -> Iterator[Database]:
    """An empty database of this kind, which is deleted afterwards."""
    name = f"test_{secrets.token_hex(6)}"
    if kind == "memory":
        yield Database(kind, "memory://")
    elif kind == "sqlite":
        yield Database(kind, f"sqlite:///{folder / name}.db")
    elif kind == "postgres":
        url = server_url(kind)
        with closing(_postgres(url)) as connection:
            # A schema is as isolated as a database and is created in a hundredth of the time.
            connection.execute(f"CREATE SCHEMA {name}")
            try:
                yield Database(kind, f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{name}")
            finally:
                connection.execute(f"DROP SCHEMA {name} CASCADE")
    else:
        from pymongo import MongoClient

        url = server_url(kind).partition("?")[0].rpartition("/")[0] + f"/{name}"
        yield Database(kind, url)
        with closing(MongoClient[dict[str, Any]](url)) as client:
            client.drop_database(name)


def _postgres(url: str) -> Any:
    import psycopg

    return psycopg.connect(url, autocommit=True)


@pytest.fixture(params=["memory", "sqlite", "postgres", "mongo"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with fresh_database(request.param, tmp_path) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgres", "mongo"])
def shared_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database that several processes can open."""
    with fresh_database(request.param, tmp_path) as made:
        yield made


@pytest.fixture(params=["postgres", "mongo"])
def server_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database behind a TCP port."""
    with fresh_database(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def store(database: Database) -> Iterator[ImageStore]:
    with closing(open_store(database.url)) as opened:
        yield opened


class Forwarder:
    """A port that forwards to another local port until it is cut, to simulate a server that stops."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener: socket.socket | None = None
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self.port = 0
        self.restore()

    def restore(self) -> None:
        """Accept connections, again on the same port."""
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._start(self._accept, listener)

    def cut(self) -> None:
        """Close all connections and accept none."""
        with self._lock:
            sockets, self._sockets = self._sockets, []
            listener, self._listener = self._listener, None
        for each in (*sockets, *([] if listener is None else [listener])):
            # Closing alone does not wake a thread that waits for the socket.
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        for each in (*sockets, *([] if listener is None else [listener])):
            each.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()

    def _start(self, work: Callable[..., None], *given: socket.socket) -> None:
        thread = threading.Thread(target=work, args=given)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                here, _ = listener.accept()
                there = socket.create_connection(("127.0.0.1", self._target))
                with self._lock:
                    self._sockets += [here, there]
                    is_cut = self._listener is None
                if is_cut:
                    here.close()
                    there.close()
                    return
                self._start(self._forward, here, there)
                self._start(self._forward, there, here)

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while content := source.recv(65536):
                sink.sendall(content)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def postgres_url() -> str:
    return server_url("postgres")


@pytest.fixture
def forward() -> Callable[[int], Forwarder]:
    """Return a function that makes a forwarder to a port, as a context manager that cuts it."""
    return Forwarder


MakeRecord = Callable[..., ImageRecord]


def make_record(*, faces: tuple[Face, ...] = FACES, **given: Any) -> ImageRecord:
    """Return a record of two faces, the first happy, the second sad."""
    return ImageRecord.from_analysis(Analysis(200, 100, faces, "fake", "fake 1"), **given)


@pytest.fixture
def record() -> ImageRecord:
    return make_record(image=b"an image", crop_margin=0.125, crop_aligned=False)


@pytest.fixture
def make() -> MakeRecord:
    return make_record


@pytest.fixture
def emotions() -> tuple[Emotion, ...]:
    return tuple(Emotion)
