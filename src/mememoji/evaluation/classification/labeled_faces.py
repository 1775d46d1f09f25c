"""Labeled faces: the largest face of each labeled image, detected and cropped as for users."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from mememoji.analyzer import Analyzer
from mememoji.datasets.face_sets.face_set import FACE_LABELS, UNLABELED
from mememoji.datasets.face_sets.labeled_folder import list_labeled_folder
from mememoji.datasets.face_sets.labeled_image import LabeledImage
from mememoji.datasets.face_sets.labeled_parquet import read_labeled_parquet
from mememoji.emotions import FER2013_LABELS
from mememoji.errors import DatasetError, ImageError
from mememoji.image_io import RGBImage, read_image
from mememoji.progress import track_progress
from mememoji.results import Box, Detection
from mememoji.types import BoolArray, Int64Array, UInt8Array

_CONTEMPT: Final = FACE_LABELS.index("contempt")


@dataclass(frozen=True, slots=True)
class SkippedImages:
    """The images and files that are excluded from the scores.

    Attributes:
        damaged: The names of images that are damaged, too large or of an unknown format.
        unlabeled: The number of images without a label.
        contempt: The number of images labeled contempt, which the classifier has no class for.
        other_files: The number of files in a folder that are not images, by suffix.
    """

    damaged: tuple[str, ...]
    unlabeled: int
    contempt: int
    other_files: dict[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class LabeledFaces:
    """The labeled images of a dataset, each with its largest face or without one.

    Attributes:
        labels: (N,) int64, the labels of all decoded images, indices into `FER2013_LABELS`.
        has_face: (N,) bool, the images in which a face was found; M of them are true.
        crops: For each analyzer the crops of the M faces, (M, S, S) uint8.
        sources: The N names of the images' sources.
        ids: The N names of the images.
        skipped: The excluded images and files.
    """

    labels: Int64Array
    has_face: BoolArray
    crops: tuple[UInt8Array, ...]
    sources: tuple[str, ...]
    ids: tuple[str, ...]
    skipped: SkippedImages

    def __len__(self) -> int:
        return len(self.labels)


def find_labeled_faces(
    path: Path, analyzers: Sequence[Analyzer], *, use_boxes: bool = False, progress: bool = False
) -> LabeledFaces:
    """Find and crop the largest face of each labeled image.

    Args:
        path: Class folders as for `list_labeled_folder`, or a Parquet file as for `read_labeled_parquet`.
        analyzers: The first one's detector finds the faces; each one crops them for its own classifier.
        use_boxes: Whether to use the boxes and landmarks of the Parquet file instead of running the detector.
        progress: Whether to show progress on stderr.

    Raises:
        DatasetError: The file or folder is missing, holds no labeled images, or has no boxes although `use_boxes`.
        MissingExtraError: pyarrow is not installed.
    """
    images, count, other_files = open_labeled_images(path)
    labels: list[int] = []
    faces: list[Detection | None] = []
    names: list[tuple[str, str]] = []
    damaged: list[str] = []
    crops: list[list[UInt8Array]] = [[] for _ in analyzers]
    skipped: Counter[int] = Counter()
    for labeled in track_progress(images, "finding faces", total=count, is_shown=progress):
        if labeled.label in (UNLABELED, _CONTEMPT):
            skipped[labeled.label] += 1
            continue
        try:
            image = read_image(labeled.content, analyzers[0].limits)
        except ImageError:
            damaged.append(f"{labeled.source}/{labeled.id}")
            continue
        face = get_stored_face(labeled, image) if use_boxes else find_largest_face(analyzers[0], image)
        labels.append(labeled.label)
        faces.append(face)
        names.append((labeled.source, labeled.id))
        if face is not None:
            for analyzer, own in zip(analyzers, crops, strict=True):
                own.append(analyzer.crop_faces(image, [face]))
    if not labels:
        raise DatasetError(
            f"{path} must hold images labeled with one of {', '.join(FER2013_LABELS)} that can be decoded, got none"
        )
    if use_boxes and not any(faces):
        raise DatasetError(f"{path} must have a column box, got none; run the detector instead")
    sizes = (analyzer.classifier.card.input_size for analyzer in analyzers)
    empties = (np.zeros((0, size, size), np.uint8) for size in sizes)
    return LabeledFaces(
        np.array(labels, np.int64),
        np.array([face is not None for face in faces], np.bool_),
        tuple(np.concatenate([empty, *own]) for empty, own in zip(empties, crops, strict=True)),
        tuple(source for source, _ in names),
        tuple(name for _, name in names),
        SkippedImages(tuple(damaged), skipped[UNLABELED], skipped[_CONTEMPT], other_files),
    )


def open_labeled_images(path: Path) -> tuple[Iterable[LabeledImage], int | None, dict[str, int]]:
    """List class folders, or open a Parquet file.

    Returns:
        The images, not decoded; their number if it is known; and the number of other files by suffix.

    Raises:
        DatasetError: The file or folder is missing. Iterating over the images may raise it too.
    """
    if path.is_dir():
        listing = list_labeled_folder(path, path.resolve().name)
        return listing.images, len(listing.images), listing.other_files
    if not path.is_file():
        raise DatasetError(f"{path} must be a folder of class folders or a Parquet file, but does not exist")
    return read_labeled_parquet(path, path.stem), None, {}


def find_largest_face(analyzer: Analyzer, image: RGBImage) -> Detection | None:
    """Find the face with the largest box in an image (H, W, 3) uint8; None without a face."""
    return max(analyzer.find_faces(image), key=lambda found: found.box.area, default=None)


def get_stored_face(labeled: LabeledImage, image: RGBImage) -> Detection | None:
    """Return the face stored with an image, clipped to the image; None if there is none inside."""
    if labeled.box is None:
        return None
    x, y, width, height = labeled.box
    box = Box.from_xyxy((x, y, x + width, y + height), (image.shape[1], image.shape[0]))
    return None if box is None else Detection(box, landmarks=labeled.landmarks)
