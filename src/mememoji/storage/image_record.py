"""A stored image: the detected faces, the feedback on them, and as many of its pixels as are retained."""

import dataclasses
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from mememoji.emotions import Emotion
from mememoji.results import Analysis, Face

_IMAGE_ID: Final = re.compile(r"[0-9A-Za-z._~-]{1,100}")


class PixelRetention(StrEnum):
    """How many of an image's pixels a store retains."""

    RECEIVED = "received"
    """The file as received, byte for byte."""
    CROPS = "crops"
    """One crop per face and nothing around it."""
    NOTHING = "nothing"
    """No pixels, only the detected faces."""


@dataclass(frozen=True, slots=True)
class FaceRecord:
    """A face of a stored image.

    Attributes:
        face: The box, the landmarks and the emotions.
        feedback: The emotions that people assigned to the face, oldest first.
        crop: A PNG of the face in RGB, if crops are retained.
    """

    face: Face
    feedback: tuple[Emotion, ...] = ()
    crop: bytes | None = None


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """An image as a store holds it. The position of a face in `faces` is its index.

    Attributes:
        image_id: The identifier that callers use; see `generate_image_id`.
        created_at: The time of the analysis in UTC, in whole milliseconds, the finest unit that every database stores.
        expires_at: The time at which the image is deleted; None retains it until someone deletes it.
        width, height: The size of the upright image in pixels.
        detector, model: The names of the detector and of the classifier.
        faces: The faces in reading order.
        crop_margin: The margin with which the classifier saw the faces, a fraction of the box's longer side.
        crop_aligned: Whether the classifier saw the faces rotated upright.
        retention: How many pixels the store retains, also if this record was loaded without them.
        image: The file as received, if that is retained.

    Raises:
        ValueError: A time is not in UTC or finer than a millisecond, `expires_at` is not after `created_at`,
            `image_id` is not valid, a name is not printable, or the pixels do not match `retention`.
    """

    image_id: str
    created_at: datetime
    expires_at: datetime | None
    width: int
    height: int
    detector: str
    model: str
    faces: tuple[FaceRecord, ...]
    crop_margin: float = 0.0
    crop_aligned: bool = True
    retention: PixelRetention = PixelRetention.NOTHING
    image: bytes | None = None

    def __post_init__(self) -> None:
        if not is_valid_image_id(self.image_id):
            raise ValueError(f"image_id must be 1 to 100 letters, digits or any of ._~-, got {self.image_id!r}")
        # Databases disagree about what is not printable, such as null characters and unpaired surrogates.
        if not (self.detector.isprintable() and self.model.isprintable()):
            raise ValueError(f"detector and model must be printable, got {self.detector!r} and {self.model!r}")
        if self.image is not None and self.retention is not PixelRetention.RECEIVED:
            raise ValueError(
                f"retention must be {PixelRetention.RECEIVED.value!r} for a record with an image, "
                f"got {self.retention.value!r}"
            )
        if any(face.crop is not None for face in self.faces) and self.retention is not PixelRetention.CROPS:
            raise ValueError(
                f"retention must be {PixelRetention.CROPS.value!r} for a record with crops, "
                f"got {self.retention.value!r}"
            )
        for time in (self.created_at, self.expires_at):
            if time is not None and (time.tzinfo is not UTC or time.microsecond % 1000):
                raise ValueError(f"times must be in UTC and in whole milliseconds, got {time!r}")
        if self.expires_at is not None and self.expires_at <= self.created_at:
            raise ValueError(f"expires_at must be after created_at, got {self.created_at} and {self.expires_at}")

    @classmethod
    def from_analysis(
        cls,
        analysis: Analysis,
        *,
        crop_margin: float = 0.0,
        crop_aligned: bool = True,
        image_id: str | None = None,
        ttl: timedelta | None = None,
        image: bytes | None = None,
        crops: tuple[bytes, ...] | None = None,
    ) -> "ImageRecord":
        """Return the record of an image that has just been analyzed.

        Args:
            analysis: The faces and the size of the image.
            crop_margin: The analyzer's margin, see `Analyzer`.
            crop_aligned: Whether the analyzer aligned the faces, see `Analyzer`.
            image_id: The identifier; None generates one.
            ttl: The time to live; None retains the image until someone deletes it.
            image: The file as received, if it is to be retained.
            crops: One PNG per face, if crops are to be retained instead: see `Analyzer.crop_rgb_face`.

        Raises:
            ValueError: Both `image` and `crops` are given, or the number of crops is not the number of faces.
        """
        if image is not None and crops is not None:
            raise ValueError("image or crops must be None, got both")
        created = utc_now()
        face_crops: tuple[bytes | None, ...] = (None,) * len(analysis.faces) if crops is None else crops
        if image is not None:
            retention = PixelRetention.RECEIVED
        else:
            retention = PixelRetention.NOTHING if crops is None else PixelRetention.CROPS
        return cls(
            image_id=generate_image_id() if image_id is None else image_id,
            created_at=created,
            expires_at=None if ttl is None else created + ttl,
            width=analysis.width,
            height=analysis.height,
            detector=analysis.detector,
            model=analysis.model,
            faces=tuple(FaceRecord(face, crop=crop) for face, crop in zip(analysis.faces, face_crops, strict=True)),
            crop_margin=crop_margin,
            crop_aligned=crop_aligned,
            retention=retention,
            image=image,
        )

    @property
    def has_pixels(self) -> bool:
        """Whether the record was loaded with an image or crops."""
        return self.image is not None or any(face.crop is not None for face in self.faces)

    def is_expired(self, time: datetime) -> bool:
        """Return whether the image has expired at that time."""
        return self.expires_at is not None and self.expires_at <= time

    def without_pixels(self) -> "ImageRecord":
        """Return the record without its image and crops; `retention` stays the store's."""
        faces = tuple(dataclasses.replace(face, crop=None) for face in self.faces)
        return dataclasses.replace(self, image=None, faces=faces)

    def to_analysis(self) -> Analysis:
        """Return the analysis that the record was made from."""
        faces = tuple(stored.face for stored in self.faces)
        return Analysis(self.width, self.height, faces, self.detector, self.model)

    def to_dict(self) -> dict[str, Any]:
        """Return the record without its pixels as dicts, lists, strings and numbers that `json.dumps` accepts."""
        return {
            "image_id": self.image_id,
            "created_at": self.created_at.isoformat(),
            "expires_at": None if self.expires_at is None else self.expires_at.isoformat(),
            "kept": self.retention.value,
            "width": self.width,
            "height": self.height,
            "detector": self.detector,
            "model": self.model,
            "faces": [
                {"index": index, **stored.face.to_dict(), "feedback": [emotion.value for emotion in stored.feedback]}
                for index, stored in enumerate(self.faces)
            ],
        }


def generate_image_id() -> str:
    """Return a new, unguessable identifier: 128 random bits as 32 hexadecimal digits."""
    return secrets.token_hex(16)


def is_valid_image_id(text: str) -> bool:
    """Return whether the text can be an image's identifier, in URLs as in every database."""
    return _IMAGE_ID.fullmatch(text) is not None


def utc_now() -> datetime:
    """Return the current time in UTC, truncated to milliseconds."""
    time = datetime.now(UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)
