"""The face cutter, which crops the largest face of an image exactly as serving does, with context around it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from mememoji.classification.preprocess import CROP_SIZE, crop_faces
from mememoji.datasets.face_sets.face_set import CONTEXT_SIZE
from mememoji.datasets.face_sets.labeled_image import LabeledImage
from mememoji.detection.border import add_border
from mememoji.detection.face_detector import FaceDetector
from mememoji.errors import ImageError
from mememoji.image_io import RGBImage
from mememoji.results import Box, Detection
from mememoji.types import UInt8Array

# Wider than the analyzer's: the crop includes surroundings.
BORDER: Final = 0.3
"""The border added on each side of an image in which no face was found, as a fraction of its longer side."""

DOMINANCE: Final = 2.0
"""The minimum ratio of the sizes of a labeled image's two largest faces; below it the label may be either one's."""


class SkipReason(StrEnum):
    """The reason why an image is skipped."""

    DAMAGED = "damaged"
    NO_FACE = "no face"
    TOO_SMALL = "face too small"
    SEVERAL_FACES = "several faces"
    BOX_OUTSIDE = "box outside"


@dataclass(frozen=True, slots=True)
class FaceCutter:
    """A cutter that finds the largest face of an image and crops it, gray, aligned and with context.

    Attributes:
        detector: The detector for images without a box; its margin is used for given boxes too.
        min_confidence: The minimum confidence of a detected face, 0..1; faces without a confidence are accepted.
        min_size: The minimum length in pixels of the longer side of a detected box; given boxes may be smaller.
        take_largest: Whether to accept a labeled image with several faces of a similar size, and crop the largest.

    Raises:
        ValueError: A minimum is out of range.
    """

    detector: FaceDetector
    min_confidence: float = 0.6
    min_size: int = 40
    take_largest: bool = False

    def __post_init__(self) -> None:
        if not 0.0 <= self.min_confidence <= 1.0:
            raise ValueError(f"min_confidence must be in 0..1, got {self.min_confidence}")
        if self.min_size < 1:
            raise ValueError(f"min_size must be at least 1, got {self.min_size}")

    @property
    def context_margin(self) -> float:
        """The margin at which the central 48 of 64 pixels cover the same area as a crop with the detector's margin."""
        return ((1 + 2 * self.detector.margin) * CONTEXT_SIZE / CROP_SIZE - 1) / 2

    def cut(self, labeled: LabeledImage) -> UInt8Array | SkipReason:
        """Crop the face of an image.

        Returns:
            (64, 64) uint8, or the reason to skip the image.
        """
        try:
            image = labeled.decode()
        except ImageError:
            return SkipReason.DAMAGED
        if labeled.box is None:
            return self._cut_largest(image, is_labeled=labeled.label >= 0)
        x, y, width, height = labeled.box
        box = Box.from_xyxy((x, y, x + width, y + height), (image.shape[1], image.shape[0]))
        if box is None:
            return SkipReason.BOX_OUTSIDE
        return self._crop(image, Detection(box, landmarks=labeled.landmarks))

    def _cut_largest(self, image: RGBImage, *, is_labeled: bool) -> UInt8Array | SkipReason:
        faces = self._detect(image)
        if not faces:
            # Detectors are trained on faces with surroundings, which a tight crop lacks.
            image, _ = add_border(image, BORDER)
            faces = self._detect(image)
        if not faces:
            return SkipReason.NO_FACE
        faces.sort(key=_get_size, reverse=True)
        if _get_size(faces[0]) < self.min_size:
            return SkipReason.TOO_SMALL
        is_ambiguous = len(faces) > 1 and _get_size(faces[0]) < DOMINANCE * _get_size(faces[1])
        if is_ambiguous and is_labeled and not self.take_largest:
            return SkipReason.SEVERAL_FACES
        return self._crop(image, faces[0])

    def _detect(self, image: RGBImage) -> list[Detection]:
        faces = self.detector.detect(image)
        return [face for face in faces if face.confidence is None or face.confidence >= self.min_confidence]

    def _crop(self, image: RGBImage, face: Detection) -> UInt8Array:
        crop = crop_faces(image, [face], margin=self.context_margin, size=CONTEXT_SIZE)[0]
        # Both crops start at whole pixels, so they differ by up to half a pixel, which would change the prediction for
        # 4 of 100 faces. The center is therefore exactly the crop that serving makes, with the context around it.
        border = (CONTEXT_SIZE - CROP_SIZE) // 2
        crop[border:-border, border:-border] = crop_faces(image, [face], margin=self.detector.margin)[0]
        return np.asarray(crop, np.uint8)


def _get_size(face: Detection) -> int:
    return max(face.box.width, face.box.height)
