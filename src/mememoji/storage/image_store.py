"""What an image store does, whatever database lies under it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from mememoji.emotions import EMOTIONS, Emotion
from mememoji.errors import NotStoredError
from mememoji.storage.image_record import StoredPhoto

MAX_FACE_INDEX: Final = 2**31 - 1
"""No image has more faces; databases refuse larger numbers in their own ways."""


@dataclass(frozen=True, slots=True)
class StoreStatistics:
    """What a store holds.

    Attributes:
        images, faces, feedback: how many.
        agreeing: how much of the feedback names the face's top emotion.
        picture_bytes: of images and crops together.
        feedback_by_emotion: all six, in the order of `EMOTIONS`.
    """

    photos: int
    faces: int
    feedback: int
    agreeing: int
    picture_bytes: int
    feedback_by_emotion: dict[Emotion, int]

    @classmethod
    def of(
        cls, photos: int, faces: int, picture_bytes: int, said: Iterable[tuple[Emotion, Emotion, int]]
    ) -> "StoreStatistics":
        """From counts; `said` has what was said, the face's top emotion, and how often these two came together."""
        by_emotion = dict.fromkeys(EMOTIONS, 0)
        agreeing = 0
        for emotion, top, count in said:
            by_emotion[emotion] += count
            agreeing += count if emotion is top else 0
        return cls(photos, faces, sum(by_emotion.values()), agreeing, picture_bytes, by_emotion)

    def to_dict(self) -> dict[str, Any]:
        """Plain dicts, strings and numbers."""
        by_emotion = {emotion.value: count for emotion, count in self.feedback_by_emotion.items()}
        return {
            "photos": self.photos,
            "faces": self.faces,
            "feedback": self.feedback,
            "agreeing": self.agreeing,
            "picture_bytes": self.picture_bytes,
            "feedback_by_emotion": by_emotion,
        }


class PhotoStore(Protocol):
    """Keeps images with their faces and feedback. Safe to use from several threads and several processes.

    Each write is wholly there or not there once its method returned or its process was killed, and what a method has
    acknowledged by returning survives. An image past its `expires_at` is as good as gone: no method finds it.

    Making one does not ask the database anything. Every method raises `StoreUnavailableError` where the database cannot
    be reached or refuses to work; a later call tries again, and needs no new store.
    """

    def add(self, photo: StoredPhoto) -> None:
        """Store a new image, its images and any feedback it already carries.

        Raises:
            ValueError: its identifier is taken.
        """
        ...

    def get(self, photo_id: str, *, pixels: bool = False) -> StoredPhoto:
        """The image of that identifier; `pixels` brings image and crops too.

        Raises:
            NotStoredError: the store does not hold it.
        """
        ...

    def add_feedback(self, photo_id: str, face_index: int, emotion: Emotion) -> None:
        """Append what someone said of a face; two at once both arrive.

        Raises:
            NotStoredError: the store does not hold the image, or the image no face of that index.
        """
        ...

    def remove_feedback(self, photo_id: str, face_index: int, emotion: Emotion) -> None:
        """Take back one thing that was said of a face, the last of those that name this emotion.

        Raises:
            NotStoredError: the store does not hold the image, the image no face of that index, or the face no such
                feedback.
        """
        ...

    def delete(self, photo_id: str) -> None:
        """Forget an image with everything that belongs to it.

        Raises:
            NotStoredError: the store does not hold it.
        """
        ...

    def delete_expired(self, now: datetime) -> int:
        """Forget what has expired by then, and pixels that a process killed minutes ago left behind.

        Returns:
            How many images this call deleted; a database that drops what has expired by itself leaves fewer to it.
        """
        ...

    def photos(self, *, pixels: bool = False) -> Iterator[StoredPhoto]:
        """All images, oldest first, in constant memory. Nothing is locked, however long the caller takes."""
        ...

    def statistics(self) -> StoreStatistics:
        """Counts over everything that has not expired."""
        ...

    def ping(self) -> None:
        """Return when the database answers."""
        ...

    def close(self) -> None:
        """Let go of connections; the store is not used afterwards."""
        ...


def without_last(feedback: Sequence[Emotion], emotion: Emotion) -> tuple[Emotion, ...] | None:
    """Feedback less the last that names this emotion; None where none does."""
    for place in reversed(range(len(feedback))):
        if feedback[place] == emotion:
            return (*feedback[:place], *feedback[place + 1 :])
    return None


def no_photo(photo_id: str) -> NotStoredError:
    """The error for an image that is not there."""
    return NotStoredError(f"the store holds no image {photo_id[:100]!r}; perhaps it has expired")


def no_face(photo_id: str, face_index: int) -> NotStoredError:
    """The error for a face that is not there, or its image is not."""
    return NotStoredError(
        f"the store holds no face {face_index} of an image {photo_id[:100]!r}; perhaps it has expired"
    )


def no_feedback(photo_id: str, face_index: int, emotion: Emotion) -> NotStoredError:
    """The error for feedback that is not there, or its face or image is not."""
    where = f"face {face_index} of an image {photo_id[:100]!r}"
    return NotStoredError(
        f"the store holds no feedback {emotion.value!r} on {where}; perhaps it has expired or was taken back"
    )


def id_taken(photo_id: str) -> ValueError:
    """The error for a second image of one identifier."""
    return ValueError(f"the identifier {photo_id!r} is taken; take another, see new_photo_id")
