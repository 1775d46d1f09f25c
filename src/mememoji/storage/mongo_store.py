"""The image store in MongoDB, with pixels in GridFS.

An image with its faces and feedback is one document, so that a write needs no transaction and works on every server
that implements the protocol. Pixels are written before the document, which acts as the commit: a killed process leaves
at most orphaned pixels, which no document names, and `delete_expired` deletes these.
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
from mememoji.storage.image_record import ImageRecord, is_valid_image_id, utc_now
from mememoji.storage.image_store import (
    MAX_FACE_INDEX,
    StoreStatistics,
    make_duplicate_image_id_error,
    make_face_not_found_error,
    make_feedback_not_found_error,
    make_image_not_found_error,
    remove_last,
)
from mememoji.storage.mongo_documents import PIXEL_FIELDS, Document, from_document, iter_pixel_files, to_document
from mememoji.storage.url_redaction import redact_url

SCHEMA_VERSION: Final = 2
"""The version of the documents; increase it with every change to their fields."""

ORPHAN_AGE: Final = timedelta(minutes=10)
"""The minimum age of orphaned pixels: younger ones may belong to an image that is being stored."""

# A dead server is detected within two seconds; acknowledged writes are in the journal of a majority of the servers.
_DEFAULTS: Final[dict[str, Any]] = {
    "serverSelectionTimeoutMS": 2_000,
    "connectTimeoutMS": 2_000,
    "socketTimeoutMS": 20_000,
    "w": "majority",
    "journal": True,
    "appname": "mememoji",
}
_PAGE_SIZE: Final = 200
# The driver appends its timeouts and its whole topology to the message of an error.
_ERROR_DETAILS: Final = re.compile(r" \(configured timeouts|, Timeout:|, full error:")

T = TypeVar("T")


class MongoStore:
    """An `ImageStore` in MongoDB; creates its indexes if they are missing.

    Args:
        url: `mongodb://USER:PASSWORD@HOST/DATABASE`, also with several hosts, or `mongodb+srv://`.

    Raises:
        InputError: The URL cannot be parsed, or names no database.
    """

    def __init__(self, url: str) -> None:
        self._redacted_url = redact_url(url)
        parts = urlsplit(url)
        name = unquote(parts.path.strip("/"))
        if not name:
            raise InputError("the store's URL must be mongodb://HOST/DATABASE, got no database")
        given = {option.lower() for option, _ in parse_qsl(parts.query)}
        defaults = {option: value for option, value in _DEFAULTS.items() if option.lower() not in given}
        try:
            self._client: MongoClient[Document] = MongoClient(url, connect=False, tz_aware=True, **defaults)
            database = self._client.get_database(name, codec_options=CodecOptions(tz_aware=True, tzinfo=UTC))
        except (PyMongoError, ValueError):
            # pymongo's own message is not repeated: the invalid component may be a password.
            raise InputError(
                "the store's URL cannot be parsed; percent-encode special characters of its password (%40 for @)"
            ) from None
        self._images: Collection[Document] = database["images"]
        self._schema: Collection[Document] = database["mememoji_schema"]
        self._bucket = GridFSBucket(database, "pixels")
        self._files: Collection[Document] = database["pixels.files"]
        self._chunks: Collection[Document] = database["pixels.chunks"]
        self._is_initialized = False

    def add(self, record: ImageRecord) -> None:
        """Store a new image: see `ImageStore`."""
        with self._translate_errors():
            image = self._write_pixels(record.image_id, record.image)
            crops = [self._write_pixels(record.image_id, face.crop) for face in record.faces]
            document = to_document(record, image, crops)
            try:
                self._images.insert_one(document)
            except DuplicateKeyError as error:
                # Only after this failure: after any other one the document may have been written.
                self._delete_pixels(iter_pixel_files(document))
                raise make_duplicate_image_id_error(record.image_id) from error

    def get(self, image_id: str, *, pixels: bool = False) -> ImageRecord:
        """Return the image of that identifier: see `ImageStore`."""
        if is_valid_image_id(image_id):
            with self._translate_errors():
                document = self._images.find_one({"pic_id": image_id, **_is_current()})
                record = None if document is None else self._load_record(document, pixels)
            if record is not None:
                return record
        raise make_image_not_found_error(image_id)

    def add_feedback(self, image_id: str, face_index: int, emotion: Emotion) -> None:
        """Append an emotion to the feedback on a face: see `ImageStore`."""
        matched = 0
        if is_valid_image_id(image_id) and 0 <= face_index <= MAX_FACE_INDEX:
            face = f"faces.{face_index}"
            query = {"pic_id": image_id, face: {"$exists": True}, **_is_current()}
            with self._translate_errors():
                matched = self._images.update_one(query, {"$push": {f"{face}.feedback": emotion.value}}).matched_count
        if not matched:
            raise make_face_not_found_error(image_id, face_index)

    def delete_feedback(self, image_id: str, face_index: int, emotion: Emotion) -> None:
        """Delete the latest feedback on a face that equals this emotion: see `ImageStore`."""
        field = f"faces.{face_index}.feedback"
        # No update operator removes one of several equal elements: replace the list if it has not changed meanwhile.
        while is_valid_image_id(image_id) and 0 <= face_index <= MAX_FACE_INDEX:
            with self._translate_errors():
                document = self._images.find_one({"pic_id": image_id, **_is_current()}, {"faces.feedback": 1})
                faces = document["faces"] if document is not None else []
                feedback = faces[face_index]["feedback"] if face_index < len(faces) else []
                remaining = remove_last([Emotion(name) for name in feedback], emotion)
                if remaining is None:
                    break
                query = {"pic_id": image_id, field: feedback, **_is_current()}
                if self._images.update_one(query, {"$set": {field: [e.value for e in remaining]}}).matched_count:
                    return
        raise make_feedback_not_found_error(image_id, face_index, emotion)

    def delete(self, image_id: str) -> None:
        """Delete an image: see `ImageStore`."""
        document = None
        if is_valid_image_id(image_id):
            with self._translate_errors():
                document = self._delete_one({"pic_id": image_id, **_is_current()})
        if document is None:
            raise make_image_not_found_error(image_id)

    def delete_expired(self, now: datetime) -> int:
        """Delete the images that have expired by `now`: see `ImageStore`. The server's TTL index does so too."""
        num_deleted = 0
        with self._translate_errors():
            while self._delete_one({"expires_at": {"$lte": now}}) is not None:
                num_deleted += 1
            self._delete_orphans(now - ORPHAN_AGE)
        return num_deleted

    def iter_images(self, *, pixels: bool = False) -> Iterator[ImageRecord]:
        """Yield all images, oldest first: see `ImageStore`."""
        after: Document = {}
        while True:
            with self._translate_errors():
                found = self._images.find({"$and": [_is_current(), after]})
                found = found.sort([("created_at", ASCENDING), ("pic_id", ASCENDING)]).limit(_PAGE_SIZE)
                page = list(found)
            for document in page:
                with self._translate_errors():
                    record = self._load_record(document, pixels)
                if record is not None:
                    yield record
            if not page:
                return
            time, image_id = page[-1]["created_at"], page[-1]["pic_id"]
            after = {"$or": [{"created_at": {"$gt": time}}, {"created_at": time, "pic_id": {"$gt": image_id}}]}

    def compute_statistics(self) -> StoreStatistics:
        """Return counts over everything that has not expired."""
        total = {"images": {"$sum": 1}, "faces": {"$sum": {"$size": "$faces"}}, "bytes": {"$sum": "$pixel_bytes"}}
        pair = {"emotion": "$faces.feedback", "top": "$faces.top"}
        current = {"$match": _is_current()}
        with self._translate_errors():
            totals = next(iter(self._images.aggregate([current, {"$group": {"_id": None, **total}}])), None)
            pairs = list(
                self._images.aggregate(
                    [
                        current,
                        {"$unwind": "$faces"},
                        {"$unwind": "$faces.feedback"},
                        {"$group": {"_id": pair, "count": {"$sum": 1}}},
                    ]
                )
            )
        counts = [(Emotion(row["_id"]["emotion"]), Emotion(row["_id"]["top"]), int(row["count"])) for row in pairs]
        if totals is None:
            return StoreStatistics.from_counts(0, 0, 0, counts)
        return StoreStatistics.from_counts(int(totals["images"]), int(totals["faces"]), int(totals["bytes"]), counts)

    def ping(self) -> None:
        """Check that the database responds."""
        with self._translate_errors():
            self._images.find_one({}, {"_id": 1})

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    @contextlib.contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            self._initialize()
            yield
        except PyMongoError as error:
            raise self._unavailable(_ERROR_DETAILS.split(str(error))[0][:300]) from error

    def _unavailable(self, reason: str) -> StoreUnavailableError:
        return StoreUnavailableError(f"the store {self._redacted_url} cannot be used: {reason}; check its server")

    def _initialize(self) -> None:
        if self._is_initialized:
            return
        # Several threads and processes may run this concurrently: each step is idempotent.
        with contextlib.suppress(DuplicateKeyError):
            self._schema.update_one({"_id": "version"}, {"$setOnInsert": {"version": SCHEMA_VERSION}}, upsert=True)
        found = (self._schema.find_one({"_id": "version"}) or {}).get("version")
        if found != SCHEMA_VERSION:
            raise self._unavailable(
                f"its documents must be of version {SCHEMA_VERSION}, got version {found}; "
                "use the Mememoji that wrote them"
            )
        self._images.create_index("pic_id", unique=True)
        self._images.create_index("expires_at", expireAfterSeconds=0)
        self._images.create_index([("created_at", ASCENDING), ("pic_id", ASCENDING)])
        self._is_initialized = True

    def _load_record(self, document: Document, pixels: bool) -> ImageRecord | None:
        """Return a document's record; None if the image was deleted while its pixels were being read."""
        try:
            return from_document(document, self._read_pixels if pixels else None)
        except (NoFile, CorruptGridFile):
            if self._images.find_one({"_id": document["_id"]}, {"_id": 1}) is None:
                return None
            raise

    def _delete_one(self, query: Document) -> Document | None:
        # The document is deleted first: orphaned pixels are harmless, an image without its pixels would be corrupt.
        document = self._images.find_one_and_delete(query, PIXEL_FIELDS)
        if document is not None:
            self._delete_pixels(iter_pixel_files(document))
        return document

    def _write_pixels(self, image_id: str, content: bytes | None) -> ObjectId | None:
        return None if content is None else self._bucket.upload_from_stream(image_id, content)

    def _read_pixels(self, file_id: ObjectId) -> bytes:
        return self._bucket.open_download_stream(file_id).read()

    def _delete_pixels(self, file_ids: Iterable[ObjectId]) -> None:
        for file_id in file_ids:
            # Another process may have deleted the file concurrently.
            with contextlib.suppress(NoFile):
                self._bucket.delete(file_id)

    def _delete_orphans(self, before: datetime) -> None:
        """Delete the orphaned pixels that were written before that time."""
        # The identifier of a GridFS file contains its creation time; its name is the image's identifier.
        old = {"$lt": ObjectId.from_datetime(before)}
        for batch in _iter_batches(self._files.find({"_id": old}, {"filename": 1})):
            documents = self._images.find({"pic_id": {"$in": [file["filename"] for file in batch]}}, PIXEL_FIELDS)
            named = {file_id for document in documents for file_id in iter_pixel_files(document)}
            self._delete_pixels(file["_id"] for file in batch if file["_id"] not in named)
        # A process that is killed while it writes or deletes a file leaves chunks of it without a file entry.
        chunks = self._chunks.find({"files_id": old}, {"files_id": 1, "_id": 0}).sort("files_id", ASCENDING)
        for batch in _iter_batches(file_id for file_id, _ in groupby(chunk["files_id"] for chunk in chunks)):
            complete = {file["_id"] for file in self._files.find({"_id": {"$in": batch}}, {"_id": 1})}
            if incomplete := [file_id for file_id in batch if file_id not in complete]:
                self._chunks.delete_many({"files_id": {"$in": incomplete}})


def _is_current() -> Document:
    return {"$or": [{"expires_at": None}, {"expires_at": {"$gt": utc_now()}}]}


def _iter_batches(items: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, _PAGE_SIZE)):
        yield batch
