"""Sources of faces: class folders, Parquet files of images, face sets and split files, read as face sets."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from mememoji.classification.preprocess import CROP_SIZE
from mememoji.datasets.face_sets.face_cutter import FaceCutter, SkipReason
from mememoji.datasets.face_sets.face_set import CONTEXT_SIZE, UNLABELED, FaceSet, is_face_set, read_face_set
from mememoji.datasets.face_sets.labeled_folder import list_labeled_folder
from mememoji.datasets.face_sets.labeled_image import LabeledImage
from mememoji.datasets.face_sets.labeled_parquet import read_labeled_parquet
from mememoji.datasets.parquet_columns import import_pyarrow
from mememoji.datasets.splits import read_split
from mememoji.errors import DatasetError
from mememoji.file_names import format_name
from mememoji.progress import track_progress
from mememoji.types import UInt8Array

DEFAULT_TRUST: Final = 0.8
"""The trust in the labels of a source that does not state it: their reliability, which is their weight in training."""

_WITH_TRUST: Final = re.compile(r"(?P<path>.+):(?P<trust>\d*\.?\d+)")


@dataclass(frozen=True, slots=True)
class FaceSource:
    """A source of faces.

    Attributes:
        path: A folder or a Parquet file.
        trust: The trust in its labels, 0..1; None if the file or the caller states it.

    Raises:
        DatasetError: The path does not exist, or the trust is out of range.
    """

    path: Path
    trust: float | None = None

    def __post_init__(self) -> None:
        if not self.path.exists():
            raise DatasetError(f"{self.path} must be a folder or a Parquet file, but does not exist")
        if self.trust is not None and not 0.0 <= self.trust <= 1.0:
            raise DatasetError(f"trust must be in 0..1, got {self.trust}")

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Parse a source from "PATH" or "PATH:TRUST".

        Example:
            >>> FaceSource.from_text(".:0.6").trust
            0.6
        """
        match = _WITH_TRUST.fullmatch(text)
        if match is None or Path(text).exists():
            return cls(Path(text))
        return cls(Path(match["path"]), float(match["trust"]))

    @property
    def name(self) -> str:
        """The source name of its faces, unless the file states another."""
        return format_name(self.path.resolve().name if self.path.is_dir() else self.path.stem)

    @property
    def title(self) -> str:
        """The last two components of its path, since many folders hold a `val.parquet`."""
        return format_name("/".join(part for part in self.path.resolve().parts[-2:] if part != self.path.anchor))


@dataclass(frozen=True, slots=True)
class SourceFaces:
    """The faces read from a source.

    Attributes:
        faces: The faces.
        images: The number of images read.
        skipped: By reason, the names of the images without a usable face.
        other_files: The number of files that are not images, by suffix.
    """

    faces: FaceSet
    images: int
    skipped: dict[SkipReason, list[str]] = field(default_factory=dict)
    other_files: dict[str, int] = field(default_factory=dict)


def read_faces(
    source: FaceSource, cutter: FaceCutter, *, trust: float = DEFAULT_TRUST, progress: bool = False
) -> SourceFaces:
    """Read a source as a face set.

    Face sets are read unchanged. So are the 48x48 crops of split files, which are padded with their edge pixels, since
    they have no context.

    Args:
        source: Class folders as for `list_labeled_folder`, Parquet as for `read_labeled_parquet`, or a file that
            `write_face_set` or `write_split` wrote.
        cutter: The cutter that crops the faces of images.
        trust: The trust in labels for which neither `source` nor its file states it.
        progress: Whether to show progress on stderr.

    Raises:
        DatasetError: The source is not valid, or both `source` and its file state a trust.
        MissingExtraError: The extra "train" is not installed.
    """
    default = trust if source.trust is None else source.trust
    if source.path.is_dir():
        listing = list_labeled_folder(source.path, source.name)
        return _cut_faces(listing.images, len(listing.images), cutter, default, progress, listing.other_files)
    columns, num_rows = _read_columns(source.path)
    if source.trust is not None and "trust" in columns:
        raise DatasetError(f"{source.path} has a column trust, so no other trust can be given; omit :{source.trust:g}")
    if is_face_set(source.path):
        return SourceFaces(read_face_set(source.path), num_rows)
    if "pixels" in columns:
        return SourceFaces(_read_split_faces(source, default), num_rows)
    images = read_labeled_parquet(source.path, source.name)
    return _cut_faces(images, num_rows, cutter, default, progress, {})


def _cut_faces(
    images: Any, count: int, cutter: FaceCutter, trust: float, progress: bool, other_files: dict[str, int]
) -> SourceFaces:
    kept: list[LabeledImage] = []
    faces: list[UInt8Array] = []
    skipped: dict[SkipReason, list[str]] = {}
    bar = track_progress(images, "finding faces", total=count, is_shown=progress)
    for labeled in bar:
        face = cutter.cut(labeled)
        if isinstance(face, SkipReason):
            skipped.setdefault(face, []).append(f"{labeled.source}/{labeled.id}")
            continue
        faces.append(face)
        # Drop the content: the bytes of all images may exceed the memory.
        kept.append(LabeledImage(labeled.source, labeled.id, b"", labeled.label, labeled.trust))
    return SourceFaces(_make_face_set(kept, faces, trust), count, skipped, other_files)


def _make_face_set(images: list[LabeledImage], faces: list[UInt8Array], trust: float) -> FaceSet:
    labels = np.array([image.label for image in images], np.int8)
    trusts = np.array([trust if image.trust is None else image.trust for image in images], np.float32)
    return FaceSet(
        np.array(faces, np.uint8).reshape(len(images), CONTEXT_SIZE, CONTEXT_SIZE),  # (N, 64, 64)
        labels,
        np.where(labels == UNLABELED, np.float32(0), trusts),
        tuple(image.source for image in images),
        tuple(image.id for image in images),
    )


def _read_split_faces(source: FaceSource, trust: float) -> FaceSet:
    split = read_split(source.path)
    border = (CONTEXT_SIZE - CROP_SIZE) // 2
    images = np.pad(split.images, ((0, 0), (border, border), (border, border)), "edge")
    trusts = np.full(len(split), trust, np.float32)
    return FaceSet(images, split.labels, trusts, (source.name,) * len(split), tuple(map(str, split.rows.tolist())))


def _read_columns(path: Path) -> tuple[frozenset[str], int]:
    """Return the columns and the number of rows of a Parquet file."""
    pa, pq = import_pyarrow("reading Parquet files")
    try:
        # Opened here, because pyarrow takes some names for URLs and not all bytes for names.
        with path.open("rb") as opened, pq.ParquetFile(opened) as file:
            return frozenset(file.schema_arrow.names), file.metadata.num_rows
    except (pa.ArrowException, OSError) as error:
        raise DatasetError(f"{path} must be a folder or a Parquet file, but cannot be read as one: {error}") from error


def make_ids_unique(faces: FaceSet) -> FaceSet:
    """Append "#2" and so on to repeated ids of the same source."""
    return FaceSet(faces.images, faces.labels, faces.trust, faces.sources, tuple(_make_unique(faces)))


def _make_unique(faces: FaceSet) -> Iterator[str]:
    seen: set[tuple[str, str]] = set()
    for source, name in zip(faces.sources, faces.ids, strict=True):
        unique, number = name, 1
        while (source, unique) in seen:
            number += 1
            unique = f"{name}#{number}"
        seen.add((source, unique))
        yield unique
