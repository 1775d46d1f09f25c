"""The documents of the MongoDB store, and how images become them and come back.

One document for each image, in the form of the original service: `pic_id`, and `faces` with `index`, `location_xy`,
`width`, `height`, `prediction` and `feedback`. The other fields are ours.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from bson import ObjectId

from mememoji.emotions import EMOTIONS, Emotion
from mememoji.results import Box, Composition, Detection, Face
from mememoji.storage.image_record import Kept, StoredFace, StoredPhoto

Document = dict[str, Any]

PIXEL_NAMES: Final = {"picture": 1, "faces.crop": 1}
"""The fields that `pixel_files` needs."""


def to_document(photo: StoredPhoto, picture: ObjectId | None, crops: list[ObjectId | None]) -> Document:
    """An image as its document; `picture` and `crops` (one for each face) name the GridFS files of its pixels."""
    pixels = [photo.picture, *(face.crop for face in photo.faces)]
    return {
        "pic_id": photo.photo_id,
        "created_at": photo.created_at,
        "expires_at": photo.expires_at,
        "width": photo.width,
        "height": photo.height,
        "detector": photo.detector,
        "model": photo.model,
        "kept": photo.kept.value,
        "picture": picture,
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
                "face_likeness": stored.face.face_likeness,
                "crop": crop,
            }
            for index, (stored, crop) in enumerate(zip(photo.faces, crops, strict=True))
        ],
    }


def from_document(document: Document, read: Callable[[ObjectId], bytes] | None) -> StoredPhoto:
    """A document as its image, with the pixels that `read` fetches, or without any."""
    return StoredPhoto(
        photo_id=document["pic_id"],
        created_at=document["created_at"],
        expires_at=document["expires_at"],
        width=document["width"],
        height=document["height"],
        detector=document["detector"],
        model=document["model"],
        faces=tuple(_face(face, _pixels(face["crop"], read)) for face in document["faces"]),
        kept=Kept(document["kept"]),
        picture=_pixels(document["picture"], read),
    )


def pixel_files(document: Document) -> Iterator[ObjectId]:
    """The GridFS files that a document names."""
    for name in (document.get("picture"), *(face.get("crop") for face in document.get("faces", ()))):
        if name is not None:
            yield name


def _face(face: Document, crop: bytes | None) -> StoredFace:
    x, y = face["location_xy"]
    landmarks = None if face["landmarks"] is None else tuple((x, y) for x, y in face["landmarks"])
    detection = Detection(Box(int(x), int(y), int(face["width"]), int(face["height"])), face["confidence"], landmarks)
    fractions = {entry["emotion"]: entry["percent"] for entry in face["prediction"]}
    composition = Composition(tuple(fractions[emotion.value] for emotion in EMOTIONS))
    feedback = tuple(Emotion(name) for name in face["feedback"])
    return StoredFace(Face(detection, composition, face["face_likeness"]), feedback, crop)


def _pixels(name: ObjectId | None, read: Callable[[ObjectId], bytes] | None) -> bytes | None:
    return None if name is None or read is None else read(name)
