"""An image store in this process's memory, for tests and for trying the service without a database."""

import dataclasses
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from mememoji.emotions import Emotion
from mememoji.storage.image_record import ImageRecord, utc_now
from mememoji.storage.image_store import (
    StoreStatistics,
    make_duplicate_image_id_error,
    make_face_not_found_error,
    make_feedback_not_found_error,
    make_image_not_found_error,
    remove_last,
)


class MemoryStore:
    """An `ImageStore` whose contents are private to this process and end with it."""

    def __init__(self) -> None:
        self._records: dict[str, ImageRecord] = {}
        self._lock = threading.Lock()

    def add(self, record: ImageRecord) -> None:
        """Store a new image: see `ImageStore`."""
        with self._lock:
            if record.image_id in self._records:
                raise make_duplicate_image_id_error(record.image_id)
            self._records[record.image_id] = record

    def get(self, image_id: str, *, pixels: bool = False) -> ImageRecord:
        """Return the image of that identifier: see `ImageStore`."""
        record = self._find(image_id)
        if record is None:
            raise make_image_not_found_error(image_id)
        return record if pixels else record.without_pixels()

    def add_feedback(self, image_id: str, face_index: int, emotion: Emotion) -> None:
        """Append an emotion to the feedback on a face: see `ImageStore`."""
        with self._lock:
            record = self._find(image_id)
            if record is None or not 0 <= face_index < len(record.faces):
                raise make_face_not_found_error(image_id, face_index)
            self._set_feedback(record, face_index, (*record.faces[face_index].feedback, emotion))

    def delete_feedback(self, image_id: str, face_index: int, emotion: Emotion) -> None:
        """Delete the latest feedback on a face that equals this emotion: see `ImageStore`."""
        with self._lock:
            record = self._find(image_id)
            if record is None or not 0 <= face_index < len(record.faces):
                raise make_feedback_not_found_error(image_id, face_index, emotion)
            remaining = remove_last(record.faces[face_index].feedback, emotion)
            if remaining is None:
                raise make_feedback_not_found_error(image_id, face_index, emotion)
            self._set_feedback(record, face_index, remaining)

    def delete(self, image_id: str) -> None:
        """Delete an image: see `ImageStore`."""
        with self._lock:
            if self._find(image_id) is None:
                raise make_image_not_found_error(image_id)
            del self._records[image_id]

    def delete_expired(self, now: datetime) -> int:
        """Delete the images that have expired by `now`: see `ImageStore`."""
        with self._lock:
            remaining = {image_id: record for image_id, record in self._records.items() if not record.is_expired(now)}
            num_deleted = len(self._records) - len(remaining)
            self._records = remaining
            return num_deleted

    def iter_images(self, *, pixels: bool = False) -> Iterator[ImageRecord]:
        """Yield all images, oldest first: see `ImageStore`."""
        for record in self._sorted_records():
            yield record if pixels else record.without_pixels()

    def compute_statistics(self) -> StoreStatistics:
        """Return counts over everything that has not expired."""
        records = self._sorted_records()
        faces = [face for record in records for face in record.faces]
        sizes = [len(pixels) for pixels in (*(r.image for r in records), *(f.crop for f in faces)) if pixels]
        pairs = Counter((emotion, face.face.top) for face in faces for emotion in face.feedback)
        counts = ((emotion, top, count) for (emotion, top), count in pairs.items())
        return StoreStatistics.from_counts(len(records), len(faces), sum(sizes), counts)

    def ping(self) -> None:
        """Do nothing: this store has no database."""

    def close(self) -> None:
        """Do nothing: this store has no connections."""

    def _set_feedback(self, record: ImageRecord, face_index: int, feedback: tuple[Emotion, ...]) -> None:
        faces = list(record.faces)
        faces[face_index] = dataclasses.replace(faces[face_index], feedback=feedback)
        self._records[record.image_id] = dataclasses.replace(record, faces=tuple(faces))

    def _find(self, image_id: str) -> ImageRecord | None:
        record = self._records.get(image_id)
        return None if record is None or record.is_expired(utc_now()) else record

    def _sorted_records(self) -> list[ImageRecord]:
        now = utc_now()
        with self._lock:
            records = [record for record in self._records.values() if not record.is_expired(now)]
        return sorted(records, key=lambda record: (record.created_at, record.image_id))
