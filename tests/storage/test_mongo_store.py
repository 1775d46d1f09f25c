"""What only the MongoDB store does: its documents, its indexes, and pixels without a document."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId
from gridfs import GridFSBucket
from pymongo import MongoClient
from pymongo.database import Database as MongoDatabase

from mememoji.emotions import EMOTIONS, Emotion
from mememoji.errors import InputError
from mememoji.storage.image_record import now
from mememoji.storage.mongo_store import ORPHAN_AGE, MongoStore
from tests.storage.conftest import MakePhoto, fresh_database

Raw = MongoDatabase[dict[str, Any]]


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with fresh_database("mongo", tmp_path) as made:
        yield made.url


@pytest.fixture
def store(url: str) -> Iterator[MongoStore]:
    with closing(MongoStore(url)) as opened:
        yield opened


@pytest.fixture
def raw(url: str) -> Iterator[Raw]:
    """The database as the driver sees it."""
    with closing(MongoClient[dict[str, Any]](url, tz_aware=True)) as client:
        yield client.get_default_database()


def pixel_counts(raw: Raw) -> tuple[int, int]:
    return raw["pixels.files"].count_documents({}), raw["pixels.chunks"].count_documents({})


def test_a_photo_is_one_document_of_the_originals_form(store: MongoStore, raw: Raw, make: MakePhoto) -> None:
    photo = make(lifetime=timedelta(days=1), picture=b"an image")
    store.add(photo)
    store.add_feedback(photo.photo_id, 1, Emotion.SAD)

    (document,) = raw["photos"].find()

    assert document["pic_id"] == photo.photo_id
    assert document["expires_at"] == photo.expires_at
    first, second = document["faces"]
    assert (first["index"], first["location_xy"], first["width"], first["height"]) == (0, [1, 2], 30, 40)
    assert [entry["emotion"] for entry in first["prediction"]] == [emotion.value for emotion in EMOTIONS]
    assert first["prediction"][2]["percent"] == 0.5
    assert (first["feedback"], second["feedback"]) == ([], ["sad"])
    assert GridFSBucket(raw, "pixels").open_download_stream(document["picture"]).read() == b"an image"


def test_the_indexes(store: MongoStore, raw: Raw) -> None:
    store.ping()
    indexes = raw["photos"].index_information()
    assert indexes["pic_id_1"]["unique"]
    assert indexes["expires_at_1"]["expireAfterSeconds"] == 0


def test_a_deleted_photo_leaves_nothing(store: MongoStore, raw: Raw, make: MakePhoto) -> None:
    whole, cut = make(picture=bytes(700_000)), make(crops=(b"one", bytes(300_000)))
    for photo in (whole, cut):
        store.add(photo)
    assert pixel_counts(raw) == (3, 6)
    store.delete(whole.photo_id)
    assert pixel_counts(raw) == (2, 3)
    store.delete(cut.photo_id)
    assert pixel_counts(raw) == (0, 0)
    assert raw["photos"].count_documents({}) == 0


def test_pixels_of_a_refused_photo_are_not_kept(store: MongoStore, raw: Raw, make: MakePhoto) -> None:
    photo = make(picture=b"an image")
    store.add(photo)
    with pytest.raises(ValueError, match="is taken"):
        store.add(make(photo_id=photo.photo_id, picture=b"another"))
    assert pixel_counts(raw) == (1, 1)


def test_pixels_that_the_server_left_when_it_dropped_a_photo_are_swept(
    store: MongoStore, raw: Raw, make: MakePhoto
) -> None:
    kept, dropped = make(picture=b"kept"), make(crops=(b"one", b"two"))
    for photo in (kept, dropped):
        store.add(photo)
    # As the TTL index does it.
    raw["photos"].delete_one({"pic_id": dropped.photo_id})
    store.delete_expired(now())
    assert pixel_counts(raw)[0] == 3  # as young as those of an image that is just being stored
    store.delete_expired(now() + ORPHAN_AGE + timedelta(minutes=1))
    assert pixel_counts(raw) == (1, 1)
    assert store.get(kept.photo_id, pixels=True) == kept


def test_parts_of_a_file_that_a_killed_process_left_are_swept(store: MongoStore, raw: Raw, make: MakePhoto) -> None:
    photo = make(picture=bytes(600_000))
    store.add(photo)
    torn, young = ObjectId.from_datetime(now() - 2 * ORPHAN_AGE), ObjectId()
    raw["pixels.chunks"].insert_many(
        [{"files_id": name, "n": number, "data": b"part"} for name in (torn, young) for number in range(2)]
    )
    store.delete_expired(now())
    assert {chunk["files_id"] for chunk in raw["pixels.chunks"].find()} == {
        young,
        *(file["_id"] for file in raw["pixels.files"].find()),
    }
    assert store.get(photo.photo_id, pixels=True) == photo


def test_a_sweep_of_more_than_one_batch(store: MongoStore, raw: Raw, make: MakePhoto) -> None:
    photos = [make(faces=(), picture=b"an image") for _ in range(230)]
    for photo in photos:
        store.add(photo)
    raw["photos"].delete_many({"pic_id": {"$in": [photo.photo_id for photo in photos[:215]]}})
    store.delete_expired(now() + 2 * ORPHAN_AGE)
    assert pixel_counts(raw) == (15, 15)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mongodb://127.0.0.1", "got no database"),
        ("mongodb://127.0.0.1/", "got no database"),
        ("mongodb://me:hunter2/7@127.0.0.1/photos", "cannot be read"),
        ("mongodb://me:hunter2@127.0.0.1:port/photos", "cannot be read"),
        ("mongodb://me:hunter2@127.0.0.1/a%20b.c", "cannot be read"),
    ],
)
def test_urls_that_are_refused(url: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        MongoStore(url)
    assert "hunter2" not in str(caught.value)
