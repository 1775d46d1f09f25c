"""A stored image: what was read in it, what people said of it, and as much of the image as is kept."""

import dataclasses
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from mememoji.emotions import Emotion
from mememoji.results import Analysis, Face

_PHOTO_ID: Final = re.compile(r"[0-9A-Za-z._~-]{1,100}")


class Kept(StrEnum):
    """How much of an image is kept."""

    RECEIVED = "received"
    """The file as it came, byte for byte."""
    CROPS = "crops"
    """A crop of each face, nothing around it."""
    NOTHING = "nothing"
    """No pixels, only what was found."""


@dataclass(frozen=True, slots=True)
class StoredFace:
    """A face of a stored image.

    Attributes:
        face: where it is and what was read.
        feedback: what people said it shows, in the order in which it came.
        crop: a PNG of the face in RGB, where crops are kept.
    """

    face: Face
    feedback: tuple[Emotion, ...] = ()
    crop: bytes | None = None


@dataclass(frozen=True, slots=True)
class StoredPhoto:
    """An image as a store holds it; its faces' places in `faces` are their indexes.

    Attributes:
        photo_id: what callers name it by; see `new_photo_id`.
        created_at: when it was read; in UTC, whole milliseconds, because stores keep no more.
        expires_at: when it is forgotten; None keeps it until someone deletes it.
        width, height: of the upright image in pixels.
        detector, model: what read it.
        faces: in reading order.
        kept: how much of the image the store keeps, also where its pixels were not asked for.
        image: the file as received, where that is kept.

    Raises:
        ValueError: a time is not in UTC or finer than a millisecond, the image expires before it is made, the
            identifier is not one (`is_photo_id`), a name cannot be printed, or there are pixels of another kind than
            are kept.
    """

    photo_id: str
    created_at: datetime
    expires_at: datetime | None
    width: int
    height: int
    detector: str
    model: str
    faces: tuple[StoredFace, ...]
    kept: Kept = Kept.NOTHING
    picture: bytes | None = None

    def __post_init__(self) -> None:
        if not is_photo_id(self.photo_id):
            raise ValueError(f"expected 1 to 100 letters, digits or any of ._~- as identifier, got {self.photo_id!r}")
        # What does not print is what databases disagree on: a zero character, half of a surrogate pair.
        if not (self.detector.isprintable() and self.model.isprintable()):
            raise ValueError(f"names of detector and model can be printed, got {self.detector!r} and {self.model!r}")
        if self.picture is not None and self.kept is not Kept.RECEIVED:
            raise ValueError(f"an image goes with kept={Kept.RECEIVED.value}, got {self.kept.value}")
        if any(face.crop is not None for face in self.faces) and self.kept is not Kept.CROPS:
            raise ValueError(f"crops go with kept={Kept.CROPS.value}, got {self.kept.value}")
        for time in (self.created_at, self.expires_at):
            if time is not None and (time.tzinfo is not UTC or time.microsecond % 1000):
                raise ValueError(f"times are in UTC and whole milliseconds, got {time!r}")
        if self.expires_at is not None and self.expires_at <= self.created_at:
            raise ValueError(f"an image expires after it was made, got {self.created_at} and {self.expires_at}")

    @classmethod
    def of(
        cls,
        analysis: Analysis,
        *,
        photo_id: str | None = None,
        lifetime: timedelta | None = None,
        picture: bytes | None = None,
        crops: tuple[bytes, ...] | None = None,
    ) -> "StoredPhoto":
        """What is to be stored of an analysis made now.

        Args:
            analysis: what was read.
            photo_id: None makes a new one.
            lifetime: until it is forgotten; None keeps it until someone deletes it.
            image: the file as received, to be kept.
            crops: a PNG for each face, to be kept instead: the square that the classifier saw, edges repeated where
                it reaches out of the image.

        Raises:
            ValueError: both image and crops, or not one crop for each face.
        """
        if picture is not None and crops is not None:
            raise ValueError("either the image or crops are kept, got both")
        created = now()
        pictures: tuple[bytes | None, ...] = (None,) * len(analysis.faces) if crops is None else crops
        kept = Kept.RECEIVED if picture is not None else Kept.NOTHING if crops is None else Kept.CROPS
        return cls(
            photo_id=new_photo_id() if photo_id is None else photo_id,
            created_at=created,
            expires_at=None if lifetime is None else created + lifetime,
            width=analysis.width,
            height=analysis.height,
            detector=analysis.detector,
            model=analysis.model,
            faces=tuple(StoredFace(face, crop=crop) for face, crop in zip(analysis.faces, pictures, strict=True)),
            kept=kept,
            picture=picture,
        )

    def is_alive(self, now: datetime) -> bool:
        """Whether it has not expired by then."""
        return self.expires_at is None or self.expires_at > now

    def without_pixels(self) -> "StoredPhoto":
        """The same image with neither image nor crops; `kept` still says what the store keeps."""
        faces = tuple(dataclasses.replace(face, crop=None) for face in self.faces)
        return dataclasses.replace(self, picture=None, faces=faces)

    def to_dict(self) -> dict[str, Any]:
        """Plain dicts, lists, strings and numbers, without the pixels: `json.dumps` takes it."""
        return {
            "image_id": self.photo_id,
            "created_at": self.created_at.isoformat(),
            "expires_at": None if self.expires_at is None else self.expires_at.isoformat(),
            "kept": self.kept.value,
            "width": self.width,
            "height": self.height,
            "detector": self.detector,
            "model": self.model,
            "faces": [
                {"index": index, **stored.face.to_dict(), "feedback": [emotion.value for emotion in stored.feedback]}
                for index, stored in enumerate(self.faces)
            ],
        }


def new_photo_id() -> str:
    """A new identifier: 128 random bits as 32 hexadecimal digits, which nobody guesses."""
    return secrets.token_hex(16)


def is_photo_id(text: str) -> bool:
    """Whether this can be an image's identifier, as URLs and every database take it."""
    return _PHOTO_ID.fullmatch(text) is not None


def now() -> datetime:
    """The time in UTC, cut to milliseconds."""
    time = datetime.now(UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)
