"""Crops of faces and non-faces from images with labeled faces: background, and false positives of detectors."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from mememoji.boxes import box_intersection
from mememoji.classification.preprocess import crop_faces
from mememoji.datasets.detection_images import DetectionSample
from mememoji.datasets.splits import Split, read_split, write_split
from mememoji.detection.compact import MARGIN, CompactDetector
from mememoji.detection.face_detector import FaceDetector
from mememoji.detection.haar import HaarDetector
from mememoji.emotions import FER2013_LABELS, FERPLUS_VOTES
from mememoji.errors import DatasetError
from mememoji.image_io import read_image
from mememoji.progress import track_progress
from mememoji.results import Box, Detection
from mememoji.types import BoolArray, Float32Array, UInt8Array

NUM_BACKGROUND_CROPS: Final = 6
"""Number of random crops from an image without a face."""

MIN_SIZE: Final = 32
"""Size in pixels of the smallest face and of the smallest background crop."""

MAX_FALSE_POSITIVES: Final = 2
"""Number of false positives of each detector to crop from an image, at most."""

MAX_OVERLAP: Final = 0.02
"""Largest fraction of a false positive's box that a face or an ignored region may cover."""

_NUM_ANNOTATORS: Final = 10
_NON_FACE: Final = FERPLUS_VOTES.index("NF")


@dataclass(frozen=True, slots=True, eq=False)
class LabeledCrops:
    """Crops with a label for each: face or non-face.

    Attributes:
        images: Gray crops (N, 48, 48) uint8.
        is_face: Labels (N,) bool.

    Raises:
        DatasetError: The lengths differ, or one of the two classes is missing.
    """

    images: UInt8Array
    is_face: BoolArray

    def __post_init__(self) -> None:
        if self.is_face.shape != self.images.shape[:1]:
            raise DatasetError(
                f"is_face must have one label for each crop, got {self.is_face.shape} for {self.images.shape}"
            )
        if not 0 < self.is_face.sum() < len(self.images):
            raise DatasetError(
                f"crops must show both faces and non-faces, got {self.is_face.sum()} faces of {len(self)}"
            )

    def __len__(self) -> int:
        return len(self.images)


def make_low_threshold_detectors() -> list[FaceDetector]:
    """Return low-threshold detectors used to mine hard negatives: their false positives resemble faces."""
    return [HaarDetector(min_neighbors=1, min_weight=-10.0), CompactDetector(score_threshold=0.25)]


def extract_crops(
    samples: Sequence[DetectionSample],
    detectors: Sequence[FaceDetector],
    rng: np.random.Generator,
    *,
    progress: bool = False,
) -> Iterator[tuple[str, UInt8Array]]:
    """Crop faces and non-faces from images with labeled faces.

    Faces are those of `MIN_SIZE` pixels and more. Background comes at random positions and sizes from images without
    faces and ignored regions. The highest-scoring false positives of each detector come from all images, where they
    overlap neither a face nor an ignored region.

    Args:
        samples: Images with labeled faces.
        detectors: Detectors whose false positives are cropped.
        rng: Random generator for the background.
        progress: Whether to show progress on stderr.

    Yields:
        For each image the keys "faces", "background" and each detector's name, with gray crops (N, 48, 48) uint8; N
        may be 0.
    """
    for sample in track_progress(samples, "cropping", is_shown=progress):
        image = read_image(sample.image)
        height, width = image.shape[:2]
        yield "faces", crop_faces(image, _select_large_faces(sample, width, height), margin=MARGIN)
        labeled = np.concatenate([sample.faces, sample.ignore])
        background = [] if len(labeled) else _sample_background(height, width, rng)
        yield "background", crop_faces(image, background, margin=0.0)
        for detector in detectors:
            false_positives = [face for face in detector.detect(image) if not _overlaps(face.box, labeled)]
            top = sorted(false_positives, key=lambda face: face.confidence or 0.0, reverse=True)[:MAX_FALSE_POSITIVES]
            yield detector.name, crop_faces(image, top, margin=detector.margin)


def write_crops(crops: LabeledCrops, path: Path) -> None:
    """Write crops as a split file: non-faces have ten of ten votes for "NF", faces have no votes."""
    votes = np.zeros((len(crops), len(FERPLUS_VOTES)), np.uint8)
    votes[~crops.is_face, _NON_FACE] = _NUM_ANNOTATORS
    # A split requires labels, but these crops have no emotion label.
    labels = np.full(len(crops), FER2013_LABELS.index("neutral"), np.int8)
    write_split(Split(np.arange(len(crops), dtype=np.int32), crops.images, labels, votes), path)


def read_crops(path: Path) -> LabeledCrops:
    """Read what `write_crops` wrote.

    Raises:
        DatasetError: The file is missing, or does not contain crops of both classes.
    """
    split = read_split(path)
    if split.votes is None:
        raise DatasetError(f"{path} must contain votes, which say which crops are faces; write it with `data crops`")
    return LabeledCrops(split.images, split.votes[:, _NON_FACE] == 0)


def _select_large_faces(sample: DetectionSample, width: int, height: int) -> list[Detection]:
    """Return the labeled faces that are large enough to be cropped, with their landmarks where they have some."""
    faces = []
    for corners, points in zip(sample.faces.tolist(), sample.landmarks.tolist(), strict=True):
        box = Box.from_xyxy(corners, (width, height))
        if box is not None and min(box.width, box.height) >= MIN_SIZE:
            has_landmarks = all(math.isfinite(value) for point in points for value in point)
            faces.append(Detection(box, landmarks=tuple((x, y) for x, y in points) if has_landmarks else None))
    return faces


def _sample_background(height: int, width: int, rng: np.random.Generator) -> list[Detection]:
    largest = min(height, width)
    if largest < MIN_SIZE:
        return []
    sizes = np.exp(rng.uniform(math.log(MIN_SIZE), math.log(largest + 1), NUM_BACKGROUND_CROPS)).astype(int).tolist()
    return [Detection(Box(int(rng.integers(width - s + 1)), int(rng.integers(height - s + 1)), s, s)) for s in sizes]


def _overlaps(box: Box, regions: Float32Array) -> bool:
    """Return whether one of the regions (N, 4) covers more than `MAX_OVERLAP` of a box."""
    covered = box_intersection(np.array([box.xyxy], np.float32), regions)
    return bool((covered > MAX_OVERLAP * box.area).any())
