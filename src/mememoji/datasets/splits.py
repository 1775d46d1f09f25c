"""The split file: one Parquet file for each of train, val and test, and what it reads to."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from mememoji.emotions import FER2013_LABELS, FERPLUS_VOTES
from mememoji.errors import DatasetError, MissingExtraError

SPLITS: Final = ("train", "val", "test")
"""FER2013's Training, PublicTest and PrivateTest, in this order."""

SIDE: Final = 48
"""A face crop's width and height in pixels."""


@dataclass(frozen=True, slots=True)
class Split:
    """The images of one split with what is known of them.

    Attributes:
        rows: (N,) int32, row numbers in the source, counted from 0.
        images: (N, 48, 48) uint8, gray.
        labels: (N,) int8, numbers into `FER2013_LABELS`.
        votes: (N, 10) uint8, counts in the order of `FERPLUS_VOTES`; None where the file holds none.

    Raises:
        DatasetError: the arrays do not fit each other, or a label is out of range.
    """

    rows: npt.NDArray[np.int32]
    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int8]
    votes: npt.NDArray[np.uint8] | None

    def __post_init__(self) -> None:
        count = len(self.rows)
        if self.images.shape != (count, SIDE, SIDE) or self.images.dtype != np.uint8:
            raise DatasetError(f"images must be ({count}, {SIDE}, {SIDE}) uint8, got {_form(self.images)}")
        if self.labels.shape != (count,):
            raise DatasetError(f"labels must be ({count},), got {_form(self.labels)}")
        if count and not 0 <= self.labels.min() <= self.labels.max() < len(FER2013_LABELS):
            raise DatasetError(f"labels lie in 0..6, got {self.labels.min()}..{self.labels.max()}")
        if self.votes is not None and self.votes.shape != (count, len(FERPLUS_VOTES)):
            raise DatasetError(f"votes must be ({count}, {len(FERPLUS_VOTES)}), got {_form(self.votes)}")

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, which: npt.NDArray[Any] | slice) -> Self:
        """The same split with only the images that an index, mask or slice names."""
        votes = None if self.votes is None else self.votes[which]
        return type(self)(self.rows[which], self.images[which], self.labels[which], votes)


def _form(array: npt.NDArray[Any]) -> str:
    return f"{array.shape} {array.dtype}"


def write_split(split: Split, path: Path) -> None:
    """Write a split as Parquet: row int32, label int8, pixels binary(2304), votes list(uint8, 10) or null."""
    pa, pq = _arrow()
    columns = {
        "row": pa.array(split.rows, pa.int32()),
        "label": pa.array(split.labels, pa.int8()),
        "pixels": pa.FixedSizeBinaryArray.from_buffers(
            pa.binary(SIDE * SIDE), len(split), [None, pa.py_buffer(np.ascontiguousarray(split.images))]
        ),
    }
    if split.votes is not None:
        flat = pa.array(np.ascontiguousarray(split.votes).reshape(-1), pa.uint8())
        columns["votes"] = pa.FixedSizeListArray.from_arrays(flat, len(FERPLUS_VOTES))
    pq.write_table(pa.table(columns), path, compression="zstd")


def read_split(path: Path) -> Split:
    """Read a split file that `write_split` wrote.

    Raises:
        DatasetError: no such file, no Parquet, or columns that do not fit.
    """
    pa, pq = _arrow()
    if not path.is_file():
        raise DatasetError(f"no split file at {path}; `mememoji data prepare` writes one")
    try:
        table = pq.read_table(path).combine_chunks()
        missing = {"row", "label", "pixels"} - set(table.column_names)
        if missing:
            raise DatasetError(f"{path} is no split file: it lacks {', '.join(sorted(missing))}")
        pixels = table["pixels"].combine_chunks()
        if not pa.types.is_fixed_size_binary(pixels.type) or pixels.type.byte_width != SIDE * SIDE:
            raise DatasetError(f"{path}: pixels must be binary({SIDE * SIDE}), got {pixels.type}")
        buffer = pixels.buffers()[1]
        flat = np.frombuffer(buffer, np.uint8) if buffer is not None else np.zeros(0, np.uint8)
        start = pixels.offset * SIDE * SIDE
        images = flat[start : start + len(table) * SIDE * SIDE].reshape(len(table), SIDE, SIDE)  # (N, 48, 48)
        votes = None
        if "votes" in table.column_names:
            votes = table["votes"].combine_chunks().flatten().to_numpy().reshape(len(table), len(FERPLUS_VOTES))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DatasetError(f"{path} cannot be read as a split file: {error}") from error
    return Split(table["row"].to_numpy(), images, table["label"].to_numpy(), votes)


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError("train", "reading and writing split files") from error
    return pa, pq
