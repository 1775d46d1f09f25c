"""What only the SQL store does: what stays in its files, how its connections are set."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from mememoji.emotions import Emotion
from mememoji.errors import InputError
from mememoji.storage.image_record import now
from mememoji.storage.sql_store import SqlStore
from tests.storage.conftest import MakePhoto

SECRET = b"these are the pixels of a face " * 3000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "photos.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqlStore]:
    with closing(SqlStore(f"sqlite:///{path}")) as opened:
        yield opened


def on_disk(path: Path) -> bytes:
    """All that the database's files hold."""
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


@pytest.mark.parametrize("how", ["deleted", "expired"])
@pytest.mark.parametrize("kept", ["picture", "crops"])
def test_deleted_pixels_leave_the_file(store: SqlStore, path: Path, make: MakePhoto, how: str, kept: str) -> None:
    pixels = {"picture": SECRET} if kept == "picture" else {"crops": (SECRET, SECRET)}
    photo = make(lifetime=timedelta(days=1), **pixels)
    store.add(photo)
    assert SECRET[:31] in on_disk(path)
    if how == "deleted":
        store.delete(photo.photo_id)
    else:
        assert store.delete_expired(now() + timedelta(days=2)) == 1
    assert SECRET[:31] not in on_disk(path)
    assert photo.photo_id.encode() not in on_disk(path)


def test_nothing_of_a_deleted_photo_stays_in_a_table(store: SqlStore, path: Path, make: MakePhoto) -> None:
    photo = make(crops=(b"one", b"two"))
    store.add(photo)
    store.add_feedback(photo.photo_id, 1, Emotion.SAD)
    store.delete(photo.photo_id)
    with closing(sqlite3.connect(path)) as connection:
        for table in ("photos", "faces", "feedback"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


def test_the_file_can_be_read_with_plain_sql(store: SqlStore, path: Path, make: MakePhoto) -> None:
    photo = make()
    store.add(photo)
    store.add_feedback(photo.photo_id, 1, Emotion.SAD)
    asked = "SELECT top, emotion, sad FROM faces JOIN feedback USING (photo_id, face_index)"
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute(asked).fetchall() == [("sad", "sad", 0.7)]
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_relative_path_lies_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: MakePhoto
) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(SqlStore("sqlite:///here.db")) as store:
        store.add(make())
    assert (tmp_path / "here.db").is_file()


def test_nothing_is_made_before_the_first_call(store: SqlStore, path: Path) -> None:
    assert not path.exists()
    store.ping()
    assert path.exists()


def test_a_new_file_is_its_owners_alone(store: SqlStore, path: Path, make: MakePhoto) -> None:
    store.add(make())
    assert {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {
        "photos.db": 0o600,
        "photos.db-shm": 0o600,
        "photos.db-wal": 0o600,
    }


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlite://", "expected sqlite:///FILE"),
        ("sqlite:///:memory:", "expected sqlite:///FILE"),
        ("sqlite:///file:x?mode=memory&uri=true", "expected sqlite:///FILE"),
        ("postgresql://me:hunter2@127.0.0.1", "got no database"),
        ("postgresql://me:hunter2@127.0.0.1:port/x", "cannot be read"),
    ],
)
def test_urls_that_are_refused(url: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        SqlStore(url)
    assert "hunter2" not in str(caught.value)
