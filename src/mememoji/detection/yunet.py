"""YuNet, a small convolutional detector with five landmarks, run by OpenCV from a weights file."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from mememoji.detection.face_detector import WORKING_SIDE, without_overlaps, working_copy
from mememoji.errors import ModelError
from mememoji.results import Box, Detection

SCORE_THRESHOLD: Final = 0.7
"""Below this YuNet's score is no face; its authors' usual value is between 0.6 and 0.9."""

# docs/concepts/face-crops.md#margin
MARGIN: Final = 0.0

_OVERVIEW_SIDE: Final = 480
_OVERVIEW_FROM: Final = 640
_LEAST_SIDE: Final = 64
_NMS: Final = 0.3
_TOP: Final = 5000


class YuNetDetector:
    """Wu, Peng and Yu, "YuNet: A Tiny Millisecond-level Face Detector" (2023), as `cv2.FaceDetectorYN`.

    It knows faces from about 10 to 500 pixels high, so a larger image is looked at twice: shrunk to `WORKING_SIDE`,
    and once more as an overview of 480 pixels, where a face that fills the image is of a size that it knows.

    Args:
        weights: the ONNX file; `mememoji detector fetch yunet` downloads it.
        score_threshold: 0..1, the least score of a face.

    Raises:
        ModelError: no such file, or OpenCV cannot load it.
        ValueError: a threshold out of range.
    """

    name = "yunet"
    margin = MARGIN

    def __init__(self, weights: Path, *, score_threshold: float = SCORE_THRESHOLD) -> None:
        if not 0.0 <= score_threshold <= 1.0:
            raise ValueError(f"score_threshold lies in 0..1, got {score_threshold}")
        if not weights.is_file():
            raise ModelError(f"no weights of YuNet at {weights}; `mememoji detector fetch yunet` downloads them")
        self._weights = weights
        self._score_threshold = score_threshold
        # The network keeps the size and the layers' outputs of its last image: threads cannot share one.
        self._own = threading.local()
        self._network()

    def detect(self, image: npt.NDArray[np.uint8]) -> list[Detection]:
        """Find faces in an upright RGB image (H, W, 3) uint8, with landmarks: see `FaceDetector`."""
        found = list(self._look(image, WORKING_SIDE))
        if max(image.shape[:2]) > _OVERVIEW_FROM:
            found += self._look(image, _OVERVIEW_SIDE)
        return without_overlaps(found)

    def _look(self, image: npt.NDArray[np.uint8], side: int) -> Iterator[Detection]:
        height, width = image.shape[:2]
        small, back = working_copy(image, side)
        bgr = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
        # On 32 pixels or fewer OpenCV's YuNet gives random boxes, with a score of 1.
        lacking = max(0, _LEAST_SIDE - bgr.shape[0]), max(0, _LEAST_SIDE - bgr.shape[1])
        if any(lacking):
            bgr = cv2.copyMakeBorder(bgr, 0, lacking[0], 0, lacking[1], cv2.BORDER_REPLICATE)
        network = self._network()
        network.setInputSize((bgr.shape[1], bgr.shape[0]))
        _, rows = network.detect(bgr)
        for row in () if rows is None else rows:
            x, y, w, h = (float(value) * back for value in row[:4])
            box = Box.inside((x, y, x + w, y + h), (width, height))
            if box is None or not np.isfinite(row).all():
                continue
            points = tuple((float(x) * back, float(y) * back) for x, y in row[4:14].reshape(5, 2))  # (10,) -> (5, 2)
            yield Detection(box, confidence=min(max(float(row[14]), 0.0), 1.0), landmarks=points)

    def _network(self) -> Any:
        network = getattr(self._own, "network", None)
        if network is None:
            try:
                network = cv2.FaceDetectorYN.create(
                    str(self._weights), "", (_LEAST_SIDE, _LEAST_SIDE), self._score_threshold, _NMS, _TOP
                )
            except cv2.error as error:
                raise ModelError(f"{self._weights} is no YuNet that OpenCV {cv2.__version__} loads: {error}") from error
            self._own.network = network
        return network
