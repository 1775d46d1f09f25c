"""What every store does: one set of tests over memory, SQLite, PostgreSQL and MongoDB."""

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
from mememoji.storage.image_record import Kept, StoredFace, StoredPhoto, new_photo_id, now
from mememoji.storage.image_store import PhotoStore, StoreStatistics
from tests.storage.conftest import Database, MakePhoto

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
def stored_photos(draw: st.DrawFn) -> StoredPhoto:
    kept = draw(st.sampled_from(Kept))
    crops = st.binary(max_size=300) if kept is Kept.CROPS else st.none()
    return StoredPhoto(
        photo_id=new_photo_id(),
        created_at=draw(TIMES),
        expires_at=draw(st.sampled_from([None, datetime(2200, 1, 1, tzinfo=UTC)])),
        width=draw(st.integers(1, 60_000)),
        height=draw(st.integers(1, 60_000)),
        detector=draw(NAMES),
        model=draw(NAMES),
        faces=tuple(draw(st.lists(st.builds(StoredFace, READ, SAID, crops), max_size=3))),
        kept=kept,
        picture=draw(st.binary(max_size=300)) if kept is Kept.RECEIVED else None,
    )


def expired(make: MakePhoto, **given: Any) -> StoredPhoto:
    """An image that was forgotten an instant after it was made, yesterday."""
    made = now() - timedelta(days=1)
    return dataclasses.replace(make(**given), created_at=made, expires_at=made + timedelta(milliseconds=1))


def _askers(store: PhotoStore) -> list[Callable[[str], object]]:
    """Everything that is asked of one image."""
    return [
        store.get,
        store.delete,
        lambda name: store.add_feedback(name, 0, Emotion.SAD),
        lambda name: store.remove_feedback(name, 0, Emotion.SAD),
    ]


def test_an_empty_store(store: PhotoStore) -> None:
    assert list(store.photos()) == []
    assert store.statistics() == StoreStatistics(0, 0, 0, 0, 0, dict.fromkeys(EMOTIONS, 0))
    assert store.delete_expired(now()) == 0
    store.ping()
    for ask in _askers(store):
        with pytest.raises(NotStoredError, match="perhaps it has expired"):
            ask(new_photo_id())


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(photo=stored_photos())
def test_what_is_stored_is_found(store: PhotoStore, photo: StoredPhoto) -> None:
    store.add(photo)
    assert store.get(photo.photo_id, pixels=True) == photo
    assert store.get(photo.photo_id) == photo.without_pixels()
    assert photo in list(store.photos(pixels=True))


def test_a_large_picture_and_many_faces(store: PhotoStore, make: MakePhoto) -> None:
    face = make().faces[0].face
    photo = make(faces=(face,) * 150, picture=bytes(range(256)) * 80_000)
    store.add(photo)
    assert store.get(photo.photo_id, pixels=True) == photo


def test_a_photo_without_faces(store: PhotoStore, make: MakePhoto) -> None:
    photo = make(faces=(), picture=b"nobody")
    store.add(photo)
    assert store.get(photo.photo_id, pixels=True) == photo
    with pytest.raises(NotStoredError):
        store.add_feedback(photo.photo_id, 0, Emotion.SAD)


def test_pixels_come_only_when_asked_for(store: PhotoStore, make: MakePhoto) -> None:
    whole, cut = make(picture=b"whole"), make(crops=(b"one", b"two"))
    for photo in (whole, cut):
        store.add(photo)
    for found in (store.get(whole.photo_id), store.get(cut.photo_id), *store.photos()):
        assert found.picture is None
        assert all(face.crop is None for face in found.faces)
    assert store.get(whole.photo_id).kept is Kept.RECEIVED
    assert store.get(cut.photo_id).kept is Kept.CROPS
    assert {photo.photo_id: photo for photo in store.photos(pixels=True)} == {p.photo_id: p for p in (whole, cut)}


@pytest.mark.parametrize("bad", ["", "no such", "a\0b", "\ud800", "é", "$where", "x" * 101, "x" * 100_000, "../.."])
def test_what_cannot_be_an_identifier_is_not_stored(store: PhotoStore, bad: str) -> None:
    for ask in _askers(store):
        with pytest.raises(NotStoredError) as caught:
            ask(bad)
        assert len(str(caught.value)) < 1000


def test_an_identifier_is_taken_once(store: PhotoStore, photo: StoredPhoto, make: MakePhoto) -> None:
    store.add(photo)
    with pytest.raises(ValueError, match="is taken"):
        store.add(make(photo_id=photo.photo_id, picture=b"another"))
    assert store.get(photo.photo_id, pixels=True) == photo
    assert store.statistics().picture_bytes == len(b"an image")


def test_feedback_is_appended_to_its_face(store: PhotoStore, photo: StoredPhoto, emotions: tuple[Emotion, ...]) -> None:
    store.add(photo)
    for emotion in emotions:
        store.add_feedback(photo.photo_id, 1, emotion)
    store.add_feedback(photo.photo_id, 0, Emotion.HAPPY)
    found = store.get(photo.photo_id)
    assert [face.feedback for face in found.faces] == [(Emotion.HAPPY,), emotions]
    assert json.loads(json.dumps(found.to_dict()))["faces"][1]["feedback"] == [emotion.value for emotion in emotions]


@pytest.mark.parametrize("index", [2, -1, 2**31, 10**30, -(10**30)])
def test_feedback_on_a_face_that_is_not_there(store: PhotoStore, photo: StoredPhoto, index: int) -> None:
    store.add(photo)
    with pytest.raises(NotStoredError, match="no face"):
        store.add_feedback(photo.photo_id, index, Emotion.SAD)
    assert store.get(photo.photo_id) == photo.without_pixels()


def test_feedback_from_many_threads_arrives_in_full(store: PhotoStore, photo: StoredPhoto) -> None:
    store.add(photo)
    said = [EMOTIONS[number % 6] for number in range(160)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda emotion: store.add_feedback(photo.photo_id, 0, emotion), said))
    found = store.get(photo.photo_id)
    assert Counter(found.faces[0].feedback) == Counter(said)
    assert found.faces[1].feedback == ()


def test_feedback_is_taken_back_one_by_one(store: PhotoStore, photo: StoredPhoto) -> None:
    store.add(photo)
    for emotion in (Emotion.SAD, Emotion.HAPPY, Emotion.SAD, Emotion.FEAR):
        store.add_feedback(photo.photo_id, 1, emotion)
    store.add_feedback(photo.photo_id, 0, Emotion.SAD)
    for left in ((Emotion.SAD, Emotion.HAPPY, Emotion.FEAR), (Emotion.HAPPY, Emotion.FEAR)):
        store.remove_feedback(photo.photo_id, 1, Emotion.SAD)
        assert [face.feedback for face in store.get(photo.photo_id).faces] == [(Emotion.SAD,), left]
    with pytest.raises(NotStoredError, match="was taken back"):
        store.remove_feedback(photo.photo_id, 1, Emotion.SAD)
    assert store.statistics().feedback == 3


@pytest.mark.parametrize("index", [2, -1, 2**31, 10**30])
def test_feedback_on_a_face_that_is_not_there_is_not_taken_back(
    store: PhotoStore, photo: StoredPhoto, index: int
) -> None:
    store.add(photo)
    with pytest.raises(NotStoredError, match="no feedback"):
        store.remove_feedback(photo.photo_id, index, Emotion.SAD)


def test_many_threads_give_and_take_back_at_once(store: PhotoStore, photo: StoredPhoto) -> None:
    store.add(photo)

    def change(emotion: Emotion) -> None:
        for _ in range(3):
            store.add_feedback(photo.photo_id, 0, emotion)
            store.add_feedback(photo.photo_id, 0, emotion)
            store.remove_feedback(photo.photo_id, 0, emotion)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(change, [Emotion.SAD, Emotion.HAPPY] * 4))
    assert Counter(store.get(photo.photo_id).faces[0].feedback) == {Emotion.SAD: 12, Emotion.HAPPY: 12}


def test_many_threads_write_and_read_at_once(store: PhotoStore, make: MakePhoto) -> None:
    def live(number: int) -> None:
        photo = make(crops=(b"one", b"two"))
        store.add(photo)
        store.add_feedback(photo.photo_id, 0, Emotion.HAPPY)
        assert store.get(photo.photo_id, pixels=True).faces[0].feedback == (Emotion.HAPPY,)
        store.statistics()
        if number % 2:
            store.delete(photo.photo_id)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(live, range(40)))
    assert store.statistics().photos == store.statistics().feedback == 20


def test_what_has_expired_is_not_found(store: PhotoStore, photo: StoredPhoto, make: MakePhoto) -> None:
    gone = expired(make, picture=b"old")
    store.add(gone)
    store.add(photo)
    with pytest.raises(NotStoredError):
        store.get(gone.photo_id)
    with pytest.raises(NotStoredError):
        store.add_feedback(gone.photo_id, 0, Emotion.SAD)
    with pytest.raises(NotStoredError):
        store.delete(gone.photo_id)
    assert list(store.photos()) == [photo.without_pixels()]
    assert (store.statistics().photos, store.statistics().picture_bytes) == (1, len(b"an image"))


def test_what_has_expired_is_deleted(store: PhotoStore, make: MakePhoto) -> None:
    lasting, short, long = make(), make(lifetime=timedelta(days=1)), make(lifetime=timedelta(days=3))
    for photo in (lasting, short, long):
        store.add(photo)
    assert store.delete_expired(now() + timedelta(days=2)) == 1
    assert {photo.photo_id for photo in store.photos()} == {lasting.photo_id, long.photo_id}
    store.add(dataclasses.replace(short, expires_at=None))


def test_a_deleted_photo_is_gone(store: PhotoStore, photo: StoredPhoto, make: MakePhoto) -> None:
    other = make(crops=(b"one", b"two"))
    for added in (photo, other):
        store.add(added)
        store.add_feedback(added.photo_id, 0, Emotion.SAD)
    store.delete(photo.photo_id)
    for ask in _askers(store):
        with pytest.raises(NotStoredError):
            ask(photo.photo_id)
    assert [found.photo_id for found in store.photos()] == [other.photo_id]
    statistics = store.statistics()
    assert (statistics.photos, statistics.faces, statistics.feedback, statistics.picture_bytes) == (1, 2, 1, 6)
    store.add(photo)
    assert store.get(photo.photo_id, pixels=True) == photo


def test_photos_come_oldest_first(store: PhotoStore, make: MakePhoto) -> None:
    moment = now()
    # More than one page of any store.
    photos = [dataclasses.replace(make(faces=()), created_at=moment - timedelta(seconds=n)) for n in range(450)]
    for photo in photos[::2] + photos[1::2]:
        store.add(photo)
    assert list(store.photos()) == photos[::-1]


def test_photos_may_be_deleted_while_they_are_gone_through(store: PhotoStore, make: MakePhoto) -> None:
    for _ in range(5):
        store.add(make(picture=b"an image"))
    for photo in store.photos(pixels=True):
        store.delete(photo.photo_id)
    assert store.statistics().photos == 0


def test_statistics(store: PhotoStore, photo: StoredPhoto, make: MakePhoto) -> None:
    cut = make(crops=(b"one", b"four"))
    for added in (photo, cut, make()):
        store.add(added)
    for name, index, emotion in (
        (photo.photo_id, 0, Emotion.HAPPY),
        (photo.photo_id, 0, Emotion.SAD),
        (photo.photo_id, 1, Emotion.SAD),
        (cut.photo_id, 0, Emotion.HAPPY),
        (cut.photo_id, 1, Emotion.NEUTRAL),
    ):
        store.add_feedback(name, index, emotion)
    counts = dict.fromkeys(EMOTIONS, 0) | {Emotion.HAPPY: 2, Emotion.SAD: 2, Emotion.NEUTRAL: 1}
    assert store.statistics() == StoreStatistics(3, 6, 5, 3, len(b"an image") + 7, counts)


def test_two_stores_on_one_database_see_each_other(shared_database: Database, photo: StoredPhoto) -> None:
    with closing(open_store(shared_database.url)) as one, closing(open_store(shared_database.url)) as other:
        one.add(photo)
        other.add_feedback(photo.photo_id, 0, Emotion.FEAR)
        assert one.get(photo.photo_id).faces[0].feedback == (Emotion.FEAR,)
        one.delete(photo.photo_id)
        assert list(other.photos()) == []


def test_many_stores_make_a_new_database_at_once(shared_database: Database, make: MakePhoto) -> None:
    def begin(_: int) -> None:
        with closing(open_store(shared_database.url)) as store:
            store.add(make())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(begin, range(8)))
    with closing(open_store(shared_database.url)) as store:
        assert store.statistics().photos == 8


def test_feedback_from_two_processes_arrives_in_full(shared_database: Database, photo: StoredPhoto) -> None:
    with closing(open_store(shared_database.url)) as store:
        store.add(photo)
        command = [sys.executable, str(WRITER), shared_database.url, "feedback", photo.photo_id, "100"]
        writers = [subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True) for name in ("sad", "happy")]
        assert [writer.communicate(timeout=120)[0] for writer in writers] == ["done\n"] * 2
        assert Counter(store.get(photo.photo_id).faces[0].feedback) == {Emotion.SAD: 100, Emotion.HAPPY: 100}


def test_a_killed_process_leaves_nothing_half_written(shared_database: Database) -> None:
    acknowledged: dict[str, set[str]] = {"photo": set(), "feedback": set()}
    for kill in range(KILLS):
        command = [sys.executable, str(WRITER), shared_database.url, "photos"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            # At another place of the work each time: behind an image, behind its feedback, further on.
            lines = [writer.stdout.readline() for _ in range(3 + kill)]
            writer.send_signal(signal.SIGKILL)
            lines += writer.stdout.read().splitlines(keepends=True)
        for line in lines:
            if line.endswith("\n"):
                what, name = line.split()
                acknowledged[what].add(name)
    with closing(open_store(shared_database.url)) as store:
        found = {photo.photo_id: photo for photo in store.photos(pixels=True)}
        assert acknowledged["photo"] <= set(found)
        # Of each process the last image may be stored and not acknowledged.
        assert len(found) - len(acknowledged["photo"]) <= KILLS
        for photo in found.values():
            assert [len(face.crop or b"") for face in photo.faces] == [300_000, 360_000]
        for name in acknowledged["feedback"]:
            assert found[name].faces[1].feedback == (Emotion.SAD,)
        store.delete_expired(now() + timedelta(hours=1))
        assert {photo.photo_id: photo for photo in store.photos(pixels=True)} == found
