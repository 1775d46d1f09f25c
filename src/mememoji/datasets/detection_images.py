"""Images with labeled faces: boxes, five landmarks, and regions that count as nothing."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mememoji.errors import DatasetError, MissingExtraError

NEVER_FACES: Final = ("one run", "turned")
"""Reasons of `ignore` regions that reviewing found to be background nearly always where they are large."""

LARGE: Final = 24.0
"""The least height in pixels from which a region of `NEVER_FACES` is taken for background."""

_COLUMNS: Final = ("image", "faces", "landmarks", "ignore", "ignore_why", "source", "id")

# ImageNet's classes are numbered by WordNet; its animals are the 398 from tench to puffer, which come first.
_IMAGENET_ID = "imagenet:n"
_LAST_ANIMAL: Final = 2655020


@dataclass(frozen=True, slots=True, eq=False)
class Photograph:
    """One image with what is known of its faces; all coordinates are pixels, left, top, right, bottom.

    Attributes:
        id: unique over all images.
        source: the collection that it comes from.
        image: the encoded image.
        faces: (F, 4) float32 boxes.
        landmarks: (F, 5, 2) float32 in the order of `mememoji.results.LANDMARK_NAMES`; all NaN where there are none.
        ignore: (I, 4) float32 boxes of what is neither face nor background.
        ignore_why: I reasons.

    Raises:
        DatasetError: the arrays do not fit each other.
    """

    id: str
    source: str
    image: bytes
    faces: npt.NDArray[np.float32]
    landmarks: npt.NDArray[np.float32]
    ignore: npt.NDArray[np.float32]
    ignore_why: tuple[str, ...]

    def __post_init__(self) -> None:
        count = len(self.faces)
        if self.faces.shape != (count, 4) or self.landmarks.shape != (count, 5, 2):
            raise DatasetError(
                f"{self.id}: faces are (F, 4) and landmarks (F, 5, 2), got {self.faces.shape}, {self.landmarks.shape}"
            )
        if self.ignore.shape != (len(self.ignore_why), 4):
            raise DatasetError(
                f"{self.id}: ignore is (I, 4) with I reasons, got {self.ignore.shape} and {len(self.ignore_why)}"
            )

    @property
    def is_animal(self) -> bool:
        """Whether it shows an animal, by its source and its ImageNet class."""
        if self.source == "dogcat":
            return True
        number = self.id.removeprefix(_IMAGENET_ID).partition("_")[0]
        return self.id.startswith(_IMAGENET_ID) and number.isdigit() and int(number) <= _LAST_ANIMAL

    @property
    def is_held_out(self) -> bool:
        """Whether it is one of the third of animals that training leaves out, to judge false alarms by.

        Which third is a matter of the id's hash, so it stays the same when images are added.
        """
        return self.is_animal and hashlib.sha256(self.id.encode()).digest()[0] % 3 == 0

    def unsure(self) -> npt.NDArray[np.float32]:
        """The (I, 4) `ignore` regions but those that are background nearly always: see `NEVER_FACES`."""
        heights = self.ignore[:, 3] - self.ignore[:, 1]
        never = np.array([why in NEVER_FACES for why in self.ignore_why], bool)
        return self.ignore[~(never & (heights >= LARGE))]


def read_photographs(path: Path) -> list[Photograph]:
    """Read a Parquet file of images.

    Its columns: `image` (an encoded image), `faces` (list of x, y, width, height), `landmarks` (for each face a
    list of ten numbers, x and y by turns), `ignore` (boxes as in `faces`), `ignore_why` (a text for each), `source`
    and `id` (text).

    Raises:
        DatasetError: no such file, no Parquet, or columns that do not fit.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError("train", "reading images") from error
    if not path.is_file():
        raise DatasetError(f"no file of images at {path}")
    try:
        missing = set(_COLUMNS) - set(pq.read_schema(path).names)
        if missing:
            raise DatasetError(f"{path} holds no labeled images: it lacks {', '.join(sorted(missing))}")
        rows = pq.read_table(path, columns=list(_COLUMNS)).to_pylist()
        return [_photograph(row) for row in rows]
    except (pa.ArrowException, OSError, ValueError, TypeError) as error:
        raise DatasetError(f"{path} cannot be read as images: {error}") from error


def read_all_photographs(paths: Sequence[Path]) -> list[Photograph]:
    """Read several files one after the other, as `read_photographs` does.

    Raises:
        DatasetError: a file cannot be read, or two images have the same id.
    """
    photographs = [photograph for path in paths for photograph in read_photographs(path)]
    twice = [name for name, count in Counter(photograph.id for photograph in photographs).items() if count > 1]
    if twice:
        raise DatasetError(f"ids must be unique over all files, got {twice[0]!r} twice; leave out one of the files")
    return photographs


def _photograph(row: dict[str, Any]) -> Photograph:
    return Photograph(
        id=row["id"],
        source=row["source"],
        image=row["image"],
        faces=_corners(row["faces"]),
        landmarks=np.array(row["landmarks"], np.float32).reshape(-1, 5, 2),  # (F, 10) -> (F, 5, 2)
        ignore=_corners(row["ignore"]),
        ignore_why=tuple(row["ignore_why"]),
    )


def _corners(boxes: Iterable[Any]) -> npt.NDArray[np.float32]:
    xywh = np.array(list(boxes), np.float32).reshape(-1, 4)
    return np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1)
