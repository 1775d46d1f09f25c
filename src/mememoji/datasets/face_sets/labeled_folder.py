"""Images in class folders: DIR/<class>/..., at any depth."""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

from mememoji.datasets.face_sets.face_set import FACE_LABELS, UNLABELED
from mememoji.datasets.face_sets.labeled_image import LabeledImage
from mememoji.datasets.fer2013.records import face_label_from_name
from mememoji.errors import DatasetError
from mememoji.file_names import format_name
from mememoji.hidden_files import walk_visible_files
from mememoji.image_formats import SUFFIXES


class FolderListing(NamedTuple):
    """The images of a folder, and the number of other files in it by suffix (".heic", ".txt")."""

    images: tuple[LabeledImage, ...]
    other_files: dict[str, int]


def list_labeled_folder(folder: Path, source: str) -> FolderListing:
    """List the images of class folders, in the order of their paths.

    The label of an image is that of the innermost folder around it that is named after a class, including `folder`
    itself; "unlabeled", "unknown" and "none" are such names too. An image directly in `folder` is unlabeled, unless
    `folder` is named after a class. Hidden and system files are skipped, links to folders are followed.

    Args:
        folder: The folder.
        source: The `source` of the images; their `id` is the path inside `folder`, separated by "/".

    Raises:
        DatasetError: There are no images, a folder cannot be read, or only some of the folders with images are named
            after classes.
    """
    own = face_label_from_name(folder.resolve().name)
    images: list[LabeledImage] = []
    unknown: list[str] = []
    other_files: Counter[str] = Counter()
    for path in map(Path, walk_visible_files(folder, _raise_unreadable)):
        suffix = path.suffix.lower()
        if suffix not in SUFFIXES:
            other_files[suffix or "no suffix"] += 1
            continue
        inside = path.relative_to(folder)
        named = [label for part in inside.parts[:-1] if (label := face_label_from_name(part)) is not None]
        if not named and own is None and len(inside.parts) > 1:
            unknown.append(inside.parts[0])
        label = named[-1] if named else UNLABELED if own is None else own
        images.append(LabeledImage(source, format_name(inside.as_posix()), path, label))
    if not images:
        raise DatasetError(
            f"{folder} must hold images, got none; expected {folder.name}/<class>/*.jpg, a class being one of "
            f"{', '.join(FACE_LABELS)}"
        )
    # Without class folders all images are unlabeled on purpose; beside class folders another name is a misspelling.
    if unknown and any(image.label != UNLABELED for image in images):
        raise DatasetError(
            f"{folder / unknown[0]} must be named after a class, one of {', '.join(FACE_LABELS)}, or `unlabeled`; "
            "rename it"
        )
    return FolderListing(tuple(images), dict(sorted(other_files.items())))


def _raise_unreadable(error: OSError) -> None:
    # A dataset without one of its folders would be another dataset.
    raise DatasetError(f"the folder {error.filename} cannot be read: {error.strerror}") from error
