"""The interface of an image store, the same for every database."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from mememoji.emotions import EMOTIONS, Emotion
from mememoji.errors import NotStoredError
from mememoji.storage.image_record import ImageRecord

MAX_FACE_INDEX: Final = 2**31 - 1
"""The largest index of a face that every database can represent."""


@dataclass(frozen=True, slots=True)
class StoreStatistics:
    """Counts over everything in a store that has not expired.

    Attributes:
        images, faces, feedback: The number of each.
        agreeing: The number of feedback entries that equal the face's top emotion.
        pixel_bytes: The size of all images and crops together.
        feedback_by_emotion: The number of feedback entries of each of the six emotions, in the order of `EMOTIONS`.
    """

    images: int
    faces: int
    feedback: int
    agreeing: int
    pixel_bytes: int
    feedback_by_emotion: dict[Emotion, int]

    @classmethod
    def from_counts(
        cls, images: int, faces: int, pixel_bytes: int, feedback: Iterable[tuple[Emotion, Emotion, int]]
    ) -> "StoreStatistics":
        """Return the statistics; `feedback` yields an entry's emotion, its face's top emotion and their number."""
        by_emotion = dict.fromkeys(EMOTIONS, 0)
        agreeing = 0
        for emotion, top, count in feedback:
            by_emotion[emotion] += count
            agreeing += count if emotion is top else 0
        return cls(images, faces, sum(by_emotion.values()), agreeing, pixel_bytes, by_emotion)

    def to_dict(self) -> dict[str, Any]:
        """Return the statistics as dicts, strings and numbers that `json.dumps` accepts."""
        by_emotion = {emotion.value: count for emotion, count in self.feedback_by_emotion.items()}
        return {
            "images": self.images,
            "faces": self.faces,
            "feedback": self.feedback,
            "agreeing": self.agreeing,
            "pixel_bytes": self.pixel_bytes,
            "feedback_by_emotion": by_emotion,
        }


class ImageStore(Protocol):
    """A store of images with their faces and feedback, safe to use from several threads and several processes.

    Each write is atomic, also if its process is killed, and durable once its method has returned. Expired images are
    treated as deleted: no method returns or changes them.

    Making a store does not connect to the database. Every method raises `StoreUnavailableError` if the database cannot
    be reached or refuses the operation; the next call connects again, so the store stays usable.
    """

    def add(self, record: ImageRecord) -> None:
        """Store a new image with its pixels and any feedback that the record already holds.

        Raises:
            ValueError: The store already holds an image of that identifier.
        """
        ...

    def get(self, image_id: str, *, pixels: bool = False) -> ImageRecord:
        """Return the image of that identifier, with its image file and crops if `pixels`.

        Raises:
            NotStoredError: The store does not hold the image.
        """
        ...

    def add_feedback(self, image_id: str, face_index: int, emotion: Emotion) -> None:
        """Append an emotion to the feedback on a face; concurrent calls all take effect.

        Raises:
            NotStoredError: The store does not hold the image, or the image has no face of that index.
        """
        ...

    def delete_feedback(self, image_id: str, face_index: int, emotion: Emotion) -> None:
        """Delete the latest feedback on a face that equals this emotion.

        Raises:
            NotStoredError: The store does not hold the image, the image has no face of that index, or the face has no
                such feedback.
        """
        ...

    def delete(self, image_id: str) -> None:
        """Delete an image with its faces, feedback and pixels.

        Raises:
            NotStoredError: The store does not hold the image.
        """
        ...

    def delete_expired(self, now: datetime) -> int:
        """Delete the images that have expired by `now`, and orphaned pixels of processes killed minutes before.

        Returns:
            The number of images that this call deleted; a database that deletes expired images itself leaves fewer.
        """
        ...

    def iter_images(self, *, pixels: bool = False) -> Iterator[ImageRecord]:
        """Yield all images, oldest first, in constant memory and without holding a lock between two of them."""
        ...

    def compute_statistics(self) -> StoreStatistics:
        """Return counts over everything that has not expired."""
        ...

    def ping(self) -> None:
        """Check that the database responds."""
        ...

    def close(self) -> None:
        """Close all connections. The store must not be used afterwards."""
        ...


def remove_last(feedback: Sequence[Emotion], emotion: Emotion) -> tuple[Emotion, ...] | None:
    """Return the feedback without its last entry that equals the emotion, None if no entry does."""
    for index in reversed(range(len(feedback))):
        if feedback[index] == emotion:
            return (*feedback[:index], *feedback[index + 1 :])
    return None


def make_image_not_found_error(image_id: str) -> NotStoredError:
    """Return the error for an image that the store does not hold."""
    return NotStoredError(f"the store holds no image {image_id[:100]!r}; perhaps it has expired")


def make_face_not_found_error(image_id: str, face_index: int) -> NotStoredError:
    """Return the error for a face that the store does not hold."""
    return NotStoredError(
        f"the store holds no face {face_index} of an image {image_id[:100]!r}; perhaps it has expired"
    )


def make_feedback_not_found_error(image_id: str, face_index: int, emotion: Emotion) -> NotStoredError:
    """Return the error for feedback that the store does not hold."""
    return NotStoredError(
        f"the store holds no feedback {emotion.value!r} on face {face_index} of an image {image_id[:100]!r}; "
        "perhaps it has expired or was deleted"
    )


def make_duplicate_image_id_error(image_id: str) -> ValueError:
    """Return the error for a second image with the same identifier."""
    return ValueError(f"image_id must be new, got {image_id!r}, which is stored already; see generate_image_id")
