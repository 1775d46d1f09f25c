"""A store in this process's memory: for tests, and for looking at the service without a database."""

import dataclasses
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from mememoji.emotions import Emotion
from mememoji.storage.image_record import StoredPhoto, now
from mememoji.storage.image_store import StoreStatistics, id_taken, no_face, no_feedback, no_photo, without_last


class MemoryStore:
    """A `PhotoStore` that forgets everything with its process, and that no other process sees."""

    def __init__(self) -> None:
        self._photos: dict[str, StoredPhoto] = {}
        self._lock = threading.Lock()

    def add(self, photo: StoredPhoto) -> None:
        """Store a new image: see `PhotoStore`."""
        with self._lock:
            if photo.photo_id in self._photos:
                raise id_taken(photo.photo_id)
            self._photos[photo.photo_id] = photo

    def get(self, photo_id: str, *, pixels: bool = False) -> StoredPhoto:
        """The image of that identifier: see `PhotoStore`."""
        photo = self._alive(photo_id)
        if photo is None:
            raise no_photo(photo_id)
        return photo if pixels else photo.without_pixels()

    def add_feedback(self, photo_id: str, face_index: int, emotion: Emotion) -> None:
        """Append what someone said of a face: see `PhotoStore`."""
        with self._lock:
            photo = self._alive(photo_id)
            if photo is None or not 0 <= face_index < len(photo.faces):
                raise no_face(photo_id, face_index)
            self._say(photo, face_index, (*photo.faces[face_index].feedback, emotion))

    def remove_feedback(self, photo_id: str, face_index: int, emotion: Emotion) -> None:
        """Take back one thing that was said of a face: see `PhotoStore`."""
        with self._lock:
            photo = self._alive(photo_id)
            if photo is None or not 0 <= face_index < len(photo.faces):
                raise no_feedback(photo_id, face_index, emotion)
            left = without_last(photo.faces[face_index].feedback, emotion)
            if left is None:
                raise no_feedback(photo_id, face_index, emotion)
            self._say(photo, face_index, left)

    def delete(self, photo_id: str) -> None:
        """Forget an image: see `PhotoStore`."""
        with self._lock:
            if self._alive(photo_id) is None:
                raise no_photo(photo_id)
            del self._photos[photo_id]

    def delete_expired(self, now: datetime) -> int:
        """Forget what has expired by then: see `PhotoStore`."""
        with self._lock:
            alive = {photo_id: photo for photo_id, photo in self._photos.items() if photo.is_alive(now)}
            gone = len(self._photos) - len(alive)
            self._photos = alive
            return gone

    def photos(self, *, pixels: bool = False) -> Iterator[StoredPhoto]:
        """All images, oldest first: see `PhotoStore`."""
        for photo in self._all_alive():
            yield photo if pixels else photo.without_pixels()

    def statistics(self) -> StoreStatistics:
        """Counts over everything that has not expired."""
        photos = self._all_alive()
        faces = [face for photo in photos for face in photo.faces]
        sizes = [len(pixels) for pixels in (*(p.picture for p in photos), *(f.crop for f in faces)) if pixels]
        said = Counter((emotion, face.face.top) for face in faces for emotion in face.feedback)
        counts = ((emotion, top, count) for (emotion, top), count in said.items())
        return StoreStatistics.of(len(photos), len(faces), sum(sizes), counts)

    def ping(self) -> None:
        """Return: memory always answers."""

    def close(self) -> None:
        """Nothing to let go of."""

    def _say(self, photo: StoredPhoto, face_index: int, feedback: tuple[Emotion, ...]) -> None:
        faces = list(photo.faces)
        faces[face_index] = dataclasses.replace(faces[face_index], feedback=feedback)
        self._photos[photo.photo_id] = dataclasses.replace(photo, faces=tuple(faces))

    def _alive(self, photo_id: str) -> StoredPhoto | None:
        photo = self._photos.get(photo_id)
        return photo if photo is not None and photo.is_alive(now()) else None

    def _all_alive(self) -> list[StoredPhoto]:
        moment = now()
        with self._lock:
            alive = [photo for photo in self._photos.values() if photo.is_alive(moment)]
        return sorted(alive, key=lambda photo: (photo.created_at, photo.photo_id))
