"""The face set: faces of any origin in one Parquet file, with context, label, trust and source."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from mememoji.atomic_file import atomic_write
from mememoji.classification.preprocess import CROP_SIZE
from mememoji.datasets.parquet_columns import (
    column_to_crops,
    crops_to_column,
    describe_array,
    import_pyarrow,
    is_crop_column,
)
from mememoji.errors import DatasetError, RunError
from mememoji.types import BoolArray, Float32Array, Int8Array, UInt8Array

CONTEXT_SIZE: Final = 64
"""The width and height of a stored face in pixels; the central 48 x 48 are the classifier's input."""

FACE_LABELS: Final = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral", "contempt")
"""The labels of a face: FER2013's seven classes in their order, then contempt."""

UNLABELED: Final = -1
"""The label of a face without a label."""

_COLUMNS: Final = ("image", "label", "trust", "source", "id")


@dataclass(frozen=True, slots=True, eq=False)
class FaceSet:
    """Faces cropped as in serving, with a border of context, their labels and sources.

    Attributes:
        images: (N, 64, 64) uint8, grayscale, aligned; `central` is the classifier's input.
        labels: (N,) int8, indices into `FACE_LABELS`, or -1 without a label.
        trust: (N,) float32 in 0..1, the reliability of the label, which is its weight in training; 0 without a label.
        sources: The N names of the faces' sources.
        ids: The N names of the images, each unique within its source.

    Raises:
        DatasetError: The shapes of the arrays do not match, or a label or trust is out of range.
    """

    images: UInt8Array
    labels: Int8Array
    trust: Float32Array
    sources: tuple[str, ...]
    ids: tuple[str, ...]

    def __post_init__(self) -> None:
        count = len(self.labels)
        expected = (count, CONTEXT_SIZE, CONTEXT_SIZE)
        if self.images.shape != expected or self.images.dtype != np.uint8:
            raise DatasetError(f"images must be {expected} uint8, got {describe_array(self.images)}")
        if self.labels.shape != (count,) or self.labels.dtype != np.int8:
            raise DatasetError(f"labels must be ({count},) int8, got {describe_array(self.labels)}")
        if self.trust.shape != (count,) or self.trust.dtype != np.float32:
            raise DatasetError(f"trust must be ({count},) float32, got {describe_array(self.trust)}")
        for name, values in (("sources", self.sources), ("ids", self.ids)):
            if len(values) != count:
                raise DatasetError(f"{name} must be {count} names, got {len(values)}")
        if count and not UNLABELED <= self.labels.min() <= self.labels.max() < len(FACE_LABELS):
            raise DatasetError(f"labels must be in -1..7, got {self.labels.min()}..{self.labels.max()}")
        if not ((self.trust >= 0) & (self.trust <= 1)).all():
            raise DatasetError(f"trust must be in 0..1, got {self.trust.min()}..{self.trust.max()}")
        if self.trust[~self.is_labeled].any():
            raise DatasetError("trust must be 0 where a face has no label, got a greater one")

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def is_labeled(self) -> BoolArray:
        """(N,) bool, whether a face has a label."""
        return np.asarray(self.labels != UNLABELED)

    @property
    def central(self) -> UInt8Array:
        """(N, 48, 48) uint8, the faces without their context: a view of `images`."""
        border = (CONTEXT_SIZE - CROP_SIZE) // 2
        return self.images[:, border : border + CROP_SIZE, border : border + CROP_SIZE]

    def take(self, selection: npt.NDArray[Any] | slice) -> Self:
        """Return a set with only the faces that indices, a mask or a slice select."""
        rows = np.arange(len(self))[selection].tolist()
        sources, ids = (tuple(values[row] for row in rows) for values in (self.sources, self.ids))
        return type(self)(self.images[selection], self.labels[selection], self.trust[selection], sources, ids)


def concatenate(face_sets: Sequence[FaceSet]) -> FaceSet:
    """Concatenate face sets, possibly none, to one."""
    return FaceSet(
        np.concatenate([np.zeros((0, CONTEXT_SIZE, CONTEXT_SIZE), np.uint8), *(some.images for some in face_sets)]),
        np.concatenate([np.zeros(0, np.int8), *(some.labels for some in face_sets)]),
        np.concatenate([np.zeros(0, np.float32), *(some.trust for some in face_sets)]),
        tuple(source for some in face_sets for source in some.sources),
        tuple(name for some in face_sets for name in some.ids),
    )


def write_face_set(face_set: FaceSet, path: Path) -> None:
    """Write a face set as Parquet; an earlier file at `path` is replaced atomically.

    The columns are image binary(4096), label string or null, trust float32, source and id strings.

    Raises:
        MissingExtraError: The extra "train" is not installed.
        RunError: The file cannot be written.
    """
    pa, pq = import_pyarrow("reading and writing face sets")
    names = [None if label == UNLABELED else FACE_LABELS[label] for label in face_set.labels.tolist()]
    table = pa.table(
        {
            "image": crops_to_column(face_set.images, pa),
            "label": pa.array(names, pa.string()),
            "trust": pa.array(face_set.trust, pa.float32()),
            "source": pa.array(face_set.sources, pa.string()),
            "id": pa.array(face_set.ids, pa.string()),
        }
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Opened here, because pyarrow takes some names for URLs and not all bytes for names.
        with atomic_write(path) as partial, partial.open("wb") as file:
            pq.write_table(table, file, compression="zstd")
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror or error}") from error


def read_face_set(path: Path) -> FaceSet:
    """Read a face set that `write_face_set` wrote.

    Raises:
        DatasetError: The file is missing, is not Parquet, or holds other columns or values.
        MissingExtraError: The extra "train" is not installed.
    """
    pa, pq = import_pyarrow("reading and writing face sets")
    if not path.is_file():
        raise DatasetError(f"{path} must be a face set, but does not exist; `mememoji data faces` writes one")
    try:
        with path.open("rb") as file:
            _check_schema(path, pq.read_schema(file), pa)
            table = pq.read_table(file, columns=list(_COLUMNS)).combine_chunks()
        for name in _COLUMNS:
            if name != "label" and table[name].null_count:
                raise DatasetError(f"{path}: the column {name} must not hold null, got {table[name].null_count}")
        images = column_to_crops(table["image"].combine_chunks(), CONTEXT_SIZE)
        labels = np.array([_parse_label(path, name) for name in table["label"].to_pylist()], np.int8)
        trust = np.asarray(table["trust"].to_numpy(), np.float32)
        sources, ids = (tuple(table[name].to_pylist()) for name in ("source", "id"))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DatasetError(f"{path} cannot be read as a face set: {error}") from error
    try:
        return FaceSet(images, labels, trust, sources, ids)
    except DatasetError as error:
        raise DatasetError(f"{path}: {error}") from error


def is_face_set(path: Path) -> bool:
    """Return whether a file is Parquet with the columns and types that `write_face_set` writes."""
    pa, pq = import_pyarrow("reading and writing face sets")
    try:
        with path.open("rb") as file:
            _check_schema(path, pq.read_schema(file), pa)
    except (pa.ArrowException, OSError, DatasetError):
        return False
    return True


def _check_schema(path: Path, schema: Any, pa: Any) -> None:
    missing = [name for name in _COLUMNS if name not in schema.names]
    if missing:
        raise DatasetError(
            f"{path} must have the columns {', '.join(_COLUMNS)}, but lacks {', '.join(missing)}; "
            "`mememoji data faces` makes a face set of images and of other Parquet files"
        )
    dtype = schema.field("image").type
    if not is_crop_column(dtype, CONTEXT_SIZE, pa):
        raise DatasetError(
            f"{path}: the column image must be binary({CONTEXT_SIZE * CONTEXT_SIZE}), got {dtype}; "
            "`mememoji data faces` makes a face set of encoded images"
        )


def _parse_label(path: Path, name: str | None) -> int:
    if name is None:
        return UNLABELED
    if name not in FACE_LABELS:
        raise DatasetError(f"{path}: a label must be one of {', '.join(FACE_LABELS)} or null, got {name!r}")
    return FACE_LABELS.index(name)
