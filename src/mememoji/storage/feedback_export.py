"""Export of stored faces with feedback as a dataset that `mememoji train` reads."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from mememoji.classification.preprocess import CROP_SIZE, crop_faces, resize_crop, to_gray
from mememoji.datasets.duplicates import find_duplicates
from mememoji.datasets.fer2013.data_card import build_card, write_card
from mememoji.datasets.fer2013.fer2013_reader import Fer2013
from mememoji.datasets.fer2013.prepare_fer2013 import CARD_FILE
from mememoji.datasets.output_folder import atomic_output_folder, check_replaceable
from mememoji.datasets.splits import SPLITS, Split, write_split
from mememoji.emotions import FER2013_LABELS, Emotion
from mememoji.errors import ImageError, MissingExtraError
from mememoji.image_io import read_image
from mememoji.storage.image_record import FaceRecord, ImageRecord
from mememoji.storage.image_store import ImageStore
from mememoji.types import UInt8Array

VAL_FRACTION: Final = 0.1
"""The default fraction of the images that are exported to val."""

_SPLIT_NAMES: Final = ("train", "val")
_OUTPUTS: Final = frozenset({CARD_FILE, *(f"{name}.parquet" for name in _SPLIT_NAMES)})


@dataclass
class _Samples:
    """The crops and labels collected so far, and the number of faces skipped by reason."""

    crops: list[UInt8Array] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    splits: list[int] = field(default_factory=list)
    num_images: int = 0
    skipped: Counter[str] = field(default_factory=Counter)

    def add(self, record: ImageRecord, val_fraction: float) -> None:
        self.num_images += 1
        split = SPLITS.index("val" if _is_val(record.image_id, val_fraction) else "train")
        with_feedback = [face for face in record.faces if face.feedback]
        self.skipped["without_feedback"] += len(record.faces) - len(with_feedback)
        with_pixels = [face for face in with_feedback if record.image is not None or face.crop is not None]
        self.skipped["without_pixels"] += len(with_feedback) - len(with_pixels)
        try:
            image = read_image(record.image) if record.image is not None and with_pixels else None
            crops = [_crop_face(record, face, image) for face in with_pixels]
        except ImageError:
            self.skipped["unreadable"] += len(with_pixels)
            return
        self.crops += crops
        self.labels += [FER2013_LABELS.index(compute_majority_label(face.feedback).value) for face in with_pixels]
        self.splits += [split] * len(with_pixels)


def export_feedback(
    store: ImageStore, out: Path, *, val_fraction: float = VAL_FRACTION, progress: bool = False
) -> dict[str, Any]:
    """Write `train.parquet`, `val.parquet` and `card.json` from all stored faces with feedback and pixels.

    The label of a face is the majority of its feedback. The identifier of an image determines its split, so all of its
    faces go to one split, and to the same one in a later export. Crops of train that are duplicates of a crop of val
    are left out, as `mememoji data prepare` does.

    Args:
        store: The store to export from.
        out: A folder that is new, empty, or holds an earlier export, which is replaced atomically.
        val_fraction: The approximate fraction of the images that go to val, 0..1.
        progress: Whether to show progress on stderr.

    Returns:
        The data card, with "skipped": the number of faces without feedback, without pixels, and in unreadable images.

    Raises:
        DatasetError: `out` holds other files.
        MissingExtraError: The extra "train" is not installed.
        RunError: `out` cannot be written.
        StoreUnavailableError: The store cannot be read.
        ValueError: `val_fraction` is out of range.
    """
    if not 0.0 <= val_fraction <= 1.0:
        raise ValueError(f"val_fraction must be in 0..1, got {val_fraction}")
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("train", "writing a training set") from error
    check_replaceable(out, _OUTPUTS)
    source, samples = _collect_samples(store, val_fraction)
    duplicates = find_duplicates(source.samples.images, progress=progress)
    leaks = duplicates.find_leaks(source.splits == SPLITS.index("val"))
    is_leak = np.zeros(len(source), np.bool_)
    is_leak[[leak.image for leak in leaks]] = True
    splits = {name: source.samples.take((source.splits == SPLITS.index(name)) & ~is_leak) for name in _SPLIT_NAMES}
    card = build_card(source, splits, duplicates, leaks, are_kept=False)
    card["images"], card["skipped"] = samples.num_images, dict(samples.skipped)
    with atomic_output_folder(out) as folder:
        for name, split in splits.items():
            write_split(split, folder / f"{name}.parquet")
        write_card(card, folder / CARD_FILE)
    return card


def compute_majority_label(feedback: Sequence[Emotion]) -> Emotion:
    """Return the most frequent emotion of a non-empty list of feedback; of several, the one that was given last."""
    counts = Counter(feedback)
    max_count = max(counts.values())
    return next(emotion for emotion in reversed(feedback) if counts[emotion] == max_count)


def _collect_samples(store: ImageStore, val_fraction: float) -> tuple[Fer2013, _Samples]:
    samples = _Samples(skipped=Counter(without_feedback=0, without_pixels=0, unreadable=0))
    for record in store.iter_images(pixels=True):
        samples.add(record, val_fraction)
    count = len(samples.crops)
    images = np.array(samples.crops, np.uint8).reshape(count, CROP_SIZE, CROP_SIZE)  # (N, 48, 48)
    labels = np.array(samples.labels, np.int8)
    digest = hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()
    split = Split(np.arange(count, dtype=np.int32), images, labels, None)
    source = Fer2013("feedback on stored images", digest, split, np.array(samples.splits, np.int8))
    return source, samples


def _is_val(image_id: str, fraction: float) -> bool:
    digest = hashlib.sha256(image_id.encode()).digest()
    return int.from_bytes(digest[:8]) < fraction * 2**64


def _crop_face(record: ImageRecord, face: FaceRecord, image: UInt8Array | None) -> UInt8Array:
    """Return the crop (48, 48) uint8 that the classifier got: from the stored image, or from the stored crop."""
    if image is None:
        return resize_crop(to_gray(read_image(face.crop or b"")), CROP_SIZE)
    detections = [face.face.detection]
    crops = crop_faces(image, detections, margin=record.crop_margin, size=CROP_SIZE, align=record.crop_aligned)
    return np.asarray(crops[0])
