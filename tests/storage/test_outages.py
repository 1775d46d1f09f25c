"""Databases that are not there, go away, come back, or are not ours."""

import re
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from mememoji.emotions import Emotion
from mememoji.errors import StoreUnavailableError
from mememoji.storage.factory import open_store
from mememoji.storage.image_record import StoredPhoto, new_photo_id, now
from mememoji.storage.image_store import PhotoStore
from tests.storage.conftest import Database, Forwarder

Forward = Callable[[int], Forwarder]


@pytest.fixture
def closed_port() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def through(forwarder: Forwarder, database: Database) -> str:
    """The database's URL with the forwarder before it."""
    return database.url.replace(f":{urlsplit(database.url).port}/", f":{forwarder.port}/")


def every_method_says_so(store: PhotoStore, photo: StoredPhoto, message: str) -> None:
    for ask in (
        lambda: store.add(photo),
        lambda: store.get(photo.photo_id),
        lambda: store.add_feedback(photo.photo_id, 0, Emotion.SAD),
        lambda: store.delete(photo.photo_id),
        lambda: store.delete_expired(now()),
        lambda: list(store.photos()),
        store.statistics,
        store.ping,
    ):
        with pytest.raises(StoreUnavailableError, match=message) as caught:
            ask()
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hunter2@127.0.0.1:{port}/mememoji",
        "mongodb://me:hunter2@127.0.0.1:{port}/mememoji?serverSelectionTimeoutMS=150",
    ],
)
def test_a_server_that_is_not_there(url: str, closed_port: int, photo: StoredPhoto) -> None:
    with closing(open_store(url.format(port=closed_port))) as store:
        every_method_says_so(store, photo, r"me:\*\*\*@127\.0\.0\.1.*cannot be used: .*; check")


def test_a_wrong_password_is_not_repeated(postgres_url: str) -> None:
    parts = urlsplit(postgres_url)
    with closing(open_store(f"postgresql://{parts.username}:hunter2@127.0.0.1:{parts.port}{parts.path}")) as store:
        with pytest.raises(StoreUnavailableError, match="password authentication failed") as caught:
            store.ping()
        assert "hunter2" not in str(caught.value)


def test_a_folder_that_is_not_there_and_then_is(tmp_path: Path, photo: StoredPhoto) -> None:
    folder = tmp_path / "later"
    with closing(open_store(f"sqlite:///{folder}/photos.db")) as store:
        every_method_says_so(store, photo, "unable to open database file; check")
        folder.mkdir()
        store.add(photo)
        assert store.get(photo.photo_id, pixels=True) == photo


def test_a_server_that_comes_back(server_database: Database, photo: StoredPhoto, forward: Forward) -> None:
    port = urlsplit(server_database.url).port or 0
    with forward(port) as forwarder, closing(open_store(through(forwarder, server_database))) as store:
        store.add(photo)
        forwarder.cut()
        for ask in (store.ping, lambda: store.delete(new_photo_id())):
            with pytest.raises(StoreUnavailableError):
                ask()
        forwarder.restore()
        assert store.get(photo.photo_id, pixels=True) == photo
        # As after a restart: all connections are dead, and perhaps nobody asked in between.
        forwarder.cut()
        forwarder.restore()
        if server_database.kind == "mongo":
            # Whether a write that meets a dead connection arrived cannot be known, so pymongo does not repeat it.
            with suppress(StoreUnavailableError):
                store.ping()
        store.add_feedback(photo.photo_id, 0, Emotion.HAPPY)
        assert store.statistics().feedback == 1


def test_a_store_that_was_made_before_its_server(
    server_database: Database, photo: StoredPhoto, forward: Forward
) -> None:
    with forward(urlsplit(server_database.url).port or 0) as forwarder:
        forwarder.cut()
        with closing(open_store(through(forwarder, server_database))) as store:
            with pytest.raises(StoreUnavailableError):
                store.add(photo)
            forwarder.restore()
            store.add(photo)


def test_a_file_that_is_no_database(tmp_path: Path, photo: StoredPhoto) -> None:
    path = tmp_path / "photos.db"
    path.write_bytes(b"not a database, by far" * 500)
    with closing(open_store(f"sqlite:///{path}")) as store:
        every_method_says_so(store, photo, "file is not a database")


def test_another_programs_database_is_left_alone(tmp_path: Path, photo: StoredPhoto) -> None:
    path = tmp_path / "holiday.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE images (title TEXT)")
    with closing(open_store(f"sqlite:///{path}")) as store:
        every_method_says_so(store, photo, "a table 'images' that is not Mememoji's; name another database")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("photos",)]


def test_a_newer_schema_is_refused(shared_database: Database, photo: StoredPhoto) -> None:
    with closing(open_store(shared_database.url)) as store:
        store.add(photo)
    raise_version(shared_database)
    with closing(open_store(shared_database.url)) as store:
        every_method_says_so(store, photo, "of version 2, and this Mememoji knows version 1; upgrade Mememoji")


def raise_version(database: Database) -> None:
    if database.kind == "mongo":
        from pymongo import MongoClient

        with closing(MongoClient[dict[str, Any]](database.url)) as client:
            client.get_default_database()["mememoji_schema"].update_one({}, {"$set": {"version": 2}})
        return
    from sqlalchemy import create_engine, text

    engine = create_engine(re.sub("^postgresql:", "postgresql+psycopg:", database.url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE mememoji_schema SET version = 2"))
    engine.dispose()
