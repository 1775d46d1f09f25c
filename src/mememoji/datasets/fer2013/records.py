"""One row of FER2013, whatever form it came in, and the names that the forms use."""

import io
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from mememoji.classification.preprocess import to_gray
from mememoji.datasets.face_sets.face_set import FACE_LABELS, UNLABELED
from mememoji.datasets.splits import SIDE, SPLITS
from mememoji.emotions import FER2013_LABELS
from mememoji.errors import DatasetError

USAGES: Final = ("Training", "PublicTest", "PrivateTest")
"""What FER2013 and FER+ call the splits, in the order of `SPLITS`."""

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
    """One image with what its source says of it.

    Attributes:
        row: its number in the source, counted from 0.
        image: (48, 48) uint8, gray.
        label: number into `FER2013_LABELS`.
        split: number into `SPLITS`.
        votes: (10,) uint8 in the order of `FERPLUS_VOTES`, or None.
    """

    row: int
    image: npt.NDArray[np.uint8]
    label: int
    split: int
    votes: npt.NDArray[np.uint8] | None = None


def label_of_number(number: str | int, row: int) -> int:
    """FER2013's label 0 to 6 from its number.

    Raises:
        DatasetError: not one of the seven.
    """
    try:
        label = int(number)
    except ValueError:
        label = -1
    if not 0 <= label < len(FER2013_LABELS):
        raise DatasetError(f"expected an emotion from 0 to {len(FER2013_LABELS) - 1}, got {number!r}", row=row)
    return label


def label_of_name(name: str) -> int | None:
    """FER2013's label from a class name ("happy", "Happiness"), or None where no class is called so."""
    known = _ALIASES.get(name.strip().lower())
    return None if known is None else FER2013_LABELS.index(known)


def face_label_of_name(name: str) -> int | None:
    """Return the index into `FACE_LABELS` of a class name ("Happiness", "contempt").

    Returns:
        `UNLABELED` for "unlabeled", "unknown" and "none"; None where no class has this name.
    """
    word = name.strip().lower()
    if word in _UNLABELED_NAMES:
        return UNLABELED
    known = _FACE_ALIASES.get(word)
    return None if known is None else FACE_LABELS.index(known)


def split_of_usage(usage: str, row: int) -> int:
    """Number into `SPLITS` from `Training`, `PublicTest` or `PrivateTest`.

    Raises:
        DatasetError: another word.
    """
    try:
        return USAGES.index(usage.strip())
    except ValueError:
        raise DatasetError(f"expected a usage out of {', '.join(USAGES)}, got {usage[:40]!r}", row=row) from None


def split_of_name(name: str) -> int | None:
    """Number into `SPLITS` from how a folder or file is called ("train", "PublicTest"), or None.

    A plain "test" is the test split: nothing tells its PublicTest from its PrivateTest images.
    """
    word = name.strip().lower().replace("_", "").replace("-", "")
    starts = (("training", "train"), ("publictest", "validation", "val", "dev"), ("privatetest", "test"))
    return next((index for index, words in enumerate(starts) if word.startswith(words)), None)


def decode_picture(data: bytes, row: int, name: str = "the image") -> npt.NDArray[np.uint8]:
    """An image file's bytes as (48, 48) uint8 gray; `name` is what errors call it.

    Raises:
        DatasetError: no image, cut off, or not 48x48.
    """
    try:
        # Pillow, not OpenCV: OpenCV refuses WebP files under 32 bytes, and an all-black crop has 30.
        with Image.open(io.BytesIO(data)) as picture:
            if picture.size != (SIDE, SIDE):
                width, height = picture.size
                raise DatasetError(f"{name}: expected {SIDE}x{SIDE} pixels, got {width}x{height}", row=row)
            mode = "L" if picture.mode == "L" else "RGB"
            return to_gray(np.array(picture.convert(mode), np.uint8))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DatasetError(f"{name} cannot be decoded, it may be cut off: {error}", row=row) from error


def usage_of(split: int) -> str:
    """What FER2013 calls a split, with our name: "PublicTest (val)"."""
    return f"{USAGES[split]} ({SPLITS[split]})"
