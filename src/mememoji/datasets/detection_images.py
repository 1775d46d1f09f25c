"""Images with labeled faces: boxes, five landmarks, and ignored regions."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from mememoji.boxes import xywh_to_xyxy
from mememoji.errors import DatasetError, MissingExtraError
from mememoji.types import Float32Array

# Values of the column `ignore_why`.
BACKGROUND_REASONS: Final = ("one run", "turned")
"""Reasons of `ignore` regions that a review found to be nearly always background if they are large."""

MIN_BACKGROUND_HEIGHT: Final = 24.0
"""Height in pixels from which a region with one of `BACKGROUND_REASONS` counts as background."""

_COLUMNS: Final = ("image", "faces", "landmarks", "ignore", "ignore_why", "source", "id")

# ImageNet's classes are numbered by WordNet; its 398 animal classes, from tench to puffer, come first.
_IMAGENET_ID = "imagenet:n"
_LAST_ANIMAL: Final = 2655020


@dataclass(frozen=True, slots=True, eq=False)
class DetectionSample:
    """An image with the labels of its faces. Boxes are left, top, right, bottom in pixels.

    Attributes:
        id: Unique ID within the dataset.
        source: Collection that the image comes from.
        image: Encoded image.
        faces: Boxes of the faces (F, 4) float32.
        landmarks: Landmarks (F, 5, 2) float32 in the order of `mememoji.landmarks.LANDMARK_NAMES`; all NaN for a face
            without any.
        ignore: Boxes (I, 4) float32 of regions that count neither as face nor as background.
        ignore_why: Reasons for the I regions.

    Raises:
        DatasetError: The shapes of the arrays do not match.
    """

    id: str
    source: str
    image: bytes
    faces: Float32Array
    landmarks: Float32Array
    ignore: Float32Array
    ignore_why: tuple[str, ...]

    def __post_init__(self) -> None:
        count = len(self.faces)
        if self.faces.shape != (count, 4) or self.landmarks.shape != (count, 5, 2):
            raise DatasetError(
                f"{self.id}: faces must be (F, 4) and landmarks (F, 5, 2), got {self.faces.shape} and "
                f"{self.landmarks.shape}"
            )
        if self.ignore.shape != (len(self.ignore_why), 4):
            raise DatasetError(
                f"{self.id}: ignore must be (I, 4) with I reasons, got {self.ignore.shape} and {len(self.ignore_why)}"
            )

    @property
    def is_animal(self) -> bool:
        """Whether the image shows an animal, by its source or its ImageNet class."""
        if self.source == "dogcat":
            return True
        number = self.id.removeprefix(_IMAGENET_ID).partition("_")[0]
        return self.id.startswith(_IMAGENET_ID) and number.isdigit() and int(number) <= _LAST_ANIMAL

    @property
    def is_hard_negative(self) -> bool:
        """Whether the image belongs to the third of animals that is held out of training to evaluate false positives.

        The third is selected by the hash of the ID, so it stays the same when images are added.
        """
        return self.is_animal and hashlib.sha256(self.id.encode()).digest()[0] % 3 == 0

    def get_uncertain_regions(self) -> Float32Array:
        """Return the `ignore` regions (I, 4) without those that are nearly always background."""
        heights = self.ignore[:, 3] - self.ignore[:, 1]
        is_background = np.array([reason in BACKGROUND_REASONS for reason in self.ignore_why], bool)
        return self.ignore[~(is_background & (heights >= MIN_BACKGROUND_HEIGHT))]


def read_detection_samples(path: Path) -> list[DetectionSample]:
    """Read a Parquet file of images with labeled faces.

    Its columns are `image` (an encoded image), `faces` (lists of x, y, width, height), `landmarks` (for each face ten
    numbers, alternating x and y), `ignore` (boxes as in `faces`), `ignore_why` (a text for each), `source` and `id`
    (texts).

    Raises:
        DatasetError: The file is missing, not Parquet, or lacks columns.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError("train", "reading images") from error
    if not path.is_file():
        raise DatasetError(f"{path} must be a Parquet file of labeled images, but does not exist")
    try:
        # Opened here, because pyarrow takes some names for URLs and not all bytes for names.
        with path.open("rb") as file:
            missing = set(_COLUMNS) - set(pq.read_schema(file).names)
            rows = [] if missing else pq.read_table(file, columns=list(_COLUMNS)).to_pylist()
        if missing:
            raise DatasetError(
                f"{path} must have the columns of labeled images, but lacks {', '.join(sorted(missing))}"
            )
        return [_to_sample(row) for row in rows]
    except (pa.ArrowException, OSError, ValueError, TypeError) as error:
        raise DatasetError(f"{path} cannot be read as labeled images: {error}") from error


def read_all_detection_samples(paths: Sequence[Path]) -> list[DetectionSample]:
    """Read several files with `read_detection_samples` and concatenate them.

    Raises:
        DatasetError: A file cannot be read, or two images have the same ID.
    """
    samples = [sample for path in paths for sample in read_detection_samples(path)]
    repeated = [name for name, count in Counter(sample.id for sample in samples).items() if count > 1]
    if repeated:
        raise DatasetError(f"image IDs must be unique over all files, got {repeated[0]!r} twice; omit one of the files")
    return samples


def _to_sample(row: dict[str, Any]) -> DetectionSample:
    return DetectionSample(
        id=row["id"],
        source=row["source"],
        image=row["image"],
        faces=_to_boxes(row["faces"]),
        landmarks=np.array(row["landmarks"], np.float32).reshape(-1, 5, 2),  # (F, 10) -> (F, 5, 2)
        ignore=_to_boxes(row["ignore"]),
        ignore_why=tuple(row["ignore_why"]),
    )


def _to_boxes(boxes: Iterable[Any]) -> Float32Array:
    return xywh_to_xyxy(np.array(list(boxes), np.float32).reshape(-1, 4))
