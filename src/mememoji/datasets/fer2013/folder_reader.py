"""FER2013 as a folder of images: `train/<emotion>/*.jpg`, `test/<emotion>/*.jpg`."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from mememoji.datasets.fer2013.records import USAGES, Record, decode_crop, label_from_name, split_from_name
from mememoji.emotions import FER2013_LABELS
from mememoji.errors import DatasetError
from mememoji.hidden_files import is_hidden_name
from mememoji.image_formats import SUFFIXES, find_unreadable_format

_SUFFIXES: Final = frozenset(
    {".avif", ".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)
_NAME: Final = re.compile(rf"(?P<usage>{'|'.join(USAGES)})_(?P<row>\d{{1,9}})$")


class ImageFile(NamedTuple):
    """An image file with the row number, label and split from its path and name, as in `Record`."""

    path: Path
    row: int
    label: int
    split: int


class ImageListing(NamedTuple):
    """The image files of a folder; `is_numbered` if their row numbers are from the file names."""

    files: tuple[ImageFile, ...]
    is_numbered: bool


def is_image_folder(folder: Path) -> bool:
    """Return whether a folder holds `train/<emotion>/`, or an emotion's folder inside the folder of another split."""
    return any(_find_emotion_folders(split_folder) for split_folder in _find_split_folders(folder))


def list_images(folder: Path) -> ImageListing:
    """List the images of `<split>/<emotion>/`, in the order of their paths.

    A file name that starts with `Training_`, `PublicTest_` or `PrivateTest_` determines the split in any folder: the
    most common copy keeps the last two in one folder `test`. For other names the folder determines it: `train`, `val`
    (or `validation`, `PublicTest`), `test` (or `PrivateTest`); if the images in `test` have no such names, all of them
    are the test split, without a val split. The number in the name is the row number if all names have one and all
    numbers differ; otherwise rows are numbered in the order of paths. Hidden and system entries are skipped.

    Raises:
        DatasetError: A folder is not named after an emotion, cannot be read, contains a folder or an image in a format
            that is not read, or there are no images.
    """
    found: list[tuple[Path, int, int]] = []
    numbers: list[int] = []
    for split_folder in _find_split_folders(folder):
        split = split_from_name(split_folder.name)
        assert split is not None
        for emotion_folder in filter(Path.is_dir, _list_visible(split_folder)):
            label = label_from_name(emotion_folder.name)
            if label is None:
                raise DatasetError(f"{emotion_folder} must be named after one of {', '.join(FER2013_LABELS)}")
            for path in _list_visible(emotion_folder):
                if path.suffix.lower() not in _SUFFIXES:
                    _check_may_be_skipped(path)
                    continue
                name = _NAME.match(path.stem)
                if name is not None:
                    numbers.append(int(name["row"]))
                found.append((path, label, split if name is None else USAGES.index(name["usage"])))
    if not found:
        raise DatasetError(f"{folder} must hold images, got none; expected train/<emotion>/*.jpg")
    is_numbered = len(set(numbers)) == len(found)
    rows = numbers if is_numbered else list(range(len(found)))
    files = (ImageFile(path, row, label, split) for row, (path, label, split) in zip(rows, found, strict=True))
    return ImageListing(tuple(files), is_numbered)


def read_folder(files: Sequence[ImageFile]) -> Iterator[Record]:
    """Decode listed images.

    Raises:
        DatasetError: A file cannot be read, is truncated, or is not 48x48.
    """
    for file in files:
        try:
            data = file.path.read_bytes()
        except OSError as error:
            raise DatasetError(f"{file.path} cannot be read: {error.strerror}", row=file.row) from error
        image = decode_crop(data, file.row, str(file.path))
        yield Record(file.row, image, file.label, file.split)


def _check_may_be_skipped(path: Path) -> None:
    """Raise DatasetError if a dataset without this entry of an emotion's folder would lack images."""
    if path.is_dir():
        raise DatasetError(f"{path} must be an image, got a folder; move its images to {path.parent}")
    suffix = path.suffix.lower()
    if suffix in SUFFIXES or find_unreadable_format(suffix) is not None:
        raise DatasetError(f"{path} must end in {', '.join(sorted(_SUFFIXES))}; convert it, or move it away")


def _find_split_folders(folder: Path) -> list[Path]:
    return [entry for entry in _list_visible(folder) if entry.is_dir() and split_from_name(entry.name) is not None]


def _find_emotion_folders(folder: Path) -> list[Path]:
    return [entry for entry in _list_visible(folder) if entry.is_dir() and label_from_name(entry.name) is not None]


def _list_visible(folder: Path) -> list[Path]:
    """Return the entries of a folder in the order of their names, without hidden and system entries."""
    try:
        return sorted(entry for entry in folder.iterdir() if not is_hidden_name(entry.name))
    except OSError as error:
        raise DatasetError(f"the folder {folder} cannot be read: {error.strerror}") from error
