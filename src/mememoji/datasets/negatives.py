"""Crops of images, for a network to learn what is no face: faces, background, and detectors' false alarms."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from mememoji.classification.preprocess import crop_faces
from mememoji.datasets.detection_images import Photograph
from mememoji.datasets.splits import Split, read_split, write_split
from mememoji.detection.compact import MARGIN, CompactDetector
from mememoji.detection.face_detector import FaceDetector
from mememoji.detection.haar import HaarDetector
from mememoji.emotions import FER2013_LABELS, FERPLUS_VOTES
from mememoji.errors import DatasetError
from mememoji.image_io import read_image
from mememoji.results import Box

BACKGROUNDS: Final = 6
"""Random crops of an image without a face."""

LEAST_SIDE: Final = 32
"""Pixels of the smallest face, and of the smallest crop of background."""

_ALARMS: Final = 2
_TOUCHED: Final = 0.02
_ANNOTATORS: Final = 10
_NO_FACE: Final = FERPLUS_VOTES.index("NF")


@dataclass(frozen=True, slots=True, eq=False)
class Crops:
    """Crops of which it is known whether they show a face.

    Attributes:
        images: (N, 48, 48) uint8, gray.
        are_faces: (N,) bool.

    Raises:
        DatasetError: the arrays do not fit each other, or all are faces or none is.
    """

    images: npt.NDArray[np.uint8]
    are_faces: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        if self.are_faces.shape != self.images.shape[:1]:
            raise DatasetError(f"one answer for each crop, got {self.images.shape} and {self.are_faces.shape}")
        if not 0 < self.are_faces.sum() < len(self.images):
            raise DatasetError(f"crops of both kinds are needed, got {self.are_faces.sum()} faces of {len(self)}")

    def __len__(self) -> int:
        return len(self.images)


def eager_detectors() -> list[FaceDetector]:
    """Detectors that see a face as soon as there is any sign of one: where they are wrong, it looks like one."""
    # No weight asked for, one window is enough.
    return [HaarDetector(neighbors=1, min_weight=-10.0), CompactDetector(score_threshold=0.25)]


def cut(
    photographs: Sequence[Photograph], detectors: Sequence[FaceDetector], rng: np.random.Generator
) -> Iterator[tuple[str, npt.NDArray[np.uint8]]]:
    """Cut faces and what is none out of images with labeled faces.

    Faces are those of 32 pixels and more. Background at random places and sizes comes from images without a face
    and any doubt; false alarms, the surest two of each detector, come from all of them, where they touch neither a face
    nor a doubtful region.

    Args:
        images: in any number.
        detectors: whose alarms to take.
        rng: where chance comes from.

    Yields:
        For each image "faces", "background" and each detector's name, with (N, 48, 48) uint8, gray; N may be 0.
    """
    for photograph in photographs:
        image = read_image(photograph.image)
        height, width = image.shape[:2]
        boxes = [Box.inside(corners, (width, height)) for corners in photograph.faces.tolist()]
        large = [box for box in boxes if box is not None and min(box.width, box.height) >= LEAST_SIDE]
        yield "faces", crop_faces(image, large, margin=MARGIN)
        taken = np.concatenate([photograph.faces, photograph.ignore])
        yield "background", crop_faces(image, [] if len(taken) else _anywhere(height, width, rng), margin=0.0)
        for detector in detectors:
            alarms = [alarm for alarm in detector.detect(image) if not _touches(alarm.box, taken)]
            surest = sorted(alarms, key=lambda alarm: alarm.confidence or 0.0, reverse=True)[:_ALARMS]
            yield detector.name, crop_faces(image, [alarm.box for alarm in surest], margin=detector.margin)


def write_crops(crops: Crops, path: Path) -> None:
    """Write crops as a split file: ten of ten vote "NF" for what is no face, nobody votes for a face's emotion."""
    votes = np.zeros((len(crops), len(FERPLUS_VOTES)), np.uint8)
    votes[~crops.are_faces, _NO_FACE] = _ANNOTATORS
    # A split has labels; of these crops none is known.
    labels = np.full(len(crops), FER2013_LABELS.index("neutral"), np.int8)
    write_split(Split(np.arange(len(crops), dtype=np.int32), crops.images, labels, votes), path)


def read_crops(path: Path) -> Crops:
    """Read what `write_crops` wrote.

    Raises:
        DatasetError: no such file, or it holds no crops of both kinds.
    """
    split = read_split(path)
    if split.votes is None:
        raise DatasetError(f"{path} holds no votes, so nothing says which of its crops are faces")
    return Crops(split.images, split.votes[:, _NO_FACE] == 0)


def _anywhere(height: int, width: int, rng: np.random.Generator) -> list[Box]:
    largest = min(height, width)
    if largest < LEAST_SIDE:
        return []
    sides = np.exp(rng.uniform(math.log(LEAST_SIDE), math.log(largest + 1), BACKGROUNDS)).astype(int).tolist()
    return [Box(int(rng.integers(width - s + 1)), int(rng.integers(height - s + 1)), s, s) for s in sides]


def _touches(box: Box, regions: npt.NDArray[np.float32]) -> bool:
    """Whether more than a trace of a box lies in one of the regions (N, 4)."""
    left, top, right, bottom = box.xyxy
    wide = np.clip(np.minimum(regions[:, 2], right) - np.maximum(regions[:, 0], left), 0, None)
    high = np.clip(np.minimum(regions[:, 3], bottom) - np.maximum(regions[:, 1], top), 0, None)
    return bool((wide * high > _TOUCHED * box.area).any())
