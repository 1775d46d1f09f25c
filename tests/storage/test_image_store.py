"""The interface of the image store: one set of tests over memory, SQLite, PostgreSQL and MongoDB."""

import dataclasses
import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mememoji.emotions import EMOTIONS, Emotion
from mememoji.errors import NotStoredError
from mememoji.results import Box, Composition, Detection, Face
from mememoji.storage.factory import open_store
from mememoji.storage.image_record import FaceRecord, ImageRecord, PixelRetention, generate_image_id, utc_now
from mememoji.storage.image_store import ImageStore, StoreStatistics
from tests.storage.conftest import Database, MakeRecord

WRITER = Path(__file__).with_name("writer.py")
KILLS = 5

FRACTIONS = st.floats(0.0, 1.0)
NUMBERS = st.floats(-1e6, 1e6)
TIMES = st.integers(0, 4_102_444_800_000).map(lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms))
NAMES = st.text(max_size=30).filter(str.isprintable)
BOXES = st.builds(Box, *[st.integers(0, 30_000)] * 2, *[st.integers(1, 30_000)] * 2)
LANDMARKS = st.tuples(*[st.tuples(NUMBERS, NUMBERS)] * 5)
COMPOSITIONS = st.lists(st.floats(0.001, 1.0), min_size=6, max_size=6).map(
    lambda parts: Composition(tuple(part / sum(parts) for part in parts))
)
READ = st.builds(
    Face,
    st.builds(Detection, BOXES, st.none() | FRACTIONS, st.none() | LANDMARKS),
    COMPOSITIONS,
    st.none() | FRACTIONS,
)
SAID = st.lists(st.sampled_from(EMOTIONS), max_size=4).map(tuple)


@st.composite
def image_records(draw: st.DrawFn) -> ImageRecord:
    retention = draw(st.sampled_from(PixelRetention))
    crops = st.binary(max_size=300) if retention is PixelRetention.CROPS else st.none()
    return ImageRecord(
        image_id=generate_image_id(),
        created_at=draw(TIMES),
        expires_at=draw(st.sampled_from([None, datetime(2200, 1, 1, tzinfo=UTC)])),
        width=draw(st.integers(1, 60_000)),
        height=draw(st.integers(1, 60_000)),
        detector=draw(NAMES),
        model=draw(NAMES),
        faces=tuple(draw(st.lists(st.builds(FaceRecord, READ, SAID, crops), max_size=3))),
        retention=retention,
        image=draw(st.binary(max_size=300)) if retention is PixelRetention.RECEIVED else None,
    )


def expired(make: MakeRecord, **given: Any) -> ImageRecord:
    """Return a record that expired a millisecond after its creation, yesterday."""
    made = utc_now() - timedelta(days=1)
    return dataclasses.replace(make(**given), created_at=made, expires_at=made + timedelta(milliseconds=1))


def _lookups(store: ImageStore) -> list[Callable[[str], object]]:
    """Return every method that looks up one image."""
    return [
        store.get,
        store.delete,
        lambda name: store.add_feedback(name, 0, Emotion.SAD),
        lambda name: store.delete_feedback(name, 0, Emotion.SAD),
    ]


def test_empty_store_holds_nothing(store: ImageStore) -> None:
    assert list(store.iter_images()) == []
    assert store.compute_statistics() == StoreStatistics(0, 0, 0, 0, 0, dict.fromkeys(EMOTIONS, 0))
    assert store.delete_expired(utc_now()) == 0
    store.ping()
    for lookup in _lookups(store):
        with pytest.raises(NotStoredError, match="perhaps it has expired"):
            lookup(generate_image_id())


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(record=image_records())
def test_get_returns_the_added_record(store: ImageStore, record: ImageRecord) -> None:
    store.add(record)
    assert store.get(record.image_id, pixels=True) == record
    assert store.get(record.image_id) == record.without_pixels()
    assert record in list(store.iter_images(pixels=True))


def test_large_image_with_many_faces_is_stored(store: ImageStore, make: MakeRecord) -> None:
    face = make().faces[0].face
    record = make(faces=(face,) * 150, image=bytes(range(256)) * 80_000)
    store.add(record)
    assert store.get(record.image_id, pixels=True) == record


def test_image_without_faces_is_stored(store: ImageStore, make: MakeRecord) -> None:
    record = make(faces=(), image=b"nobody")
    store.add(record)
    assert store.get(record.image_id, pixels=True) == record
    with pytest.raises(NotStoredError):
        store.add_feedback(record.image_id, 0, Emotion.SAD)


def test_pixels_are_loaded_only_on_request(store: ImageStore, make: MakeRecord) -> None:
    whole, cut = make(image=b"whole"), make(crops=(b"one", b"two"))
    for record in (whole, cut):
        store.add(record)
    for found in (store.get(whole.image_id), store.get(cut.image_id), *store.iter_images()):
        assert found.image is None
        assert all(face.crop is None for face in found.faces)
    assert store.get(whole.image_id).retention is PixelRetention.RECEIVED
    assert store.get(cut.image_id).retention is PixelRetention.CROPS
    assert {record.image_id: record for record in store.iter_images(pixels=True)} == {
        p.image_id: p for p in (whole, cut)
    }


@pytest.mark.parametrize("bad", ["", "no such", "a\0b", "\ud800", "é", "$where", "x" * 101, "x" * 100_000, "../.."])
def test_invalid_image_id_raises_not_stored(store: ImageStore, bad: str) -> None:
    for lookup in _lookups(store):
        with pytest.raises(NotStoredError) as caught:
            lookup(bad)
        assert len(str(caught.value)) < 1000


def test_add_of_a_duplicate_id_raises_value_error(store: ImageStore, record: ImageRecord, make: MakeRecord) -> None:
    store.add(record)
    with pytest.raises(ValueError, match="is stored already"):
        store.add(make(image_id=record.image_id, image=b"another"))
    assert store.get(record.image_id, pixels=True) == record
    assert store.compute_statistics().pixel_bytes == len(b"an image")


def test_add_feedback_appends_to_its_face(
    store: ImageStore, record: ImageRecord, emotions: tuple[Emotion, ...]
) -> None:
    store.add(record)
    for emotion in emotions:
        store.add_feedback(record.image_id, 1, emotion)
    store.add_feedback(record.image_id, 0, Emotion.HAPPY)
    found = store.get(record.image_id)
    assert [face.feedback for face in found.faces] == [(Emotion.HAPPY,), emotions]
    assert json.loads(json.dumps(found.to_dict()))["faces"][1]["feedback"] == [emotion.value for emotion in emotions]


@pytest.mark.parametrize("index", [2, -1, 2**31, 10**30, -(10**30)])
def test_add_feedback_on_a_missing_face_raises_not_stored(store: ImageStore, record: ImageRecord, index: int) -> None:
    store.add(record)
    with pytest.raises(NotStoredError, match="no face"):
        store.add_feedback(record.image_id, index, Emotion.SAD)
    assert store.get(record.image_id) == record.without_pixels()


def test_add_feedback_from_many_threads_loses_nothing(store: ImageStore, record: ImageRecord) -> None:
    store.add(record)
    said = [EMOTIONS[number % 6] for number in range(160)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda emotion: store.add_feedback(record.image_id, 0, emotion), said))
    found = store.get(record.image_id)
    assert Counter(found.faces[0].feedback) == Counter(said)
    assert found.faces[1].feedback == ()


def test_delete_feedback_deletes_the_latest_equal_entry(store: ImageStore, record: ImageRecord) -> None:
    store.add(record)
    for emotion in (Emotion.SAD, Emotion.HAPPY, Emotion.SAD, Emotion.FEAR):
        store.add_feedback(record.image_id, 1, emotion)
    store.add_feedback(record.image_id, 0, Emotion.SAD)
    for left in ((Emotion.SAD, Emotion.HAPPY, Emotion.FEAR), (Emotion.HAPPY, Emotion.FEAR)):
        store.delete_feedback(record.image_id, 1, Emotion.SAD)
        assert [face.feedback for face in store.get(record.image_id).faces] == [(Emotion.SAD,), left]
    with pytest.raises(NotStoredError, match="was deleted"):
        store.delete_feedback(record.image_id, 1, Emotion.SAD)
    assert store.compute_statistics().feedback == 3


@pytest.mark.parametrize("index", [2, -1, 2**31, 10**30])
def test_delete_feedback_on_a_missing_face_raises_not_stored(
    store: ImageStore, record: ImageRecord, index: int
) -> None:
    store.add(record)
    with pytest.raises(NotStoredError, match="no feedback"):
        store.delete_feedback(record.image_id, index, Emotion.SAD)


def test_feedback_added_and_deleted_by_many_threads_adds_up(store: ImageStore, record: ImageRecord) -> None:
    store.add(record)

    def change(emotion: Emotion) -> None:
        for _ in range(3):
            store.add_feedback(record.image_id, 0, emotion)
            store.add_feedback(record.image_id, 0, emotion)
            store.delete_feedback(record.image_id, 0, emotion)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(change, [Emotion.SAD, Emotion.HAPPY] * 4))
    assert Counter(store.get(record.image_id).faces[0].feedback) == {Emotion.SAD: 12, Emotion.HAPPY: 12}


def test_concurrent_writes_and_reads_are_consistent(store: ImageStore, make: MakeRecord) -> None:
    def live(number: int) -> None:
        record = make(crops=(b"one", b"two"))
        store.add(record)
        store.add_feedback(record.image_id, 0, Emotion.HAPPY)
        assert store.get(record.image_id, pixels=True).faces[0].feedback == (Emotion.HAPPY,)
        store.compute_statistics()
        if number % 2:
            store.delete(record.image_id)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(live, range(40)))
    assert store.compute_statistics().images == store.compute_statistics().feedback == 20


def test_expired_image_is_not_found(store: ImageStore, record: ImageRecord, make: MakeRecord) -> None:
    old = expired(make, image=b"old")
    store.add(old)
    store.add(record)
    with pytest.raises(NotStoredError):
        store.get(old.image_id)
    with pytest.raises(NotStoredError):
        store.add_feedback(old.image_id, 0, Emotion.SAD)
    with pytest.raises(NotStoredError):
        store.delete(old.image_id)
    assert list(store.iter_images()) == [record.without_pixels()]
    assert (store.compute_statistics().images, store.compute_statistics().pixel_bytes) == (1, len(b"an image"))


def test_delete_expired_deletes_only_expired_images(store: ImageStore, make: MakeRecord) -> None:
    lasting, short, long = make(), make(ttl=timedelta(days=1)), make(ttl=timedelta(days=3))
    for record in (lasting, short, long):
        store.add(record)
    assert store.delete_expired(utc_now() + timedelta(days=2)) == 1
    assert {record.image_id for record in store.iter_images()} == {lasting.image_id, long.image_id}
    store.add(dataclasses.replace(short, expires_at=None))


def test_deleted_image_is_not_found(store: ImageStore, record: ImageRecord, make: MakeRecord) -> None:
    other = make(crops=(b"one", b"two"))
    for added in (record, other):
        store.add(added)
        store.add_feedback(added.image_id, 0, Emotion.SAD)
    store.delete(record.image_id)
    for lookup in _lookups(store):
        with pytest.raises(NotStoredError):
            lookup(record.image_id)
    assert [found.image_id for found in store.iter_images()] == [other.image_id]
    statistics = store.compute_statistics()
    assert (statistics.images, statistics.faces, statistics.feedback, statistics.pixel_bytes) == (1, 2, 1, 6)
    store.add(record)
    assert store.get(record.image_id, pixels=True) == record


def test_iter_images_yields_oldest_first(store: ImageStore, make: MakeRecord) -> None:
    now = utc_now()
    # More than one page of any store.
    records = [dataclasses.replace(make(faces=()), created_at=now - timedelta(seconds=n)) for n in range(450)]
    for record in records[::2] + records[1::2]:
        store.add(record)
    assert list(store.iter_images()) == records[::-1]


def test_images_may_be_deleted_during_iteration(store: ImageStore, make: MakeRecord) -> None:
    for _ in range(5):
        store.add(make(image=b"an image"))
    for record in store.iter_images(pixels=True):
        store.delete(record.image_id)
    assert store.compute_statistics().images == 0


def test_statistics_count_everything(store: ImageStore, record: ImageRecord, make: MakeRecord) -> None:
    cut = make(crops=(b"one", b"four"))
    for added in (record, cut, make()):
        store.add(added)
    for name, index, emotion in (
        (record.image_id, 0, Emotion.HAPPY),
        (record.image_id, 0, Emotion.SAD),
        (record.image_id, 1, Emotion.SAD),
        (cut.image_id, 0, Emotion.HAPPY),
        (cut.image_id, 1, Emotion.NEUTRAL),
    ):
        store.add_feedback(name, index, emotion)
    counts = dict.fromkeys(EMOTIONS, 0) | {Emotion.HAPPY: 2, Emotion.SAD: 2, Emotion.NEUTRAL: 1}
    assert store.compute_statistics() == StoreStatistics(3, 6, 5, 3, len(b"an image") + 7, counts)


def test_two_stores_on_one_database_share_their_images(shared_database: Database, record: ImageRecord) -> None:
    with closing(open_store(shared_database.url)) as one, closing(open_store(shared_database.url)) as other:
        one.add(record)
        other.add_feedback(record.image_id, 0, Emotion.FEAR)
        assert one.get(record.image_id).faces[0].feedback == (Emotion.FEAR,)
        one.delete(record.image_id)
        assert list(other.iter_images()) == []


def test_many_stores_initialize_a_new_database_concurrently(shared_database: Database, make: MakeRecord) -> None:
    def begin(_: int) -> None:
        with closing(open_store(shared_database.url)) as store:
            store.add(make())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(begin, range(8)))
    with closing(open_store(shared_database.url)) as store:
        assert store.compute_statistics().images == 8


def test_add_feedback_from_two_processes_loses_nothing(shared_database: Database, record: ImageRecord) -> None:
    with closing(open_store(shared_database.url)) as store:
        store.add(record)
        command = [sys.executable, str(WRITER), shared_database.url, "feedback", record.image_id, "100"]
        writers = [subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True) for name in ("sad", "happy")]
        assert [writer.communicate(timeout=120)[0] for writer in writers] == ["done\n"] * 2
        assert Counter(store.get(record.image_id).faces[0].feedback) == {Emotion.SAD: 100, Emotion.HAPPY: 100}


def test_killed_process_leaves_no_partial_records(shared_database: Database) -> None:
    acknowledged: dict[str, set[str]] = {"image": set(), "feedback": set()}
    for kill in range(KILLS):
        command = [sys.executable, str(WRITER), shared_database.url, "images"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            # At a different point each time: after an image, after its feedback, later.
            lines = [writer.stdout.readline() for _ in range(3 + kill)]
            writer.send_signal(signal.SIGKILL)
            lines += writer.stdout.read().splitlines(keepends=True)
        for line in lines:
            if line.endswith("\n"):
                what, name = line.split()
                acknowledged[what].add(name)
    with closing(open_store(shared_database.url)) as store:
        found = {record.image_id: record for record in store.iter_images(pixels=True)}
        assert acknowledged["image"] <= set(found)
        # The last image of each process may be stored without acknowledgment.
        assert len(found) - len(acknowledged["image"]) <= KILLS
        for record in found.values():
            assert [len(face.crop or b"") for face in record.faces] == [300_000, 360_000]
        for name in acknowledged["feedback"]:
            assert found[name].faces[1].feedback == (Emotion.SAD,)
        store.delete_expired(utc_now() + timedelta(hours=1))
        assert {record.image_id: record for record in store.iter_images(pixels=True)} == found
