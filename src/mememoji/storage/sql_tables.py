"""The tables of the SQL store, and how images become their rows and come back."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
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
from mememoji.storage.image_record import Kept, StoredFace, StoredPhoto

VERSION: Final = 1
"""The schema's version; one more with every change of the tables."""

METADATA: Final = MetaData()

SCHEMA: Final = Table("mememoji_schema", METADATA, Column("version", Integer, primary_key=True, autoincrement=False))

# Blobs stand last: SQLite reads a row's pages only up to the last column that is asked for.
PHOTOS: Final = Table(
    "photos",
    METADATA,
    Column("photo_id", String(100), primary_key=True),
    Column("created_ms", BigInteger, nullable=False, comment="milliseconds since 1970, UTC"),
    Column("expires_ms", BigInteger, index=True),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("detector", String, nullable=False),
    Column("model", String, nullable=False),
    Column("kept", String(20), nullable=False),
    Column("picture", LargeBinary),
    Index("photos_by_age", "created_ms", "photo_id"),
)

FACES: Final = Table(
    "faces",
    METADATA,
    Column("photo_id", ForeignKey(PHOTOS.c.photo_id, ondelete="CASCADE"), primary_key=True),
    Column("face_index", Integer, primary_key=True),
    Column("x", Integer, nullable=False),
    Column("y", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("confidence", Double),
    Column("landmarks", JSON(none_as_null=True), comment="five points of x and y"),
    *(Column(emotion.value, Double, nullable=False) for emotion in EMOTIONS),
    Column("top", String(20), nullable=False, comment="the emotion with the largest fraction"),
    Column("face_likeness", Double),
    Column("crop", LargeBinary),
)

FEEDBACK: Final = Table(
    "feedback",
    METADATA,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("photo_id", String(100), nullable=False),
    Column("face_index", Integer, nullable=False),
    Column("emotion", String(20), nullable=False),
    Column("given_ms", BigInteger, nullable=False, comment="milliseconds since 1970, UTC"),
    ForeignKeyConstraint(["photo_id", "face_index"], [FACES.c.photo_id, FACES.c.face_index], ondelete="CASCADE"),
    Index("feedback_by_face", "photo_id", "face_index"),
)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def milliseconds(time: datetime) -> int:
    """Whole milliseconds since 1970, as the tables hold times; exact, unlike `timestamp()`."""
    return (time - _EPOCH) // _MILLISECOND


def photo_row(photo: StoredPhoto) -> dict[str, Any]:
    """The image's row of `PHOTOS`."""
    return {
        "photo_id": photo.photo_id,
        "created_ms": milliseconds(photo.created_at),
        "expires_ms": None if photo.expires_at is None else milliseconds(photo.expires_at),
        "width": photo.width,
        "height": photo.height,
        "detector": photo.detector,
        "model": photo.model,
        "kept": photo.kept.value,
        "picture": photo.picture,
    }


def face_rows(photo: StoredPhoto) -> list[dict[str, Any]]:
    """The image's rows of `FACES`."""
    return [
        {
            "photo_id": photo.photo_id,
            "face_index": index,
            "x": stored.face.box.x,
            "y": stored.face.box.y,
            "width": stored.face.box.width,
            "height": stored.face.box.height,
            "confidence": stored.face.confidence,
            "landmarks": stored.face.landmarks,
            **stored.face.composition.to_dict(),
            "top": stored.face.top.value,
            "face_likeness": stored.face.face_likeness,
            "crop": stored.crop,
        }
        for index, stored in enumerate(photo.faces)
    ]


def feedback_rows(photo: StoredPhoto) -> list[dict[str, Any]]:
    """The image's rows of `FEEDBACK`, for what it carries when it is added."""
    return [
        {
            "photo_id": photo.photo_id,
            "face_index": index,
            "emotion": emotion.value,
            "given_ms": milliseconds(photo.created_at),
        }
        for index, stored in enumerate(photo.faces)
        for emotion in stored.feedback
    ]


def load(
    connection: Connection, which: ColumnElement[bool], *, pixels: bool, limit: int | None = None
) -> list[StoredPhoto]:
    """Images with faces and feedback, oldest first; `pixels` reads the blobs too."""
    photos = (
        select(*_columns(PHOTOS, pixels)).where(which).order_by(PHOTOS.c.created_ms, PHOTOS.c.photo_id).limit(limit)
    )
    rows = connection.execute(photos).mappings().all()
    names = [row["photo_id"] for row in rows]
    if not names:
        return []
    faces = select(*_columns(FACES, pixels)).where(FACES.c.photo_id.in_(names)).order_by(FACES.c.face_index)
    said = (
        select(FEEDBACK.c.photo_id, FEEDBACK.c.face_index, FEEDBACK.c.emotion)
        .where(FEEDBACK.c.photo_id.in_(names))
        .order_by(FEEDBACK.c.number)
    )
    feedback: dict[tuple[str, int], list[Emotion]] = {}
    for photo_id, face_index, emotion in connection.execute(said):
        feedback.setdefault((photo_id, face_index), []).append(Emotion(emotion))
    found: dict[str, list[StoredFace]] = {name: [] for name in names}
    for face in connection.execute(faces).mappings():
        found[face["photo_id"]].append(_face(face, feedback.get((face["photo_id"], face["face_index"]), ())))
    return [_photo(row, found[row["photo_id"]]) for row in rows]


def _columns(table: Table, pixels: bool) -> Iterable[Column[Any]]:
    return [column for column in table.c if pixels or not isinstance(column.type, LargeBinary)]


def _photo(row: RowMapping, faces: Iterable[StoredFace]) -> StoredPhoto:
    return StoredPhoto(
        photo_id=row["photo_id"],
        created_at=_time(row["created_ms"]),
        expires_at=None if row["expires_ms"] is None else _time(row["expires_ms"]),
        width=row["width"],
        height=row["height"],
        detector=row["detector"],
        model=row["model"],
        faces=tuple(faces),
        kept=Kept(row["kept"]),
        picture=_bytes(row, "picture"),
    )


def _face(row: RowMapping, feedback: Sequence[Emotion]) -> StoredFace:
    points = row["landmarks"]
    landmarks = None if points is None else tuple((x, y) for x, y in points)
    detection = Detection(Box(row["x"], row["y"], row["width"], row["height"]), row["confidence"], landmarks)
    composition = Composition(tuple(row[emotion.value] for emotion in EMOTIONS))
    return StoredFace(Face(detection, composition, row["face_likeness"]), tuple(feedback), _bytes(row, "crop"))


def _bytes(row: Mapping[Any, Any], column: str) -> bytes | None:
    value = row.get(column)
    return None if value is None else bytes(value)


def _time(value: int) -> datetime:
    return _EPOCH + value * _MILLISECOND
