"""FER+'s label file `fer2013new.csv`: the votes of ten annotators for each row of FER2013.

Barsoum, Zhang, Canton Ferrer and Zhang, "Training Deep Networks for Facial Expression Recognition with Crowd-Sourced
Label Distribution", ICMI 2016.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mememoji.datasets.fer2013.records import split_from_usage
from mememoji.emotions import FERPLUS_VOTES
from mememoji.errors import DatasetError
from mememoji.types import Int8Array, UInt8Array

_HEADER = ("Usage", "Image name", *FERPLUS_VOTES)


@dataclass(frozen=True, slots=True)
class Votes:
    """The rows of the label file.

    Attributes:
        name: The name of the file.
        splits: (N,) int8, indices into `SPLITS`.
        votes: (N, 10) uint8, counts in the order of `FERPLUS_VOTES`.
    """

    name: str
    splits: Int8Array
    votes: UInt8Array

    def __len__(self) -> int:
        return len(self.splits)


def read_votes(path: Path) -> Votes:
    """Read FER+'s label file.

    Raises:
        DatasetError: The file is missing, its header differs, or a row is not valid (with its number).
    """
    if not path.is_file():
        raise DatasetError(f"{path} must be FER+'s fer2013new.csv, but does not exist")
    splits: list[int] = []
    votes: list[list[int]] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file)
            header = tuple(name.strip() for name in next(lines, []))
            if tuple(name.lower() for name in header) != tuple(name.lower() for name in _HEADER):
                expected, got = ",".join(_HEADER), ",".join(header)[:100]
                raise DatasetError(f"{path.name}: the header must be `{expected}`, got `{got}`")
            for line in lines:
                if not line:
                    continue
                row = len(votes)
                if len(line) != len(_HEADER):
                    raise DatasetError(f"{path.name}: a row must have {len(_HEADER)} fields, got {len(line)}", row=row)
                splits.append(split_from_usage(line[0], row))
                votes.append([_parse_count(text, path, row) for text in line[2:]])
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise DatasetError(f"{path.name} cannot be read as CSV: {error}", row=len(votes)) from error
    counts = np.array(votes, np.uint8).reshape(len(votes), len(FERPLUS_VOTES))  # (N, 10)
    return Votes(path.name, np.array(splits, np.int8), counts)


def _parse_count(text: str, path: Path, row: int) -> int:
    if not text.strip().isdecimal() or int(text) > 255:
        raise DatasetError(f"{path.name}: the number of votes must be in 0..255, got {text[:20]!r}", row=row)
    return int(text)
