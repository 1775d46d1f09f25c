"""The FER2013 reader: one function for all formats that FER2013 is distributed in."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from mememoji.datasets.fer2013.csv_reader import is_csv, read_csv
from mememoji.datasets.fer2013.ferplus import Votes, read_votes
from mememoji.datasets.fer2013.folder_reader import is_image_folder, list_images, read_folder
from mememoji.datasets.fer2013.parquet_reader import read_parquet
from mememoji.datasets.fer2013.records import Record, describe_usage
from mememoji.datasets.splits import Split
from mememoji.errors import DatasetError
from mememoji.file_names import format_name
from mememoji.hidden_files import is_hidden_name
from mememoji.model_files import compute_sha256
from mememoji.progress import track_progress
from mememoji.types import Int8Array, UInt8Array

_EXPECTED: Final = (
    "expected fer2013.csv (plain or as .gz, .bz2, .xz, .zip, .tar.gz), a Parquet file or a folder of them, or a folder "
    "with train/<emotion>/*.jpg"
)


@dataclass(frozen=True, slots=True)
class Fer2013:
    """All rows of a source, with the split that each belongs to.

    Attributes:
        name: The file or folder name of the source.
        sha256: The hash of the file, or of the names and hashes of a folder's files.
        samples: Rows, images, labels and votes, in the order of the source.
        splits: (N,) int8, indices into `SPLITS`.
        votes_name: The name of the FER+ file that the votes were read from; None without such a file.
    """

    name: str
    sha256: str
    samples: Split
    splits: Int8Array
    votes_name: str | None = None

    def __len__(self) -> int:
        return len(self.samples)


def read_fer2013(source: Path, votes: Path | None = None, *, progress: bool = False) -> Fer2013:
    """Read FER2013, and join FER+'s votes if a file of them is given.

    Args:
        source: The official CSV, plain or compressed; a Parquet file or a folder of them; or a folder
            `train/<emotion>/*.jpg`.
        votes: FER+'s `fer2013new.csv`. It is joined by row number, so it must have as many rows as the source, with the
            same usages. These votes replace any in the source.
        progress: Whether to show progress on stderr.

    Raises:
        DatasetError: The format of the source is unknown, the source has no rows, or a row of it or of the votes is
            not valid.
        MissingExtraError: The source is Parquet and pyarrow is not installed.
    """
    files, records, has_row_numbers = _open(source)
    if votes is not None and not has_row_numbers:
        raise DatasetError(
            f"{source}: votes are joined by the row number in the official file, but the names of these images do not "
            "contain one; use the official CSV instead"
        )
    ferplus = None if votes is None else read_votes(votes)
    bar = track_progress(records, "reading", "rows", is_shown=progress)
    samples, splits = _collect(bar, source)
    if ferplus is not None:
        samples = _join_votes(samples, splits, ferplus)
    return Fer2013(
        format_name(source.name), _hash_source(source, files), samples, splits, None if votes is None else votes.name
    )


def _open(source: Path) -> tuple[list[Path], Iterator[Record], bool]:
    """Return the source's files, its records, and whether these have the row numbers of the official file."""
    if source.is_dir():
        if is_image_folder(source):
            images, is_numbered = list_images(source)
            return [image.path for image in images], read_folder(images), is_numbered
        shards = sorted(path for path in source.rglob("*.parquet") if not _is_hidden(path.relative_to(source)))
        if shards:
            return shards, read_parquet(shards), True
        raise DatasetError(f"{source} is a folder without train/<emotion>/ or Parquet files; {_EXPECTED}")
    if not source.is_file():
        raise DatasetError(f"{source} does not exist; {_EXPECTED}")
    with source.open("rb") as file:
        start = file.read(8)
    if source.suffix.lower() == ".parquet" or start.startswith(b"PAR1"):
        return [source], read_parquet([source]), True
    if is_csv(source, start):
        return [source], read_csv(source), True
    raise DatasetError(f"{source} has an unknown format; {_EXPECTED}")


def _is_hidden(path: Path) -> bool:
    return any(map(is_hidden_name, path.parts))


def _collect(records: Iterable[Record], source: Path) -> tuple[Split, Int8Array]:
    rows, images, labels, splits = [], [], [], []
    votes: list[UInt8Array] = []
    seen: set[int] = set()
    for record in records:
        if record.row in seen:
            raise DatasetError("row numbers must be unique, got this one twice", row=record.row)
        seen.add(record.row)
        rows.append(record.row)
        images.append(record.image)
        labels.append(record.label)
        splits.append(record.split)
        if record.votes is not None:
            votes.append(record.votes)
    if not rows:
        raise DatasetError(f"{source} has no rows; {_EXPECTED}")
    samples = Split(
        np.array(rows, np.int32),
        np.stack(images),
        np.array(labels, np.int8),
        np.stack(votes) if votes else None,
    )
    return samples, np.array(splits, np.int8)


def _join_votes(samples: Split, splits: Int8Array, ferplus: Votes) -> Split:
    if len(ferplus) != len(samples):
        raise DatasetError(
            f"{ferplus.name} has {len(ferplus)} rows and the source {len(samples)}, but they are joined row by row; "
            "use the label file that belongs to this source"
        )
    rows = samples.rows
    if rows.min() != 0 or rows.max() != len(ferplus) - 1:
        raise DatasetError(
            f"the row numbers of the source are {rows.min()} to {rows.max()} and those of {ferplus.name} 0 to "
            f"{len(ferplus) - 1}; votes are joined by the row number in the official file, so use that file"
        )
    differing = np.flatnonzero(ferplus.splits[rows] != splits)
    if len(differing):
        first = int(differing[0])
        own, other = describe_usage(int(splits[first])), describe_usage(int(ferplus.splits[rows[first]]))
        raise DatasetError(
            f"the source has the usage {own} and {ferplus.name} has {other} ({len(differing)} rows differ); use the "
            "label file that belongs to this source",
            row=int(rows[first]),
        )
    return Split(rows, samples.images, samples.labels, ferplus.votes[rows])


def _hash_source(source: Path, files: list[Path]) -> str:
    if source.is_file():
        return compute_sha256(source)
    listing = "".join(f"{path.relative_to(source).as_posix()}\0{compute_sha256(path)}\n" for path in sorted(files))
    return hashlib.sha256(listing.encode("utf-8", "surrogateescape")).hexdigest()
