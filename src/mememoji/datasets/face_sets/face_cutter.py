"""The face cutter: an image in, its face with context out, cut as serving cuts it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from mememoji.classification.preprocess import crop_faces
from mememoji.datasets.face_sets.face_set import CONTEXT_SIZE
from mememoji.datasets.face_sets.labeled_image import LabeledImage
from mememoji.datasets.splits import SIDE
from mememoji.detection.face_detector import FaceDetector
from mememoji.errors import PictureError
from mememoji.image_io import RGBImage
from mememoji.results import Box, Detection, tilt_of

BORDER: Final = 0.3
"""The part of an image's longer side that is added on each side of one in which no face was found."""

DOMINANCE: Final = 2.0
"""A labeled image's largest face must be this many times as large as the next, or nobody knows whose the label is."""


class LeftOut(StrEnum):
    """Why an image gave no face."""

    DAMAGED = "damaged"
    NO_FACE = "no face"
    TOO_SMALL = "face too small"
    SEVERAL_FACES = "several faces"
    BOX_OUTSIDE = "box outside"


@dataclass(frozen=True, slots=True)
class FaceCutter:
    """Finds the largest face of an image and cuts it out, gray, aligned and with context.

    Attributes:
        detector: finds faces where an image comes without a box; its margin holds for boxes that are given too.
        min_confidence: 0..1, faces with a lower one are ignored; faces without a confidence are not.
        min_size: the longer side in pixels of the smallest box that is cut out; given boxes may be smaller.
        take_largest: cut the largest face out of a labeled image that shows others of a similar size too.

    Raises:
        ValueError: a bound is out of range.
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
        """The margin at which the central 48 of 64 pixels show what the detector's own margin shows."""
        return ((1 + 2 * self.detector.margin) * CONTEXT_SIZE / SIDE - 1) / 2

    def cut(self, labeled: LabeledImage) -> npt.NDArray[np.uint8] | LeftOut:
        """Cut the face out of an image.

        Returns:
            (64, 64) uint8, or why there is none.
        """
        try:
            image = labeled.decode()
        except PictureError:
            return LeftOut.DAMAGED
        if labeled.box is None:
            return self._cut_largest(image, is_labeled=labeled.label >= 0)
        x, y, width, height = labeled.box
        box = Box.inside((x, y, x + width, y + height), (image.shape[1], image.shape[0]))
        if box is None:
            return LeftOut.BOX_OUTSIDE
        return self._crop(image, Detection(box, landmarks=labeled.landmarks))

    def _cut_largest(self, image: RGBImage, *, is_labeled: bool) -> npt.NDArray[np.uint8] | LeftOut:
        found = self._detect(image)
        if not found:
            # A detector knows faces with something around them; a tight crop has nothing.
            image = _with_border(image)
            found = self._detect(image)
        if not found:
            return LeftOut.NO_FACE
        found.sort(key=_size, reverse=True)
        if _size(found[0]) < self.min_size:
            return LeftOut.TOO_SMALL
        rival = len(found) > 1 and _size(found[0]) < DOMINANCE * _size(found[1])
        if rival and is_labeled and not self.take_largest:
            return LeftOut.SEVERAL_FACES
        return self._crop(image, found[0])

    def _detect(self, image: RGBImage) -> list[Detection]:
        found = self.detector.detect(image)
        return [face for face in found if face.confidence is None or face.confidence >= self.min_confidence]

    def _crop(self, image: RGBImage, face: Detection) -> npt.NDArray[np.uint8]:
        boxes, tilts = [face.box], [tilt_of(face.landmarks)]
        crop = crop_faces(image, boxes, margin=self.context_margin, side=CONTEXT_SIZE, tilts=tilts)[0]
        # Both crops begin at whole pixels, so they differ by up to half a one; the classifier would read 4 of 100 faces
        # differently. What it is given is therefore cut as serving does it, to the bit, and the context laid around.
        border = (CONTEXT_SIZE - SIDE) // 2
        crop[border:-border, border:-border] = crop_faces(image, boxes, margin=self.detector.margin, tilts=tilts)[0]
        return np.asarray(crop, np.uint8)


def _size(face: Detection) -> int:
    return max(face.box.width, face.box.height)


def _with_border(image: RGBImage) -> RGBImage:
    width = round(BORDER * max(image.shape[:2]))
    return np.asarray(cv2.copyMakeBorder(image, width, width, width, width, cv2.BORDER_REPLICATE), np.uint8)
