"""FER2013 in whatever form it came: one reader over all of them."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from mememoji.datasets.fer2013.csv_source import is_csv, read_csv
from mememoji.datasets.fer2013.ferplus import Votes, read_votes
from mememoji.datasets.fer2013.folder_source import is_picture_folder, list_pictures, read_folder
from mememoji.datasets.fer2013.parquet_source import read_parquet
from mememoji.datasets.fer2013.records import Record, usage_of
from mememoji.datasets.splits import Split
from mememoji.errors import DatasetError

_FORMS: Final = (
    "expected fer2013.csv (plain or as .gz, .bz2, .xz, .zip, .tar.gz), a Parquet file or a folder of them, or a folder "
    "with train/<emotion>/*.jpg"
)


@dataclass(frozen=True, slots=True)
class Fer2013:
    """All rows of a source, with the split each belongs to.

    Attributes:
        name: the source's file or folder name.
        sha256: of the file; of a folder, of its files' names and hashes.
        images: rows, images, labels and votes, in the source's order.
        splits: (N,) int8, numbers into `SPLITS`.
        votes_name: the FER+ file's name where votes were joined from one.
    """

    name: str
    sha256: str
    pictures: Split
    splits: npt.NDArray[np.int8]
    votes_name: str | None = None

    def __len__(self) -> int:
        return len(self.pictures)


def read_fer2013(source: Path, votes: Path | None = None, *, progress: bool = False) -> Fer2013:
    """Read FER2013, and join FER+ votes where a file of them is given.

    Args:
        source: the official CSV, plain or compressed; a Parquet file or a folder of them; or a folder
            `train/<emotion>/*.jpg`.
        votes: FER+'s `fer2013new.csv`. It joins row by row: it has to have as many rows as the source, with the
            same usages. Votes that the source holds itself give way to these.
        progress: draw a progress bar on standard error, if that is a terminal.

    Raises:
        DatasetError: the source is of no known form, holds no rows, or a row of it or of the votes does not fit.
        MissingExtraError: Parquet is to be read and pyarrow is not installed.
    """
    files, records, ordered = _open(source)
    if votes is not None and not ordered:
        raise DatasetError(
            f"{source}: votes join by the row number in the official file, and these images' names do not hold one; "
            "give the official CSV instead"
        )
    joined = None if votes is None else read_votes(votes)
    bar = tqdm(records, desc="reading", unit=" rows", unit_scale=True, leave=False, disable=None if progress else True)
    pictures, splits = _collect(bar, source)
    if joined is not None:
        pictures = _join(pictures, splits, joined)
    return Fer2013(source.name, _digest(source, files), pictures, splits, None if votes is None else votes.name)


def _open(source: Path) -> tuple[list[Path], Iterator[Record], bool]:
    """The source's files, its records, and whether their order or numbers are those of the official file."""
    if source.is_dir():
        if is_picture_folder(source):
            pictures, numbered = list_pictures(source)
            return [picture.path for picture in pictures], read_folder(pictures), numbered
        shards = sorted(source.rglob("*.parquet"))
        if shards:
            return shards, read_parquet(shards), True
        raise DatasetError(f"{source} is a folder, but holds neither train/<emotion>/ nor Parquet files; {_FORMS}")
    if not source.is_file():
        raise DatasetError(f"there is nothing at {source}; {_FORMS}")
    with source.open("rb") as file:
        start = file.read(8)
    if source.suffix.lower() == ".parquet" or start.startswith(b"PAR1"):
        return [source], read_parquet([source]), True
    if is_csv(source, start):
        return [source], read_csv(source), True
    raise DatasetError(f"{source} is of no known form; {_FORMS}")


def _collect(records: Iterable[Record], source: Path) -> tuple[Split, npt.NDArray[np.int8]]:
    rows, images, labels, splits = [], [], [], []
    votes: list[npt.NDArray[np.uint8]] = []
    seen: set[int] = set()
    for record in records:
        if record.row in seen:
            raise DatasetError("this row number stands twice", row=record.row)
        seen.add(record.row)
        rows.append(record.row)
        images.append(record.image)
        labels.append(record.label)
        splits.append(record.split)
        if record.votes is not None:
            votes.append(record.votes)
    if not rows:
        raise DatasetError(f"{source} holds no rows; {_FORMS}")
    pictures = Split(
        np.array(rows, np.int32),
        np.stack(images),
        np.array(labels, np.int8),
        np.stack(votes) if votes else None,
    )
    return pictures, np.array(splits, np.int8)


def _join(pictures: Split, splits: npt.NDArray[np.int8], joined: Votes) -> Split:
    if len(joined) != len(pictures):
        raise DatasetError(
            f"{joined.name} has {len(joined)} rows and the source {len(pictures)}; they join row by row, so give the "
            "label file that belongs to this source"
        )
    lines = pictures.rows
    if lines.min() != 0 or lines.max() != len(joined) - 1:
        raise DatasetError(
            f"the source's row numbers run from {lines.min()} to {lines.max()} and those of {joined.name} from 0 to "
            f"{len(joined) - 1}; votes join by the row number in the official file, so give that one"
        )
    differing = np.flatnonzero(joined.splits[lines] != splits)
    if len(differing):
        first = int(differing[0])
        ours, theirs = usage_of(int(splits[first])), usage_of(int(joined.splits[lines[first]]))
        raise DatasetError(
            f"the source says {ours} and {joined.name} says {theirs} ({len(differing)} rows differ); give the label "
            "file that belongs to this source",
            row=int(pictures.rows[first]),
        )
    return Split(pictures.rows, pictures.images, pictures.labels, joined.votes[lines])


def _digest(source: Path, files: list[Path]) -> str:
    if source.is_file():
        return _sha256(source)
    listing = "".join(f"{path.relative_to(source).as_posix()}\0{_sha256(path)}\n" for path in sorted(files))
    return hashlib.sha256(listing.encode()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
