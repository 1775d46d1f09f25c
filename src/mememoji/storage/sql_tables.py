"""The tables of the SQL store, and the conversion between records and their rows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    RowMapping,
    String,
    Table,
    select,
)

from mememoji.emotions import EMOTIONS, Emotion
from mememoji.results import Box, Composition, Detection, Face
from mememoji.storage.image_record import FaceRecord, ImageRecord, PixelRetention

SCHEMA_VERSION: Final = 2
"""The version of the tables; increase it with every change to them."""

METADATA: Final = MetaData()

SCHEMA: Final = Table("mememoji_schema", METADATA, Column("version", Integer, primary_key=True, autoincrement=False))

# Blobs come last: SQLite reads the pages of a row only up to the last column that a query selects.
IMAGES: Final = Table(
    "images",
    METADATA,
    Column("image_id", String(100), primary_key=True),
    Column("created_ms", BigInteger, nullable=False, comment="milliseconds since 1970, UTC"),
    Column("expires_ms", BigInteger, index=True),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("detector", String, nullable=False),
    Column("model", String, nullable=False),
    Column("crop_margin", Double, nullable=False, comment="fraction of the box's longer side"),
    Column("crop_aligned", Boolean, nullable=False),
    Column("retention", String(20), nullable=False),
    Column("image", LargeBinary),
    Index("images_by_age", "created_ms", "image_id"),
)

FACES: Final = Table(
    "faces",
    METADATA,
    Column("image_id", ForeignKey(IMAGES.c.image_id, ondelete="CASCADE"), primary_key=True),
    Column("face_index", Integer, primary_key=True),
    Column("x", Integer, nullable=False),
    Column("y", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("confidence", Double),
    Column("landmarks", JSON(none_as_null=True), comment="five points of x and y"),
    *(Column(emotion.value, Double, nullable=False) for emotion in EMOTIONS),
    Column("top", String(20), nullable=False, comment="the emotion with the largest fraction"),
    Column("face_score", Double),
    Column("crop", LargeBinary),
)

FEEDBACK: Final = Table(
    "feedback",
    METADATA,
    Column("feedback_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("image_id", String(100), nullable=False),
    Column("face_index", Integer, nullable=False),
    Column("emotion", String(20), nullable=False),
    Column("created_ms", BigInteger, nullable=False, comment="milliseconds since 1970, UTC"),
    ForeignKeyConstraint(["image_id", "face_index"], [FACES.c.image_id, FACES.c.face_index], ondelete="CASCADE"),
    Index("feedback_by_face", "image_id", "face_index"),
)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def to_milliseconds(time: datetime) -> int:
    """Return whole milliseconds since 1970, as the tables store times; exact, unlike `timestamp()`."""
    return (time - _EPOCH) // _MILLISECOND


def to_image_row(record: ImageRecord) -> dict[str, Any]:
    """Return the record's row of `IMAGES`."""
    return {
        "image_id": record.image_id,
        "created_ms": to_milliseconds(record.created_at),
        "expires_ms": None if record.expires_at is None else to_milliseconds(record.expires_at),
        "width": record.width,
        "height": record.height,
        "detector": record.detector,
        "model": record.model,
        "crop_margin": record.crop_margin,
        "crop_aligned": record.crop_aligned,
        "retention": record.retention.value,
        "image": record.image,
    }


def to_face_rows(record: ImageRecord) -> list[dict[str, Any]]:
    """Return the record's rows of `FACES`."""
    return [
        {
            "image_id": record.image_id,
            "face_index": index,
            "x": stored.face.box.x,
            "y": stored.face.box.y,
            "width": stored.face.box.width,
            "height": stored.face.box.height,
            "confidence": stored.face.confidence,
            "landmarks": stored.face.landmarks,
            **stored.face.composition.to_dict(),
            "top": stored.face.top.value,
            "face_score": stored.face.face_score,
            "crop": stored.crop,
        }
        for index, stored in enumerate(record.faces)
    ]


def to_feedback_rows(record: ImageRecord) -> list[dict[str, Any]]:
    """Return the record's rows of `FEEDBACK`, dated to the record's creation."""
    return [
        {
            "image_id": record.image_id,
            "face_index": index,
            "emotion": emotion.value,
            "created_ms": to_milliseconds(record.created_at),
        }
        for index, stored in enumerate(record.faces)
        for emotion in stored.feedback
    ]


def load_records(
    connection: Connection, condition: ColumnElement[bool], *, pixels: bool, limit: int | None = None
) -> list[ImageRecord]:
    """Return the images that match a condition on `IMAGES`, oldest first, with their blobs if `pixels`."""
    image_query = (
        select(*_select_columns(IMAGES, pixels))
        .where(condition)
        .order_by(IMAGES.c.created_ms, IMAGES.c.image_id)
        .limit(limit)
    )
    rows = connection.execute(image_query).mappings().all()
    image_ids = [row["image_id"] for row in rows]
    if not image_ids:
        return []
    face_query = (
        select(*_select_columns(FACES, pixels)).where(FACES.c.image_id.in_(image_ids)).order_by(FACES.c.face_index)
    )
    feedback_query = (
        select(FEEDBACK.c.image_id, FEEDBACK.c.face_index, FEEDBACK.c.emotion)
        .where(FEEDBACK.c.image_id.in_(image_ids))
        .order_by(FEEDBACK.c.feedback_id)
    )
    feedback: dict[tuple[str, int], list[Emotion]] = {}
    for image_id, face_index, emotion in connection.execute(feedback_query):
        feedback.setdefault((image_id, face_index), []).append(Emotion(emotion))
    faces: dict[str, list[FaceRecord]] = {image_id: [] for image_id in image_ids}
    for row in connection.execute(face_query).mappings():
        faces[row["image_id"]].append(_to_face_record(row, feedback.get((row["image_id"], row["face_index"]), ())))
    return [_to_image_record(row, faces[row["image_id"]]) for row in rows]


def _select_columns(table: Table, pixels: bool) -> Iterable[Column[Any]]:
    return [column for column in table.c if pixels or not isinstance(column.type, LargeBinary)]


def _to_image_record(row: RowMapping, faces: Iterable[FaceRecord]) -> ImageRecord:
    return ImageRecord(
        image_id=row["image_id"],
        created_at=_to_datetime(row["created_ms"]),
        expires_at=None if row["expires_ms"] is None else _to_datetime(row["expires_ms"]),
        width=row["width"],
        height=row["height"],
        detector=row["detector"],
        model=row["model"],
        faces=tuple(faces),
        crop_margin=row["crop_margin"],
        crop_aligned=row["crop_aligned"],
        retention=PixelRetention(row["retention"]),
        image=_to_bytes(row, "image"),
    )


def _to_face_record(row: RowMapping, feedback: Sequence[Emotion]) -> FaceRecord:
    points = row["landmarks"]
    landmarks = None if points is None else tuple((x, y) for x, y in points)
    detection = Detection(Box(row["x"], row["y"], row["width"], row["height"]), row["confidence"], landmarks)
    composition = Composition(tuple(row[emotion.value] for emotion in EMOTIONS))
    return FaceRecord(Face(detection, composition, row["face_score"]), tuple(feedback), _to_bytes(row, "crop"))


def _to_bytes(row: Mapping[Any, Any], column: str) -> bytes | None:
    value = row.get(column)
    return None if value is None else bytes(value)


def _to_datetime(milliseconds: int) -> datetime:
    return _EPOCH + milliseconds * _MILLISECOND
