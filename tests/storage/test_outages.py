"""Stores whose database is missing, stops, restarts, or belongs to another program."""

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
from mememoji.storage.image_record import ImageRecord, generate_image_id, utc_now
from mememoji.storage.image_store import ImageStore
from mememoji.storage.sql_tables import SCHEMA_VERSION
from tests.storage.conftest import Database, Forwarder

Forward = Callable[[int], Forwarder]


@pytest.fixture
def closed_port() -> int:
    """A port without a listener."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def through(forwarder: Forwarder, database: Database) -> str:
    """Return the URL of the database through the forwarder."""
    return database.url.replace(f":{urlsplit(database.url).port}/", f":{forwarder.port}/")


def assert_every_method_raises(store: ImageStore, record: ImageRecord, message: str) -> None:
    for call in (
        lambda: store.add(record),
        lambda: store.get(record.image_id),
        lambda: store.add_feedback(record.image_id, 0, Emotion.SAD),
        lambda: store.delete(record.image_id),
        lambda: store.delete_expired(utc_now()),
        lambda: list(store.iter_images()),
        store.compute_statistics,
        store.ping,
    ):
        with pytest.raises(StoreUnavailableError, match=message) as caught:
            call()
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hunter2@127.0.0.1:{port}/mememoji",
        "mongodb://me:hunter2@127.0.0.1:{port}/mememoji?serverSelectionTimeoutMS=150",
    ],
)
def test_store_without_server_raises_unavailable(url: str, closed_port: int, record: ImageRecord) -> None:
    with closing(open_store(url.format(port=closed_port))) as store:
        assert_every_method_raises(store, record, r"me:\*\*\*@127\.0\.0\.1.*cannot be used: .*; check")


def test_wrong_password_is_not_in_the_message(postgres_url: str) -> None:
    parts = urlsplit(postgres_url)
    with closing(open_store(f"postgresql://{parts.username}:hunter2@127.0.0.1:{parts.port}{parts.path}")) as store:
        with pytest.raises(StoreUnavailableError, match="password authentication failed") as caught:
            store.ping()
        assert "hunter2" not in str(caught.value)


def test_missing_folder_raises_unavailable_until_it_exists(tmp_path: Path, record: ImageRecord) -> None:
    folder = tmp_path / "later"
    with closing(open_store(f"sqlite:///{folder}/images.db")) as store:
        assert_every_method_raises(store, record, "unable to open database file; check")
        folder.mkdir()
        store.add(record)
        assert store.get(record.image_id, pixels=True) == record


def test_store_reconnects_to_a_restarted_server(
    server_database: Database, record: ImageRecord, forward: Forward
) -> None:
    port = urlsplit(server_database.url).port or 0
    with forward(port) as forwarder, closing(open_store(through(forwarder, server_database))) as store:
        store.add(record)
        forwarder.cut()
        for call in (store.ping, lambda: store.delete(generate_image_id())):
            with pytest.raises(StoreUnavailableError):
                call()
        forwarder.restore()
        assert store.get(record.image_id, pixels=True) == record
        # As after a restart without calls in between: all connections are dead.
        forwarder.cut()
        forwarder.restore()
        if server_database.kind == "mongo":
            # Whether a write on a dead connection took effect is unknown, so pymongo does not repeat it.
            with suppress(StoreUnavailableError):
                store.ping()
        store.add_feedback(record.image_id, 0, Emotion.HAPPY)
        assert store.compute_statistics().feedback == 1


def test_store_made_before_its_server_starts_connects_later(
    server_database: Database, record: ImageRecord, forward: Forward
) -> None:
    with forward(urlsplit(server_database.url).port or 0) as forwarder:
        forwarder.cut()
        with closing(open_store(through(forwarder, server_database))) as store:
            with pytest.raises(StoreUnavailableError):
                store.add(record)
            forwarder.restore()
            store.add(record)


def test_file_that_is_not_a_database_raises_unavailable(tmp_path: Path, record: ImageRecord) -> None:
    path = tmp_path / "images.db"
    path.write_bytes(b"not a database, by far" * 500)
    with closing(open_store(f"sqlite:///{path}")) as store:
        assert_every_method_raises(store, record, "file is not a database")


def test_database_of_another_program_is_not_changed(tmp_path: Path, record: ImageRecord) -> None:
    path = tmp_path / "holiday.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE images (title TEXT)")
    with closing(open_store(f"sqlite:///{path}")) as store:
        assert_every_method_raises(store, record, "a table 'images' that is not Mememoji's; name another database")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("images",)]


def test_newer_schema_version_is_refused(shared_database: Database, record: ImageRecord) -> None:
    with closing(open_store(shared_database.url)) as store:
        store.add(record)
    raise_version(shared_database)
    with closing(open_store(shared_database.url)) as store:
        assert_every_method_raises(
            store,
            record,
            f"must be of version {SCHEMA_VERSION}, got version {SCHEMA_VERSION + 1}; use the",
        )


def raise_version(database: Database) -> None:
    if database.kind == "mongo":
        from pymongo import MongoClient

        with closing(MongoClient[dict[str, Any]](database.url)) as client:
            client.get_default_database()["mememoji_schema"].update_one({}, {"$set": {"version": SCHEMA_VERSION + 1}})
        return
    from sqlalchemy import create_engine, text

    engine = create_engine(re.sub("^postgresql:", "postgresql+psycopg:", database.url))
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE mememoji_schema SET version = {SCHEMA_VERSION + 1}"))
    engine.dispose()
