"""The SQL store's files, tables and connections."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from mememoji.emotions import Emotion
from mememoji.errors import InputError
from mememoji.storage.image_record import utc_now
from mememoji.storage.sql_store import SqlStore
from tests.storage.conftest import MakeRecord

SECRET = b"these are the pixels of a face " * 3000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "images.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqlStore]:
    with closing(SqlStore(f"sqlite:///{path}")) as opened:
        yield opened


def on_disk(path: Path) -> bytes:
    """Return the content of all files of the database."""
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


@pytest.mark.parametrize("how", ["deleted", "expired"])
@pytest.mark.parametrize("kept", ["image", "crops"])
def test_deleted_pixels_are_overwritten_in_the_file(
    store: SqlStore, path: Path, make: MakeRecord, how: str, kept: str
) -> None:
    pixels = {"image": SECRET} if kept == "image" else {"crops": (SECRET, SECRET)}
    record = make(ttl=timedelta(days=1), **pixels)
    store.add(record)
    assert SECRET[:31] in on_disk(path)
    if how == "deleted":
        store.delete(record.image_id)
    else:
        assert store.delete_expired(utc_now() + timedelta(days=2)) == 1
    assert SECRET[:31] not in on_disk(path)
    assert record.image_id.encode() not in on_disk(path)


def test_delete_removes_the_rows_of_every_table(store: SqlStore, path: Path, make: MakeRecord) -> None:
    record = make(crops=(b"one", b"two"))
    store.add(record)
    store.add_feedback(record.image_id, 1, Emotion.SAD)
    store.delete(record.image_id)
    with closing(sqlite3.connect(path)) as connection:
        for table in ("images", "faces", "feedback"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


def test_tables_are_readable_with_plain_sql(store: SqlStore, path: Path, make: MakeRecord) -> None:
    record = make()
    store.add(record)
    store.add_feedback(record.image_id, 1, Emotion.SAD)
    asked = "SELECT top, emotion, sad FROM faces JOIN feedback USING (image_id, face_index)"
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute(asked).fetchall() == [("sad", "sad", 0.7)]
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_relative_path_is_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: MakeRecord
) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(SqlStore("sqlite:///here.db")) as store:
        store.add(make())
    assert (tmp_path / "here.db").is_file()


def test_file_is_not_created_before_the_first_call(store: SqlStore, path: Path) -> None:
    assert not path.exists()
    store.ping()
    assert path.exists()


def test_new_file_is_accessible_to_its_owner_only(store: SqlStore, path: Path, make: MakeRecord) -> None:
    store.add(make())
    assert {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {
        "images.db": 0o600,
        "images.db-shm": 0o600,
        "images.db-wal": 0o600,
    }


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlite://", "must be sqlite:///FILE"),
        ("sqlite:///:memory:", "must be sqlite:///FILE"),
        ("sqlite:///file:x?mode=memory&uri=true", "must be sqlite:///FILE"),
        ("postgresql://me:hunter2@127.0.0.1", "got no database"),
        ("postgresql://me:hunter2@127.0.0.1:port/x", "cannot be parsed"),
    ],
)
def test_invalid_url_raises_input_error(url: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        SqlStore(url)
    assert "hunter2" not in str(caught.value)
