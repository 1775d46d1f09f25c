"""A source of faces: class folders, Parquet of images, a face set or a split file, read to a face set."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from mememoji.datasets.face_sets.face_cutter import FaceCutter, LeftOut
from mememoji.datasets.face_sets.face_set import CONTEXT_SIZE, UNLABELED, FaceSet, is_face_set, read_face_set
from mememoji.datasets.face_sets.labeled_folder import list_labeled_folder
from mememoji.datasets.face_sets.labeled_image import LabeledImage
from mememoji.datasets.face_sets.labeled_parquet import read_labeled_parquet
from mememoji.datasets.splits import SIDE, read_split
from mememoji.errors import DatasetError, MissingExtraError

DEFAULT_TRUST: Final = 0.8
"""The trust in labels of which a source states none."""

_WITH_TRUST: Final = re.compile(r"(?P<path>.+):(?P<trust>\d*\.?\d+)")


@dataclass(frozen=True, slots=True)
class FaceSource:
    """Where faces come from.

    Attributes:
        path: a folder or a Parquet file.
        trust: the trust in its labels, 0..1; None where the source or the caller states it.

    Raises:
        DatasetError: there is nothing at the path, or the trust is out of range.
    """

    path: Path
    trust: float | None = None

    def __post_init__(self) -> None:
        if not self.path.exists():
            raise DatasetError(f"{self.path} must be a folder or a Parquet file, but there is nothing of this name")
        if self.trust is not None and not 0.0 <= self.trust <= 1.0:
            raise DatasetError(f"trust must be in 0..1, got {self.trust}")

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Make a source from "PATH" or "PATH:TRUST"."""
        parts = _WITH_TRUST.fullmatch(text)
        if parts is None or Path(text).exists():
            return cls(Path(text))
        return cls(Path(parts["path"]), float(parts["trust"]))

    @property
    def name(self) -> str:
        """What its faces have as their source, where it states no other."""
        return self.path.resolve().name if self.path.is_dir() else self.path.stem

    @property
    def title(self) -> str:
        """Its path's last two parts: many folders hold a `val.parquet`."""
        return "/".join(part for part in self.path.resolve().parts[-2:] if part != self.path.anchor)


@dataclass(frozen=True, slots=True)
class ReadFaces:
    """What a source gave.

    Attributes:
        faces: its faces.
        images: the number of images read.
        left_out: for each reason the names of the images that gave no face.
        other_files: the number of files that are not images, by suffix.
    """

    faces: FaceSet
    images: int
    left_out: dict[LeftOut, list[str]] = field(default_factory=dict)
    other_files: dict[str, int] = field(default_factory=dict)


def read_faces(
    source: FaceSource, cutter: FaceCutter, *, trust: float = DEFAULT_TRUST, progress: bool = False
) -> ReadFaces:
    """Read a source to a face set.

    Face sets are taken as they are. So are the 48x48 crops of split files, with repeated edges in place of
    context, as there is none.

    Args:
        source: class folders as `list_labeled_folder` takes them, Parquet as `read_labeled_parquet` takes it, or
            what `write_face_set` or `write_split` wrote.
        cutter: cuts faces out of images.
        trust: the trust in labels for which neither `source` nor its file states it.
        progress: draw a progress bar on standard error, if that is a terminal.

    Raises:
        DatasetError: the source does not fit, or states a trust for itself and is given another.
        MissingExtraError: the extra "train" is not installed.
    """
    default = trust if source.trust is None else source.trust
    if source.path.is_dir():
        listing = list_labeled_folder(source.path, source.name)
        return _cut(listing.images, len(listing.images), cutter, default, progress, listing.other_files)
    columns, rows = _describe(source.path)
    if source.trust is not None and "trust" in columns:
        raise DatasetError(f"{source.path} states the trust of its labels itself; leave out :{source.trust:g}")
    if is_face_set(source.path):
        return ReadFaces(read_face_set(source.path), rows)
    if "pixels" in columns:
        return ReadFaces(_from_split(source, default), rows)
    return _cut(read_labeled_parquet(source.path, source.name), rows, cutter, default, progress, {})


def _cut(
    images: Any, count: int, cutter: FaceCutter, trust: float, progress: bool, other_files: dict[str, int]
) -> ReadFaces:
    kept: list[LabeledImage] = []
    faces: list[npt.NDArray[np.uint8]] = []
    left_out: dict[LeftOut, list[str]] = {}
    bar = tqdm(images, desc="finding faces", total=count, leave=False, disable=None if progress else True)
    for labeled in bar:
        face = cutter.cut(labeled)
        if isinstance(face, LeftOut):
            left_out.setdefault(face, []).append(f"{labeled.source}/{labeled.id}")
            continue
        faces.append(face)
        # Without the content: the bytes of all images together may be more than memory holds.
        kept.append(LabeledImage(labeled.source, labeled.id, b"", labeled.label, labeled.trust))
    return ReadFaces(_face_set(kept, faces, trust), count, left_out, other_files)


def _face_set(images: list[LabeledImage], faces: list[npt.NDArray[np.uint8]], trust: float) -> FaceSet:
    labels = np.array([image.label for image in images], np.int8)
    trusts = np.array([trust if image.trust is None else image.trust for image in images], np.float32)
    return FaceSet(
        np.array(faces, np.uint8).reshape(len(images), CONTEXT_SIZE, CONTEXT_SIZE),  # (N, 64, 64)
        labels,
        np.where(labels == UNLABELED, np.float32(0), trusts),
        tuple(image.source for image in images),
        tuple(image.id for image in images),
    )


def _from_split(source: FaceSource, trust: float) -> FaceSet:
    split = read_split(source.path)
    border = (CONTEXT_SIZE - SIDE) // 2
    images = np.pad(split.images, ((0, 0), (border, border), (border, border)), "edge")
    trusts = np.full(len(split), trust, np.float32)
    return FaceSet(images, split.labels, trusts, (source.name,) * len(split), tuple(map(str, split.rows.tolist())))


def _describe(path: Path) -> tuple[frozenset[str], int]:
    """A Parquet file's columns and number of rows."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError("train", "reading Parquet files") from error
    try:
        with pq.ParquetFile(path) as file:
            return frozenset(file.schema_arrow.names), file.metadata.num_rows
    except (pa.ArrowException, OSError) as error:
        raise DatasetError(f"{path} must be a folder or a Parquet file, and cannot be read as one: {error}") from error


def with_unique_ids(faces: FaceSet) -> FaceSet:
    """Append "#2" and so on to ids that occur before within their source."""
    seen: set[tuple[str, str]] = set()
    ids = list(_unique(faces, seen))
    return FaceSet(faces.images, faces.labels, faces.trust, faces.sources, tuple(ids))


def _unique(faces: FaceSet, seen: set[tuple[str, str]]) -> Iterator[str]:
    for source, name in zip(faces.sources, faces.ids, strict=True):
        unique, number = name, 1
        while (source, unique) in seen:
            number += 1
            unique = f"{name}#{number}"
        seen.add((source, unique))
        yield unique
