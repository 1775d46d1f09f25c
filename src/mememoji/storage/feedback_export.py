"""Stored faces with what people said of them, as a dataset that `mememoji train` reads."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mememoji.classification.preprocess import crop_faces
from mememoji.datasets.duplicates import find_duplicates
from mememoji.datasets.fer2013.all_sources import Fer2013
from mememoji.datasets.fer2013.data_card import describe, write_card
from mememoji.datasets.fer2013.prepare_dataset import CARD
from mememoji.datasets.output_folder import appearing_at_once, refuse_foreign
from mememoji.datasets.splits import SIDE, SPLITS, Split, write_split
from mememoji.detection.registry import KINDS
from mememoji.emotions import FER2013_LABELS, Emotion
from mememoji.errors import MissingExtraError, PictureError
from mememoji.image_io import read_image
from mememoji.results import Box
from mememoji.storage.image_record import StoredFace, StoredPhoto
from mememoji.storage.image_store import PhotoStore

VAL_SHARE: Final = 0.1

_NAMES: Final = ("train", "val")
_OUTPUTS: Final = frozenset({CARD, *(f"{name}.parquet" for name in _NAMES)})


@dataclass
class _Collected:
    """The faces found so far, and how many were passed over and why."""

    images: list[npt.NDArray[np.uint8]] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    splits: list[int] = field(default_factory=list)
    photos: int = 0
    passed_over: Counter[str] = field(default_factory=Counter)

    def take(self, photo: StoredPhoto, val_share: float) -> None:
        self.photos += 1
        split = SPLITS.index("val" if _is_val(photo.photo_id, val_share) else "train")
        said = [face for face in photo.faces if face.feedback]
        self.passed_over["without_feedback"] += len(photo.faces) - len(said)
        with_pixels = [face for face in said if photo.picture is not None or face.crop is not None]
        self.passed_over["without_pixels"] += len(said) - len(with_pixels)
        try:
            picture = read_image(photo.picture) if photo.picture is not None and with_pixels else None
            images = [_crop(face, picture, photo.detector) for face in with_pixels]
        except PictureError:
            self.passed_over["unreadable"] += len(with_pixels)
            return
        self.images += images
        self.labels += [FER2013_LABELS.index(majority(face.feedback).value) for face in with_pixels]
        self.splits += [split] * len(with_pixels)


def write_training_set(
    store: PhotoStore, out: Path, *, val_share: float = VAL_SHARE, progress: bool = False
) -> dict[str, Any]:
    """Write `train.parquet`, `val.parquet` and `card.json` from all stored faces with feedback and pixels.

    A face's label is what most people said. All faces of an image go to the same split, which its identifier decides:
    a later export has it there again. Images of train that show the same image as one of val are left out, as
    `prepare` does it.

    Args:
        store: where the images are.
        out: a new folder, an empty one, or one that was exported to before, which is replaced at once or not at all.
        val_share: about which part of the images goes to val, 0..1.
        progress: draw progress bars on standard error, if that is a terminal.

    Returns:
        The data card, with "passed_over": how many faces are without feedback, without pixels, or in an image that
        cannot be read.

    Raises:
        DatasetError: `out` holds other files.
        MissingExtraError: the extra "train" is not installed.
        RunError: `out` cannot be written.
        StoreUnavailableError: the store cannot be read.
        ValueError: a share out of range.
    """
    if not 0.0 <= val_share <= 1.0:
        raise ValueError(f"val_share lies in 0..1, got {val_share}")
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("train", "writing a training set") from error
    refuse_foreign(out, _OUTPUTS)
    source, collected = _read(store, val_share)
    found = find_duplicates(source.pictures.images, progress=progress)
    leaks = found.leaks(source.splits == SPLITS.index("val"))
    kept = np.ones(len(source), np.bool_)
    kept[[leak.picture for leak in leaks]] = False
    written = {name: source.pictures.take((source.splits == SPLITS.index(name)) & kept) for name in _NAMES}
    card = describe(source, written, found, leaks, kept=False)
    card["photos"], card["passed_over"] = collected.photos, dict(collected.passed_over)
    with appearing_at_once(out) as folder:
        for name, split in written.items():
            write_split(split, folder / f"{name}.parquet")
        write_card(card, folder / CARD)
    return card


def majority(feedback: Sequence[Emotion]) -> Emotion:
    """What was said most often; of equals, what was said last. `feedback` is not empty."""
    counts = Counter(feedback)
    most = max(counts.values())
    return next(emotion for emotion in reversed(feedback) if counts[emotion] == most)


def _read(store: PhotoStore, val_share: float) -> tuple[Fer2013, _Collected]:
    collected = _Collected(passed_over=Counter(without_feedback=0, without_pixels=0, unreadable=0))
    for photo in store.photos(pixels=True):
        collected.take(photo, val_share)
    count = len(collected.images)
    images = np.array(collected.images, np.uint8).reshape(count, SIDE, SIDE)  # (N, 48, 48)
    labels = np.array(collected.labels, np.int8)
    digest = hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()
    pictures = Split(np.arange(count, dtype=np.int32), images, labels, None)
    source = Fer2013("feedback on stored images", digest, pictures, np.array(collected.splits, np.int8))
    return source, collected


def _is_val(photo_id: str, share: float) -> bool:
    digest = hashlib.sha256(photo_id.encode()).digest()
    return int.from_bytes(digest[:8]) < share * 2**64


def _crop(face: StoredFace, picture: npt.NDArray[np.uint8] | None, detector: str) -> npt.NDArray[np.uint8]:
    """(48, 48) uint8, gray: from the image around the face's box, or else all of the stored crop."""
    if picture is not None:
        return np.asarray(crop_faces(picture, [face.face.box], margin=_margin(detector), side=SIDE)[0])
    crop = read_image(face.crop or b"")
    height, width = crop.shape[:2]
    return np.asarray(crop_faces(crop, [Box(0, 0, width, height)], margin=0.0, side=SIDE)[0])


def _margin(detector: str) -> float:
    """What the detector of this name adds around its boxes; nothing for one that is not known here."""
    return next((float(getattr(kind.make, "margin", 0.0)) for kind in KINDS if kind.name == detector), 0.0)
