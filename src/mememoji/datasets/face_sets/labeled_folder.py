"""Images in class folders: DIR/<class>/..., at any depth."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from mememoji.datasets.face_sets.face_set import FACE_LABELS, UNLABELED
from mememoji.datasets.face_sets.labeled_image import LabeledImage
from mememoji.datasets.fer2013.records import face_label_of_name
from mememoji.errors import DatasetError
from mememoji.image_io import SUFFIXES

# What systems and programs leave behind; names that begin with a dot are passed over too.
_SYSTEM_FOLDERS: Final = frozenset({"__macosx", "@eadir", "#recycle", "$recycle.bin", "system volume information"})
_SYSTEM_FILES: Final = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini"})


class FolderListing(NamedTuple):
    """The images of a folder, and how many other files it holds by suffix (".heic", ".txt")."""

    images: tuple[LabeledImage, ...]
    other_files: dict[str, int]


def list_labeled_folder(folder: Path, source: str) -> FolderListing:
    """List the images of class folders, in the order of their paths.

    An image has the label of the innermost folder around it that is named by a class, `folder` itself included;
    "unlabeled", "unknown" and "none" are such names too. An image directly in `folder` is unlabeled, unless `folder` is
    named by a class. Hidden files and what systems leave behind are passed over, links to folders are followed.

    Args:
        folder: the folder.
        source: the images' `source`; their `id` is the path inside `folder`, with "/" between its parts.

    Raises:
        DatasetError: there are no images, or some folders are named by classes and others with images are not.
    """
    own = face_label_of_name(folder.resolve().name)
    images: list[LabeledImage] = []
    strange: list[str] = []
    other_files: Counter[str] = Counter()
    for path in _files(folder):
        suffix = path.suffix.lower()
        if suffix not in SUFFIXES:
            other_files[suffix or "no suffix"] += 1
            continue
        inside = path.relative_to(folder)
        named = [label for part in inside.parts[:-1] if (label := face_label_of_name(part)) is not None]
        if not named and own is None and len(inside.parts) > 1:
            strange.append(inside.parts[0])
        label = named[-1] if named else UNLABELED if own is None else own
        images.append(LabeledImage(source, inside.as_posix(), path, label))
    if not images:
        raise DatasetError(
            f"{folder} must hold images, got none; expected {folder.name}/<class>/*.jpg, a class being one of "
            f"{', '.join(FACE_LABELS)}"
        )
    # Without any class folder all is unlabeled on purpose; beside class folders another name is a misspelling.
    if strange and any(image.label != UNLABELED for image in images):
        raise DatasetError(
            f"{folder / strange[0]} must be named by a class, one of {', '.join(FACE_LABELS)}, or `unlabeled`; "
            "rename it"
        )
    return FolderListing(tuple(images), dict(sorted(other_files.items())))


def _files(folder: Path) -> Iterator[Path]:
    visited: set[str] = set()
    for parent, folders, files in os.walk(folder, followlinks=True):
        place = os.path.realpath(parent)
        if place in visited:
            folders.clear()
            continue
        visited.add(place)
        folders[:] = sorted(name for name in folders if not _is_passed_over(name, _SYSTEM_FOLDERS))
        for name in sorted(files):
            if not _is_passed_over(name, _SYSTEM_FILES):
                yield Path(parent, name)


def _is_passed_over(name: str, system_names: frozenset[str]) -> bool:
    return name.startswith(".") or name.lower() in system_names
