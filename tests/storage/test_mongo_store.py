"""The MongoDB store's documents, indexes and orphaned pixels."""

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
from mememoji.storage.image_record import utc_now
from mememoji.storage.mongo_store import ORPHAN_AGE, MongoStore
from tests.storage.conftest import MakeRecord, fresh_database

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
    """The database through the driver."""
    with closing(MongoClient[dict[str, Any]](url, tz_aware=True)) as client:
        yield client.get_default_database()


def pixel_counts(raw: Raw) -> tuple[int, int]:
    return raw["pixels.files"].count_documents({}), raw["pixels.chunks"].count_documents({})


def test_record_is_one_document_in_the_form_of_the_original(store: MongoStore, raw: Raw, make: MakeRecord) -> None:
    record = make(ttl=timedelta(days=1), image=b"an image")
    store.add(record)
    store.add_feedback(record.image_id, 1, Emotion.SAD)

    (document,) = raw["images"].find()

    assert document["pic_id"] == record.image_id
    assert document["expires_at"] == record.expires_at
    first, second = document["faces"]
    assert (first["index"], first["location_xy"], first["width"], first["height"]) == (0, [1, 2], 30, 40)
    assert [entry["emotion"] for entry in first["prediction"]] == [emotion.value for emotion in EMOTIONS]
    assert first["prediction"][2]["percent"] == 0.5
    assert (first["feedback"], second["feedback"]) == ([], ["sad"])
    assert GridFSBucket(raw, "pixels").open_download_stream(document["image"]).read() == b"an image"


def test_indexes_are_unique_and_expire(store: MongoStore, raw: Raw) -> None:
    store.ping()
    indexes = raw["images"].index_information()
    assert indexes["pic_id_1"]["unique"]
    assert indexes["expires_at_1"]["expireAfterSeconds"] == 0


def test_delete_removes_document_and_pixels(store: MongoStore, raw: Raw, make: MakeRecord) -> None:
    whole, cut = make(image=bytes(700_000)), make(crops=(b"one", bytes(300_000)))
    for record in (whole, cut):
        store.add(record)
    assert pixel_counts(raw) == (3, 6)
    store.delete(whole.image_id)
    assert pixel_counts(raw) == (2, 3)
    store.delete(cut.image_id)
    assert pixel_counts(raw) == (0, 0)
    assert raw["images"].count_documents({}) == 0


def test_add_of_a_duplicate_id_removes_its_pixels(store: MongoStore, raw: Raw, make: MakeRecord) -> None:
    record = make(image=b"an image")
    store.add(record)
    with pytest.raises(ValueError, match="is stored already"):
        store.add(make(image_id=record.image_id, image=b"another"))
    assert pixel_counts(raw) == (1, 1)


def test_orphaned_files_of_expired_documents_are_deleted(store: MongoStore, raw: Raw, make: MakeRecord) -> None:
    kept, dropped = make(image=b"kept"), make(crops=(b"one", b"two"))
    for record in (kept, dropped):
        store.add(record)
    # As the TTL index does.
    raw["images"].delete_one({"pic_id": dropped.image_id})
    store.delete_expired(utc_now())
    assert pixel_counts(raw)[0] == 3  # too young: they might belong to an image that is being stored
    store.delete_expired(utc_now() + ORPHAN_AGE + timedelta(minutes=1))
    assert pixel_counts(raw) == (1, 1)
    assert store.get(kept.image_id, pixels=True) == kept


def test_orphaned_chunks_of_a_killed_process_are_deleted(store: MongoStore, raw: Raw, make: MakeRecord) -> None:
    record = make(image=bytes(600_000))
    store.add(record)
    torn, young = ObjectId.from_datetime(utc_now() - 2 * ORPHAN_AGE), ObjectId()
    raw["pixels.chunks"].insert_many(
        [{"files_id": name, "n": number, "data": b"part"} for name in (torn, young) for number in range(2)]
    )
    store.delete_expired(utc_now())
    assert {chunk["files_id"] for chunk in raw["pixels.chunks"].find()} == {
        young,
        *(file["_id"] for file in raw["pixels.files"].find()),
    }
    assert store.get(record.image_id, pixels=True) == record


def test_orphans_of_more_than_one_batch_are_deleted(store: MongoStore, raw: Raw, make: MakeRecord) -> None:
    records = [make(faces=(), image=b"an image") for _ in range(230)]
    for record in records:
        store.add(record)
    raw["images"].delete_many({"pic_id": {"$in": [record.image_id for record in records[:215]]}})
    store.delete_expired(utc_now() + 2 * ORPHAN_AGE)
    assert pixel_counts(raw) == (15, 15)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mongodb://127.0.0.1", "got no database"),
        ("mongodb://127.0.0.1/", "got no database"),
        ("mongodb://me:hunter2/7@127.0.0.1/images", "cannot be parsed"),
        ("mongodb://me:hunter2@127.0.0.1:port/images", "cannot be parsed"),
        ("mongodb://me:hunter2@127.0.0.1/a%20b.c", "cannot be parsed"),
    ],
)
def test_invalid_url_raises_input_error(url: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        MongoStore(url)
    assert "hunter2" not in str(caught.value)
