"""FER2013 as a folder: `train/<emotion>/*.jpg`, `test/<emotion>/*.jpg`."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from mememoji.datasets.fer2013.records import USAGES, Record, decode_picture, label_of_name, split_of_name
from mememoji.emotions import FER2013_LABELS
from mememoji.errors import DatasetError

_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})
_NAME: Final = re.compile(rf"(?P<usage>{'|'.join(USAGES)})_(?P<row>\d{{1,9}})$")


class Picture(NamedTuple):
    """An image file and what its place and name say: row number, label and split as in `Record`."""

    path: Path
    row: int
    label: int
    split: int


class Listing(NamedTuple):
    """The images of a folder; `numbered` where the row numbers come from the files' names."""

    pictures: tuple[Picture, ...]
    numbered: bool


def is_picture_folder(folder: Path) -> bool:
    """Whether a folder holds `train/<emotion>/`, or another split's folder, with an emotion's folder in it."""
    return any(_emotion_folders(part) for part in _split_folders(folder))


def list_pictures(folder: Path) -> Listing:
    """The images of `<split>/<emotion>/`, in the order of their paths.

    A name that starts with `Training_`, `PublicTest_` or `PrivateTest_` says the split, wherever it lies: the usual
    copy keeps both of the latter in one folder `test`. Where a name says nothing, the folder does: `train`, `val` (or
    `validation`, `PublicTest`), `test` (or `PrivateTest`); images of a folder `test` without such names are the test
    split, and there is no val split then. The number in the name is the row number, if all names hold one and
    none twice; otherwise rows are counted in the order of paths.

    Raises:
        DatasetError: a folder is not called after an emotion, or there are no images.
    """
    found: list[tuple[Path, int, int]] = []
    numbers: list[int] = []
    for part in _split_folders(folder):
        place = split_of_name(part.name)
        assert place is not None
        for emotion in sorted(entry for entry in part.iterdir() if entry.is_dir()):
            label = label_of_name(emotion.name)
            if label is None:
                raise DatasetError(f"{emotion} is not called after an emotion; expected {', '.join(FER2013_LABELS)}")
            for path in sorted(emotion.iterdir()):
                if path.suffix.lower() not in _SUFFIXES:
                    continue
                name = _NAME.match(path.stem)
                if name is not None:
                    numbers.append(int(name["row"]))
                found.append((path, label, place if name is None else USAGES.index(name["usage"])))
    if not found:
        raise DatasetError(f"{folder} holds no images; expected train/<emotion>/*.jpg")
    numbered = len(set(numbers)) == len(found)
    rows = numbers if numbered else list(range(len(found)))
    pictures = (Picture(path, row, label, split) for row, (path, label, split) in zip(rows, found, strict=True))
    return Listing(tuple(pictures), numbered)


def read_folder(pictures: Sequence[Picture]) -> Iterator[Record]:
    """Decode listed images.

    Raises:
        DatasetError: a file cannot be read, is cut off, or is not 48x48.
    """
    for picture in pictures:
        try:
            data = picture.path.read_bytes()
        except OSError as error:
            raise DatasetError(f"{picture.path} cannot be read: {error}", row=picture.row) from error
        image = decode_picture(data, picture.row, str(picture.path))
        yield Record(picture.row, image, picture.label, picture.split)


def _split_folders(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.iterdir() if entry.is_dir() and split_of_name(entry.name) is not None)


def _emotion_folders(folder: Path) -> list[Path]:
    return [entry for entry in folder.iterdir() if entry.is_dir() and label_of_name(entry.name) is not None]
