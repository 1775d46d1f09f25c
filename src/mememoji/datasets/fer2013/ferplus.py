"""FER+'s label file `fer2013new.csv`: the votes of ten annotators for each row of FER2013.

Barsoum, Zhang, Canton Ferrer and Zhang, "Training Deep Networks for Facial Expression Recognition with Crowd-Sourced
Label Distribution", ICMI 2016.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from mememoji.datasets.csv_table import CsvTable
from mememoji.datasets.fer2013.records import split_from_usage
from mememoji.emotions import FERPLUS_VOTES
from mememoji.errors import DatasetError
from mememoji.file_names import format_name
from mememoji.types import Int8Array, UInt8Array

_COLUMNS: Final = ("Usage", *FERPLUS_VOTES)


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
    """Read FER+'s label file; see `CsvTable` for the forms of CSV that are read.

    Raises:
        DatasetError: The file is missing, its header lacks a column, or a row is not valid (with its number).
    """
    if not path.is_file():
        raise DatasetError(f"{path} must be FER+'s fer2013new.csv, but does not exist")
    splits: list[int] = []
    votes: list[list[int]] = []
    try:
        with path.open("rb") as file:
            table = CsvTable(file, path.name, _COLUMNS)
            for row, (usage, *counts) in table:
                try:
                    splits.append(split_from_usage(usage, row))
                    votes.append([_parse_count(text, row) for text in counts])
                except DatasetError as error:
                    raise table.locate(error) from error
    except OSError as error:
        raise DatasetError(f"{path.name} cannot be read: {error.strerror or error}", row=len(votes)) from error
    array = np.array(votes, np.uint8).reshape(len(votes), len(FERPLUS_VOTES))  # (N, 10)
    return Votes(format_name(path.name), np.array(splits, np.int8), array)


def _parse_count(text: str, row: int) -> int:
    if not text.isdecimal() or int(text) > 255:
        raise DatasetError(f"the number of votes must be in 0..255, got {text[:20]!r}", row=row)
    return int(text)
