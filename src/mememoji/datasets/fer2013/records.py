"""Rows of FER2013 in any format, and the labels, splits and crops that the formats encode in different ways."""

import io
from typing import Final, NamedTuple

import numpy as np
from PIL import Image, UnidentifiedImageError

from mememoji.classification.preprocess import CROP_SIZE, to_gray
from mememoji.datasets.face_sets.face_set import FACE_LABELS, UNLABELED
from mememoji.datasets.splits import SPLITS
from mememoji.emotions import FER2013_LABELS
from mememoji.errors import DatasetError
from mememoji.types import UInt8Array

USAGES: Final = ("Training", "PublicTest", "PrivateTest")
"""The names of the splits in FER2013 and FER+, in the order of `SPLITS`."""

_ALIASES: Final = {
    "anger": "angry",
    "disgusted": "disgust",
    "fearful": "fear",
    "happiness": "happy",
    "sadness": "sad",
    "surprised": "surprise",
} | {name: name for name in FER2013_LABELS}

_FACE_ALIASES: Final = _ALIASES | {
    "afraid": "fear",
    "scared": "fear",
    "joy": "happy",
    "contemptuous": "contempt",
    "contempt": "contempt",
}
_UNLABELED_NAMES: Final = frozenset({"unlabeled", "unlabelled", "unknown", "none"})


class Record(NamedTuple):
    """One row of a source.

    Attributes:
        row: The row number in the source, counted from 0.
        image: (48, 48) uint8, gray.
        label: Index into `FER2013_LABELS`.
        split: Index into `SPLITS`.
        votes: (10,) uint8 in the order of `FERPLUS_VOTES`, or None.
    """

    row: int
    image: UInt8Array
    label: int
    split: int
    votes: UInt8Array | None = None


def label_from_number(number: str | int, row: int) -> int:
    """Parse FER2013's label index, 0 to 6.

    Raises:
        DatasetError: The number is not a label index.
    """
    try:
        label = int(number)
    except ValueError:
        label = -1
    if not 0 <= label < len(FER2013_LABELS):
        raise DatasetError(f"an emotion must be in 0..{len(FER2013_LABELS) - 1}, got {number!r}", row=row)
    return label


def label_from_name(name: str) -> int | None:
    """Return the index into `FER2013_LABELS` of a class name ("happy", "Happiness"), or None for another name."""
    known = _ALIASES.get(name.strip().lower())
    return None if known is None else FER2013_LABELS.index(known)


def face_label_from_name(name: str) -> int | None:
    """Return the index into `FACE_LABELS` of a class name ("Happiness", "contempt").

    Returns:
        `UNLABELED` for "unlabeled", "unknown" and "none"; None for another name.
    """
    word = name.strip().lower()
    if word in _UNLABELED_NAMES:
        return UNLABELED
    known = _FACE_ALIASES.get(word)
    return None if known is None else FACE_LABELS.index(known)


def split_from_usage(usage: str, row: int) -> int:
    """Return the index into `SPLITS` of `Training`, `PublicTest` or `PrivateTest`.

    Raises:
        DatasetError: The usage is none of these.
    """
    try:
        return USAGES.index(usage.strip())
    except ValueError:
        raise DatasetError(f"a usage must be one of {', '.join(USAGES)}, got {usage[:40]!r}", row=row) from None


def split_from_name(name: str) -> int | None:
    """Return the index into `SPLITS` of the name of a folder or file ("train", "PublicTest"), or None.

    "test" is the test split: its PublicTest and PrivateTest images cannot be distinguished.
    """
    word = name.strip().lower().replace("_", "").replace("-", "")
    starts = (("training", "train"), ("publictest", "validation", "val", "dev"), ("privatetest", "test"))
    return next((index for index, words in enumerate(starts) if word.startswith(words)), None)


def decode_crop(data: bytes, row: int, name: str = "the image") -> UInt8Array:
    """Decode an image file's bytes to (48, 48) uint8 gray; error messages refer to it by `name`.

    Raises:
        DatasetError: The data are not an image, are truncated, or the image is not 48x48.
    """
    try:
        # Pillow, not OpenCV: OpenCV rejects WebP files under 32 bytes, and an all-black crop has 30.
        with Image.open(io.BytesIO(data)) as image:
            if image.size != (CROP_SIZE, CROP_SIZE):
                width, height = image.size
                raise DatasetError(f"{name} must have {CROP_SIZE}x{CROP_SIZE} pixels, got {width}x{height}", row=row)
            mode = "L" if image.mode == "L" else "RGB"
            return to_gray(np.array(image.convert(mode), np.uint8))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        # Pillow's message on what it does not recognize is the address of an object.
        reason = "" if isinstance(error, UnidentifiedImageError) else f": {error}"
        raise DatasetError(f"{name} cannot be decoded and may be truncated{reason}", row=row) from error


def describe_usage(split: int) -> str:
    """Return FER2013's name of a split with ours: "PublicTest (val)"."""
    return f"{USAGES[split]} ({SPLITS[split]})"
