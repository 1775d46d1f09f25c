"""The face set file: faces of any origin in one Parquet file, with context, label, trust and source."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from mememoji.datasets.splits import SIDE
from mememoji.errors import DatasetError, MissingExtraError, RunError

CONTEXT_SIZE: Final = 64
"""Width and height of a stored face in pixels; the central 48 x 48 are what the classifier is given."""

FACE_LABELS: Final = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral", "contempt")
"""What a face may be labeled: FER2013's seven classes in their order, then contempt."""

UNLABELED: Final = -1
"""The label of a face of which nobody has said what it shows."""

_PIXELS: Final = CONTEXT_SIZE * CONTEXT_SIZE
_COLUMNS: Final = ("image", "label", "trust", "source", "id")


@dataclass(frozen=True, slots=True, eq=False)
class FaceSet:
    """Faces cut as serving cuts them, with a border of context, and what is known of them.

    Attributes:
        images: (N, 64, 64) uint8, grayscale, aligned; `central` is what the classifier is given.
        labels: (N,) int8, indices into `FACE_LABELS`, or -1 where a face has no label.
        trust: (N,) float32 in 0..1, how far the label is to be trusted; 0 where there is none.
        sources: N names of where the faces come from.
        ids: N names of the images, each unique within its source.

    Raises:
        DatasetError: the arrays do not fit each other, or a label or trust is out of range.
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int8]
    trust: npt.NDArray[np.float32]
    sources: tuple[str, ...]
    ids: tuple[str, ...]

    def __post_init__(self) -> None:
        count = len(self.labels)
        expected = (count, CONTEXT_SIZE, CONTEXT_SIZE)
        if self.images.shape != expected or self.images.dtype != np.uint8:
            raise DatasetError(f"images must be {expected} uint8, got {_form(self.images)}")
        if self.labels.shape != (count,) or self.labels.dtype != np.int8:
            raise DatasetError(f"labels must be ({count},) int8, got {_form(self.labels)}")
        if self.trust.shape != (count,) or self.trust.dtype != np.float32:
            raise DatasetError(f"trust must be ({count},) float32, got {_form(self.trust)}")
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
    def is_labeled(self) -> npt.NDArray[np.bool_]:
        """(N,) bool, which faces have a label."""
        return np.asarray(self.labels != UNLABELED)

    @property
    def central(self) -> npt.NDArray[np.uint8]:
        """(N, 48, 48) uint8, the faces without their context: a view of `images`."""
        border = (CONTEXT_SIZE - SIDE) // 2
        return self.images[:, border : border + SIDE, border : border + SIDE]

    def take(self, which: npt.NDArray[Any] | slice) -> Self:
        """Return a set of the faces that an index, mask or slice names."""
        rows = np.arange(len(self))[which].tolist()
        sources, ids = (tuple(values[row] for row in rows) for values in (self.sources, self.ids))
        return type(self)(self.images[which], self.labels[which], self.trust[which], sources, ids)


def merge(face_sets: Sequence[FaceSet]) -> FaceSet:
    """Put face sets one behind the other; none of them gives an empty set."""
    return FaceSet(
        np.concatenate([np.zeros((0, CONTEXT_SIZE, CONTEXT_SIZE), np.uint8), *(some.images for some in face_sets)]),
        np.concatenate([np.zeros(0, np.int8), *(some.labels for some in face_sets)]),
        np.concatenate([np.zeros(0, np.float32), *(some.trust for some in face_sets)]),
        tuple(source for some in face_sets for source in some.sources),
        tuple(name for some in face_sets for name in some.ids),
    )


def write_face_set(face_set: FaceSet, path: Path) -> None:
    """Write a face set as Parquet; an earlier file at `path` is replaced when the new one is complete.

    The columns are image binary(4096), label string or null, trust float32, source and id strings.

    Raises:
        MissingExtraError: the extra "train" is not installed.
        RunError: the file cannot be written.
    """
    pa, pq = _arrow()
    names = [None if label == UNLABELED else FACE_LABELS[label] for label in face_set.labels.tolist()]
    pixels = pa.py_buffer(np.ascontiguousarray(face_set.images))
    table = pa.table(
        {
            "image": pa.FixedSizeBinaryArray.from_buffers(pa.binary(_PIXELS), len(face_set), [None, pixels]),
            "label": pa.array(names, pa.string()),
            "trust": pa.array(face_set.trust, pa.float32()),
            "source": pa.array(face_set.sources, pa.string()),
            "id": pa.array(face_set.ids, pa.string()),
        }
    )
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            pq.write_table(table, partial, compression="zstd")
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error}") from error


def read_face_set(path: Path) -> FaceSet:
    """Read a face set that `write_face_set` wrote.

    Raises:
        DatasetError: the file is missing, is not Parquet, or holds other columns or values.
        MissingExtraError: the extra "train" is not installed.
    """
    pa, pq = _arrow()
    if not path.is_file():
        raise DatasetError(f"{path} must be a face set, but there is no such file; `mememoji data faces` writes one")
    try:
        schema = pq.read_schema(path)
        _check_schema(path, schema, pa)
        table = pq.read_table(path, columns=list(_COLUMNS)).combine_chunks()
        for name in _COLUMNS:
            if name != "label" and table[name].null_count:
                raise DatasetError(f"{path}: the column {name} must not hold null, got {table[name].null_count}")
        images = _pixels(table["image"].combine_chunks(), len(table))
        labels = np.array([_label_index(path, name) for name in table["label"].to_pylist()], np.int8)
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
    pa, pq = _arrow()
    try:
        _check_schema(path, pq.read_schema(path), pa)
    except (pa.ArrowException, OSError, DatasetError):
        return False
    return True


def _check_schema(path: Path, schema: Any, pa: Any) -> None:
    missing = [name for name in _COLUMNS if name not in schema.names]
    if missing:
        raise DatasetError(
            f"{path} must have the columns {', '.join(_COLUMNS)}, got none called {', '.join(missing)}; "
            "`mememoji data faces` makes a face set of images and of other Parquet files"
        )
    kind = schema.field("image").type
    if not pa.types.is_fixed_size_binary(kind) or kind.byte_width != _PIXELS:
        raise DatasetError(
            f"{path}: the column image must be binary({_PIXELS}), got {kind}; "
            "`mememoji data faces` makes a face set of encoded images"
        )


def _pixels(column: Any, count: int) -> npt.NDArray[np.uint8]:
    buffer = column.buffers()[1]
    flat = np.frombuffer(buffer, np.uint8) if buffer is not None else np.zeros(0, np.uint8)
    start = column.offset * _PIXELS
    return flat[start : start + count * _PIXELS].reshape(count, CONTEXT_SIZE, CONTEXT_SIZE)  # (N, 64, 64)


def _label_index(path: Path, name: str | None) -> int:
    if name is None:
        return UNLABELED
    if name not in FACE_LABELS:
        raise DatasetError(f"{path}: a label must be one of {', '.join(FACE_LABELS)} or null, got {name!r}")
    return FACE_LABELS.index(name)


def _form(array: npt.NDArray[Any]) -> str:
    return f"{array.shape} {array.dtype}"


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError("train", "reading and writing face sets") from error
    return pa, pq
