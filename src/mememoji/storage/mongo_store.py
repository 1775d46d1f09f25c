"""Images in MongoDB, their pixels in GridFS.

An image with its faces and feedback is one document, so that a write needs no transaction, and any server that speaks
the protocol will do. Pixels are written before the document, which is the commit: a killed process leaves at most
pixels that no document names, and these are swept.
"""

import contextlib
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby, islice
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from bson import CodecOptions, ObjectId
from gridfs import GridFSBucket
from gridfs.errors import CorruptGridFile, NoFile
from pymongo import ASCENDING, MongoClient
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError, PyMongoError

from mememoji.emotions import Emotion
from mememoji.errors import InputError, StoreUnavailableError
from mememoji.storage.image_record import StoredPhoto, is_photo_id, now
from mememoji.storage.image_store import (
    MAX_FACE_INDEX,
    StoreStatistics,
    id_taken,
    no_face,
    no_feedback,
    no_photo,
    without_last,
)
from mememoji.storage.mongo_documents import PIXEL_NAMES, Document, from_document, pixel_files, to_document
from mememoji.storage.url_redaction import without_password

VERSION: Final = 1
"""The documents' version; one more with every change of their form."""

ORPHAN_AGE: Final = timedelta(minutes=10)
"""Pixels without a document that are younger may belong to an image that is just being stored."""

# Two seconds to find out that a server is down; what is acknowledged lies in the journal of most of the servers.
_DEFAULTS: Final[dict[str, Any]] = {
    "serverSelectionTimeoutMS": 2_000,
    "connectTimeoutMS": 2_000,
    "socketTimeoutMS": 20_000,
    "w": "majority",
    "journal": True,
    "appname": "mememoji",
}
_PAGE: Final = 200
# Behind what went wrong, the driver tells all its timeouts and its whole image of the servers.
_CHATTER: Final = re.compile(r" \(configured timeouts|, Timeout:|, full error:")

T = TypeVar("T")


class MongoStore:
    """A `PhotoStore` in MongoDB; makes its indexes where they are missing.

    Args:
        url: `mongodb://USER:PASSWORD@HOST/DATABASE`, also of several hosts, or `mongodb+srv://`.

    Raises:
        InputError: a URL that cannot be read, or one without a database.
    """

    def __init__(self, url: str) -> None:
        self._shown = without_password(url)
        parts = urlsplit(url)
        name = unquote(parts.path.strip("/"))
        if not name:
            raise InputError("expected mongodb://HOST/DATABASE, got no database")
        given = {option.lower() for option, _ in parse_qsl(parts.query)}
        defaults = {option: value for option, value in _DEFAULTS.items() if option.lower() not in given}
        try:
            self._client: MongoClient[Document] = MongoClient(url, connect=False, tz_aware=True, **defaults)
            database = self._client.get_database(name, codec_options=CodecOptions(tz_aware=True, tzinfo=UTC))
        except (PyMongoError, ValueError):
            # Not pymongo's own words: a password may be the part that does not fit.
            raise InputError(
                "the store's URL cannot be read; escape special characters of its password (%40 for @)"
            ) from None
        self._photos: Collection[Document] = database["photos"]
        self._schema: Collection[Document] = database["mememoji_schema"]
        self._bucket = GridFSBucket(database, "pixels")
        self._files: Collection[Document] = database["pixels.files"]
        self._chunks: Collection[Document] = database["pixels.chunks"]
        self._is_set_up = False

    def add(self, photo: StoredPhoto) -> None:
        """Store a new image: see `PhotoStore`."""
        with self._reporting():
            picture = self._write_pixels(photo.photo_id, photo.picture)
            crops = [self._write_pixels(photo.photo_id, face.crop) for face in photo.faces]
            document = to_document(photo, picture, crops)
            try:
                self._photos.insert_one(document)
            except DuplicateKeyError as error:
                # Only here: after any other failure the document may be there after all.
                self._delete_pixels(pixel_files(document))
                raise id_taken(photo.photo_id) from error

    def get(self, photo_id: str, *, pixels: bool = False) -> StoredPhoto:
        """The image of that identifier: see `PhotoStore`."""
        if is_photo_id(photo_id):
            with self._reporting():
                document = self._photos.find_one({"pic_id": photo_id, **_alive()})
                photo = None if document is None else self._photo(document, pixels)
            if photo is not None:
                return photo
        raise no_photo(photo_id)

    def add_feedback(self, photo_id: str, face_index: int, emotion: Emotion) -> None:
        """Append what someone said of a face: see `PhotoStore`."""
        matched = 0
        if is_photo_id(photo_id) and 0 <= face_index <= MAX_FACE_INDEX:
            face = f"faces.{face_index}"
            which = {"pic_id": photo_id, face: {"$exists": True}, **_alive()}
            with self._reporting():
                matched = self._photos.update_one(which, {"$push": {f"{face}.feedback": emotion.value}}).matched_count
        if not matched:
            raise no_face(photo_id, face_index)

    def remove_feedback(self, photo_id: str, face_index: int, emotion: Emotion) -> None:
        """Take back one thing that was said of a face: see `PhotoStore`."""
        field = f"faces.{face_index}.feedback"
        # No update removes one of several equal elements: the list is written anew, if it is still the one read.
        while is_photo_id(photo_id) and 0 <= face_index <= MAX_FACE_INDEX:
            with self._reporting():
                document = self._photos.find_one({"pic_id": photo_id, **_alive()}, {"faces.feedback": 1})
                faces = document["faces"] if document is not None else []
                said = faces[face_index]["feedback"] if face_index < len(faces) else []
                left = without_last([Emotion(name) for name in said], emotion)
                if left is None:
                    break
                which = {"pic_id": photo_id, field: said, **_alive()}
                if self._photos.update_one(which, {"$set": {field: [e.value for e in left]}}).matched_count:
                    return
        raise no_feedback(photo_id, face_index, emotion)

    def delete(self, photo_id: str) -> None:
        """Forget an image: see `PhotoStore`."""
        document = None
        if is_photo_id(photo_id):
            with self._reporting():
                document = self._forget({"pic_id": photo_id, **_alive()})
        if document is None:
            raise no_photo(photo_id)

    def delete_expired(self, now: datetime) -> int:
        """Forget what has expired by then: see `PhotoStore`. The server too drops such documents, by itself."""
        gone = 0
        with self._reporting():
            while self._forget({"expires_at": {"$lte": now}}) is not None:
                gone += 1
            self._sweep(now - ORPHAN_AGE)
        return gone

    def photos(self, *, pixels: bool = False) -> Iterator[StoredPhoto]:
        """All images, oldest first: see `PhotoStore`."""
        after: Document = {}
        while True:
            with self._reporting():
                found = self._photos.find({"$and": [_alive(), after]})
                found = found.sort([("created_at", ASCENDING), ("pic_id", ASCENDING)]).limit(_PAGE)
                page = list(found)
            for document in page:
                with self._reporting():
                    photo = self._photo(document, pixels)
                if photo is not None:
                    yield photo
            if not page:
                return
            time, name = page[-1]["created_at"], page[-1]["pic_id"]
            after = {"$or": [{"created_at": {"$gt": time}}, {"created_at": time, "pic_id": {"$gt": name}}]}

    def statistics(self) -> StoreStatistics:
        """Counts over everything that has not expired."""
        total = {"photos": {"$sum": 1}, "faces": {"$sum": {"$size": "$faces"}}, "bytes": {"$sum": "$pixel_bytes"}}
        pair = {"emotion": "$faces.feedback", "top": "$faces.top"}
        alive = {"$match": _alive()}
        with self._reporting():
            totals = next(iter(self._photos.aggregate([alive, {"$group": {"_id": None, **total}}])), None)
            said = list(
                self._photos.aggregate(
                    [
                        alive,
                        {"$unwind": "$faces"},
                        {"$unwind": "$faces.feedback"},
                        {"$group": {"_id": pair, "count": {"$sum": 1}}},
                    ]
                )
            )
        counts = [(Emotion(row["_id"]["emotion"]), Emotion(row["_id"]["top"]), int(row["count"])) for row in said]
        if totals is None:
            return StoreStatistics.of(0, 0, 0, counts)
        return StoreStatistics.of(int(totals["photos"]), int(totals["faces"]), int(totals["bytes"]), counts)

    def ping(self) -> None:
        """Return when the database answers."""
        with self._reporting():
            self._photos.find_one({}, {"_id": 1})

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    @contextlib.contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            self._set_up()
            yield
        except PyMongoError as error:
            raise self._unavailable(_CHATTER.split(str(error))[0][:300]) from error

    def _unavailable(self, reason: str) -> StoreUnavailableError:
        return StoreUnavailableError(f"the store {self._shown} cannot be used: {reason}; check its server")

    def _set_up(self) -> None:
        if self._is_set_up:
            return
        # Threads and processes may do this at once: each step leaves alone what is there.
        with contextlib.suppress(DuplicateKeyError):
            self._schema.update_one({"_id": "version"}, {"$setOnInsert": {"version": VERSION}}, upsert=True)
        found = (self._schema.find_one({"_id": "version"}) or {}).get("version")
        if found != VERSION:
            raise self._unavailable(
                f"its documents are of version {found}, and this Mememoji knows version {VERSION}; upgrade Mememoji"
            )
        self._photos.create_index("pic_id", unique=True)
        self._photos.create_index("expires_at", expireAfterSeconds=0)
        self._photos.create_index([("created_at", ASCENDING), ("pic_id", ASCENDING)])
        self._is_set_up = True

    def _photo(self, document: Document, pixels: bool) -> StoredPhoto | None:
        """A document's image; None where it was deleted while its pixels were being read."""
        try:
            return from_document(document, self._read_pixels if pixels else None)
        except (NoFile, CorruptGridFile):
            if self._photos.find_one({"_id": document["_id"]}, {"_id": 1}) is None:
                return None
            raise

    def _forget(self, which: Document) -> Document | None:
        # The document goes first: pixels without one are swept, an image without its pixels would be half an image.
        document = self._photos.find_one_and_delete(which, PIXEL_NAMES)
        if document is not None:
            self._delete_pixels(pixel_files(document))
        return document

    def _write_pixels(self, photo_id: str, content: bytes | None) -> ObjectId | None:
        return None if content is None else self._bucket.upload_from_stream(photo_id, content)

    def _read_pixels(self, name: ObjectId) -> bytes:
        return self._bucket.open_download_stream(name).read()

    def _delete_pixels(self, names: Iterable[ObjectId]) -> None:
        for name in names:
            # Another process that sweeps or deletes at the same time may have been faster.
            with contextlib.suppress(NoFile):
                self._bucket.delete(name)

    def _sweep(self, before: datetime) -> None:
        """Delete the pixels that no document names and that were written before then."""
        # A GridFS file's identifier carries the time at which it was made, its name is the image's identifier.
        old = {"$lt": ObjectId.from_datetime(before)}
        for batch in _batches(self._files.find({"_id": old}, {"filename": 1})):
            photos = self._photos.find({"pic_id": {"$in": [file["filename"] for file in batch]}}, PIXEL_NAMES)
            named = {name for photo in photos for name in pixel_files(photo)}
            self._delete_pixels(file["_id"] for file in batch if file["_id"] not in named)
        # A process that is killed while it writes or deletes a file leaves parts of it, which have no entry.
        parts = self._chunks.find({"files_id": old}, {"files_id": 1, "_id": 0}).sort("files_id", ASCENDING)
        for batch in _batches(name for name, _ in groupby(part["files_id"] for part in parts)):
            whole = {file["_id"] for file in self._files.find({"_id": {"$in": batch}}, {"_id": 1})}
            if torn := [name for name in batch if name not in whole]:
                self._chunks.delete_many({"files_id": {"$in": torn}})


def _alive() -> Document:
    return {"$or": [{"expires_at": None}, {"expires_at": {"$gt": now()}}]}


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    left = iter(items)
    while batch := list(islice(left, _PAGE)):
        yield batch
