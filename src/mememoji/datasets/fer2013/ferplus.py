"""FER+'s label file `fer2013new.csv`: ten people's votes for each row of FER2013.

Barsoum, Zhang, Canton Ferrer and Zhang, "Training Deep Networks for Facial Expression Recognition with Crowd-Sourced
Label Distribution", ICMI 2016.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mememoji.datasets.fer2013.records import split_of_usage
from mememoji.emotions import FERPLUS_VOTES
from mememoji.errors import DatasetError

_HEADER = ("Usage", "Image name", *FERPLUS_VOTES)


@dataclass(frozen=True, slots=True)
class Votes:
    """The label file's rows.

    Attributes:
        name: the file's name.
        splits: (N,) int8, numbers into `SPLITS`.
        votes: (N, 10) uint8, counts in the order of `FERPLUS_VOTES`.
    """

    name: str
    splits: npt.NDArray[np.int8]
    votes: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.splits)


def read_votes(path: Path) -> Votes:
    """Read FER+'s label file.

    Raises:
        DatasetError: there is no such file, its header is another one, or a row does not fit (with its number).
    """
    if not path.is_file():
        raise DatasetError(f"there is no file of FER+ votes at {path}; expected fer2013new.csv")
    splits: list[int] = []
    votes: list[list[int]] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file)
            header = tuple(name.strip() for name in next(lines, []))
            if tuple(name.lower() for name in header) != tuple(name.lower() for name in _HEADER):
                expected, got = ",".join(_HEADER), ",".join(header)[:100]
                raise DatasetError(f"{path.name}: expected the header `{expected}`, got `{got}`")
            for line in lines:
                if not line:
                    continue
                row = len(votes)
                if len(line) != len(_HEADER):
                    raise DatasetError(f"{path.name}: expected {len(_HEADER)} fields, got {len(line)}", row=row)
                splits.append(split_of_usage(line[0], row))
                votes.append([_count(text, path, row) for text in line[2:]])
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise DatasetError(f"{path.name} cannot be read as CSV: {error}", row=len(votes)) from error
    counts = np.array(votes, np.uint8).reshape(len(votes), len(FERPLUS_VOTES))  # (N, 10)
    return Votes(path.name, np.array(splits, np.int8), counts)


def _count(text: str, path: Path, row: int) -> int:
    if not text.strip().isdecimal() or int(text) > 255:
        raise DatasetError(f"{path.name}: expected a count of votes, got {text[:20]!r}", row=row)
    return int(text)
