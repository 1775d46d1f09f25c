"""What a face detector is, and what several of them share."""

from typing import Final, Protocol, runtime_checkable

import cv2
import numpy as np
import numpy.typing as npt

from mememoji.results import Detection

WORKING_SIDE: Final = 1280
"""An image with a longer side is shrunk to this for detection; boxes come back in the image's own pixels."""


@runtime_checkable
class FaceDetector(Protocol):
    """Finds the faces in an image.

    An object is loaded once, keeps nothing of an image, and is safe to use from several threads.
    """

    @property
    def name(self) -> str:
        """What results say they were found with."""
        ...

    @property
    def margin(self) -> float:
        """The part of a box's longer side to add on each side, so that a crop frames its face as FER2013 does.

        Detectors draw their boxes differently, so each has its own, measured by `benchmarks/crop_margin.py`.
        """
        ...

    def detect(self, image: npt.NDArray[np.uint8]) -> list[Detection]:
        """Find faces.

        Args:
            image: (H, W, 3) uint8, RGB, upright; it is not written to.

        Returns:
            The faces with boxes inside the image, surest first; none is an empty list. Reading order is the
            analyzer's matter.
        """
        ...


def working_copy(image: npt.NDArray[np.uint8], side: int = WORKING_SIDE) -> tuple[npt.NDArray[np.uint8], float]:
    """Shrink an image (H, W) or (H, W, 3) so that no side is longer than `side`; a smaller one passes.

    Returns:
        The image, and by how much its coordinates are to be multiplied to give the original's.
    """
    height, width = image.shape[:2]
    scale = max(height, width) / side
    if scale <= 1:
        return image, 1.0
    size = max(1, round(width / scale)), max(1, round(height / scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def without_overlaps(detections: list[Detection], *, overlap: float = 0.4) -> list[Detection]:
    """Keep the surest of faces that cover each other.

    Of two boxes whose shared part is more than `overlap` of the smaller one, the less sure goes: nested boxes count as
    one face, which intersection over union would let pass.
    """
    kept: list[Detection] = []
    for detection in sorted(detections, key=lambda d: -(d.confidence or 0.0)):
        if all(_shared_part(detection, other) <= overlap for other in kept):
            kept.append(detection)
    return kept


def _shared_part(a: Detection, b: Detection) -> float:
    iou = a.box.iou(b.box)
    intersection = iou * (a.box.area + b.box.area) / (1 + iou)
    return intersection / min(a.box.area, b.box.area)
