"""The split file: one Parquet file for each of train, val and test, and the arrays in it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from mememoji.classification.preprocess import CROP_SIZE
from mememoji.datasets.parquet_columns import (
    column_to_crops,
    crops_to_column,
    describe_array,
    import_pyarrow,
    is_crop_column,
)
from mememoji.emotions import FER2013_LABELS, FERPLUS_VOTES
from mememoji.errors import DatasetError
from mememoji.types import Int8Array, Int32Array, UInt8Array

SPLITS: Final = ("train", "val", "test")
"""FER2013's Training, PublicTest and PrivateTest, in this order."""


@dataclass(frozen=True, slots=True)
class Split:
    """The images of one split with their labels and votes.

    Attributes:
        rows: (N,) int32, row numbers in the source, counted from 0.
        images: (N, 48, 48) uint8, gray.
        labels: (N,) int8, indices into `FER2013_LABELS`.
        votes: (N, 10) uint8, counts in the order of `FERPLUS_VOTES`; None if the file has none.

    Raises:
        DatasetError: The shapes of the arrays do not match, or a label is out of range.
    """

    rows: Int32Array
    images: UInt8Array
    labels: Int8Array
    votes: UInt8Array | None

    def __post_init__(self) -> None:
        count = len(self.rows)
        expected = (count, CROP_SIZE, CROP_SIZE)
        if self.images.shape != expected or self.images.dtype != np.uint8:
            raise DatasetError(f"images must be {expected} uint8, got {describe_array(self.images)}")
        if self.labels.shape != (count,):
            raise DatasetError(f"labels must be ({count},), got {describe_array(self.labels)}")
        if count and not 0 <= self.labels.min() <= self.labels.max() < len(FER2013_LABELS):
            raise DatasetError(f"labels must be in 0..6, got {self.labels.min()}..{self.labels.max()}")
        if self.votes is not None and self.votes.shape != (count, len(FERPLUS_VOTES)):
            raise DatasetError(f"votes must be ({count}, {len(FERPLUS_VOTES)}), got {describe_array(self.votes)}")

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, selection: npt.NDArray[Any] | slice) -> Self:
        """Return a split with only the images that indices, a mask or a slice select."""
        votes = None if self.votes is None else self.votes[selection]
        return type(self)(self.rows[selection], self.images[selection], self.labels[selection], votes)


def write_split(split: Split, path: Path) -> None:
    """Write a split as Parquet with the columns row int32, label int8, pixels binary(2304), votes list(uint8, 10).

    Without votes the column `votes` is left out.

    Raises:
        MissingExtraError: The extra "train" is not installed.
    """
    pa, pq = import_pyarrow("writing split files")
    columns = {
        "row": pa.array(split.rows, pa.int32()),
        "label": pa.array(split.labels, pa.int8()),
        "pixels": crops_to_column(split.images, pa),
    }
    if split.votes is not None:
        flat = pa.array(np.ascontiguousarray(split.votes).reshape(-1), pa.uint8())
        columns["votes"] = pa.FixedSizeListArray.from_arrays(flat, len(FERPLUS_VOTES))
    # Opened here, because pyarrow takes some names for URLs and not all bytes for names.
    with path.open("wb") as file:
        pq.write_table(pa.table(columns), file, compression="zstd")


def read_split(path: Path) -> Split:
    """Read a split file that `write_split` wrote.

    Raises:
        DatasetError: The file is missing, is not Parquet, or has other columns.
        MissingExtraError: The extra "train" is not installed.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> one_happy_face = Split(
        ...     np.zeros(1, np.int32), np.zeros((1, 48, 48), np.uint8), np.array([3], np.int8), votes=None
        ... )
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_split(one_happy_face, Path(folder, "val.parquet"))
        ...     split = read_split(Path(folder, "val.parquet"))
        >>> split.images.shape, split.labels.tolist()
        ((1, 48, 48), [3])
    """
    pa, pq = import_pyarrow("reading split files")
    if not path.is_file():
        raise DatasetError(f"{path} must be a split file, but does not exist; `mememoji data prepare` writes one")
    try:
        with path.open("rb") as file:
            table = pq.read_table(file).combine_chunks()
        missing = {"row", "label", "pixels"} - set(table.column_names)
        if missing:
            raise DatasetError(f"{path} must be a split file, but lacks the columns {', '.join(sorted(missing))}")
        pixels = table["pixels"].combine_chunks()
        if not is_crop_column(pixels.type, CROP_SIZE, pa):
            raise DatasetError(f"{path}: pixels must be binary({CROP_SIZE * CROP_SIZE}), got {pixels.type}")
        images = column_to_crops(pixels, CROP_SIZE)
        votes = None
        if "votes" in table.column_names:
            votes = table["votes"].combine_chunks().flatten().to_numpy().reshape(len(table), len(FERPLUS_VOTES))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DatasetError(f"{path} cannot be read as a split file: {error}") from error
    return Split(table["row"].to_numpy(), images, table["label"].to_numpy(), votes)
