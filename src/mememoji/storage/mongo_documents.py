"""The documents of the MongoDB store, and the conversion between records and documents.

Each image is one document in the form of the original service: `pic_id`, and `faces` with `index`, `location_xy`,
`width`, `height`, `prediction` and `feedback`. The other fields are extensions.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from bson import ObjectId

from mememoji.emotions import EMOTIONS, Emotion
from mememoji.results import Box, Composition, Detection, Face
from mememoji.storage.image_record import FaceRecord, ImageRecord, PixelRetention

Document = dict[str, Any]

PIXEL_FIELDS: Final = {"image": 1, "faces.crop": 1}
"""The projection that `iter_pixel_files` needs."""


def to_document(record: ImageRecord, image: ObjectId | None, crops: list[ObjectId | None]) -> Document:
    """Return a record's document; `image` and `crops` (one per face) name the GridFS files of its pixels."""
    pixels = [record.image, *(face.crop for face in record.faces)]
    return {
        "pic_id": record.image_id,
        "created_at": record.created_at,
        "expires_at": record.expires_at,
        "width": record.width,
        "height": record.height,
        "detector": record.detector,
        "model": record.model,
        "crop_margin": record.crop_margin,
        "crop_aligned": record.crop_aligned,
        "retention": record.retention.value,
        "image": image,
        "pixel_bytes": sum(len(content) for content in pixels if content is not None),
        "faces": [
            {
                "index": index,
                "location_xy": [stored.face.box.x, stored.face.box.y],
                "width": stored.face.box.width,
                "height": stored.face.box.height,
                "prediction": [
                    {"emotion": emotion.value, "percent": fraction}
                    for emotion, fraction in stored.face.composition.items()
                ],
                "feedback": [emotion.value for emotion in stored.feedback],
                "top": stored.face.top.value,
                "confidence": stored.face.confidence,
                "landmarks": None if stored.face.landmarks is None else [list(p) for p in stored.face.landmarks],
                "face_score": stored.face.face_score,
                "crop": crop,
            }
            for index, (stored, crop) in enumerate(zip(record.faces, crops, strict=True))
        ],
    }


def from_document(document: Document, read: Callable[[ObjectId], bytes] | None) -> ImageRecord:
    """Return a document's record, with the pixels that `read` loads from GridFS, or without pixels if it is None."""
    return ImageRecord(
        image_id=document["pic_id"],
        created_at=document["created_at"],
        expires_at=document["expires_at"],
        width=document["width"],
        height=document["height"],
        detector=document["detector"],
        model=document["model"],
        faces=tuple(_to_face_record(face, _read_pixels(face["crop"], read)) for face in document["faces"]),
        crop_margin=document["crop_margin"],
        crop_aligned=document["crop_aligned"],
        retention=PixelRetention(document["retention"]),
        image=_read_pixels(document["image"], read),
    )


def iter_pixel_files(document: Document) -> Iterator[ObjectId]:
    """Yield the GridFS files that a document names."""
    for file_id in (document.get("image"), *(face.get("crop") for face in document.get("faces", ()))):
        if file_id is not None:
            yield file_id


def _to_face_record(face: Document, crop: bytes | None) -> FaceRecord:
    x, y = face["location_xy"]
    landmarks = None if face["landmarks"] is None else tuple((x, y) for x, y in face["landmarks"])
    detection = Detection(Box(int(x), int(y), int(face["width"]), int(face["height"])), face["confidence"], landmarks)
    fractions = {entry["emotion"]: entry["percent"] for entry in face["prediction"]}
    composition = Composition(tuple(fractions[emotion.value] for emotion in EMOTIONS))
    feedback = tuple(Emotion(name) for name in face["feedback"])
    return FaceRecord(Face(detection, composition, face["face_score"]), feedback, crop)


def _read_pixels(file_id: ObjectId | None, read: Callable[[ObjectId], bytes] | None) -> bytes | None:
    return None if file_id is None or read is None else read(file_id)
