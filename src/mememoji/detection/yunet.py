"""YuNet, a small convolutional detector with five landmarks, run by OpenCV from a weights file."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from mememoji.detection.face_detector import MAX_DETECTION_SIZE, downscale, suppress_overlaps
from mememoji.errors import ModelError
from mememoji.results import Box, Detection
from mememoji.types import UInt8Array

SCORE_THRESHOLD: Final = 0.7
"""The lowest score of a face; YuNet's authors use values between 0.6 and 0.9."""

# docs/concepts/face-crops.md#margin
MARGIN: Final = 0.0

LOW_RES_IMAGE_SIZE: Final = 480
MIN_LOW_RES_PASS_SIZE: Final = 640
MIN_INPUT_SIZE: Final = 64
NMS_IOU_THRESHOLD: Final = 0.3
TOP_K: Final = 5000


class YuNetDetector:
    """Wu, Peng and Yu, "YuNet: A Tiny Millisecond-level Face Detector" (2023), as `cv2.FaceDetectorYN`.

    It detects faces from about 10 to 500 pixels high. Larger images are therefore processed twice: downscaled to
    `MAX_DETECTION_SIZE`, and in a low-resolution pass at 480 pixels for faces that fill the image.

    Args:
        weights: The ONNX file; `mememoji detector download yunet` downloads it.
        score_threshold: The lowest score of a face, 0..1.

    Raises:
        ModelError: The file is missing, or OpenCV cannot load it.
        ValueError: The threshold is out of range.
    """

    name = "yunet"
    margin = MARGIN

    def __init__(self, weights: Path, *, score_threshold: float = SCORE_THRESHOLD) -> None:
        if not 0.0 <= score_threshold <= 1.0:
            raise ValueError(f"score_threshold must be in 0..1, got {score_threshold}")
        if not weights.is_file():
            raise ModelError(f"YuNet needs its weights at {weights}; run `mememoji detector download yunet`")
        self._weights = weights
        self._score_threshold = score_threshold
        # The network stores the size and the layer outputs of its last image, so threads cannot share one.
        self._per_thread = threading.local()
        self._network()

    def detect(self, image: UInt8Array) -> list[Detection]:
        """Detect faces with landmarks in an upright RGB image (H, W, 3) uint8: see `FaceDetector`."""
        detections = list(self._detect_at_scale(image, MAX_DETECTION_SIZE))
        if max(image.shape[:2]) > MIN_LOW_RES_PASS_SIZE:
            detections += self._detect_at_scale(image, LOW_RES_IMAGE_SIZE)
        return suppress_overlaps(detections)

    def _detect_at_scale(self, image: UInt8Array, max_size: int) -> Iterator[Detection]:
        height, width = image.shape[:2]
        small, scale = downscale(image, max_size)
        bgr = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
        # On 32 pixels or fewer OpenCV's YuNet returns random boxes with a score of 1.
        padding = max(0, MIN_INPUT_SIZE - bgr.shape[0]), max(0, MIN_INPUT_SIZE - bgr.shape[1])
        if any(padding):
            bgr = cv2.copyMakeBorder(bgr, 0, padding[0], 0, padding[1], cv2.BORDER_REPLICATE)
        network = self._network()
        network.setInputSize((bgr.shape[1], bgr.shape[0]))
        _, rows = network.detect(bgr)
        for row in () if rows is None else rows:
            x, y, w, h = (float(value) * scale for value in row[:4])
            box = Box.from_xyxy((x, y, x + w, y + h), (width, height))
            if box is None or not np.isfinite(row).all():
                continue
            points = tuple((float(x) * scale, float(y) * scale) for x, y in row[4:14].reshape(5, 2))  # (10,) -> (5, 2)
            yield Detection(box, confidence=min(max(float(row[14]), 0.0), 1.0), landmarks=points)

    def _network(self) -> Any:
        network = getattr(self._per_thread, "network", None)
        if network is None:
            try:
                network = cv2.FaceDetectorYN.create(
                    str(self._weights),
                    "",
                    (MIN_INPUT_SIZE, MIN_INPUT_SIZE),
                    self._score_threshold,
                    NMS_IOU_THRESHOLD,
                    TOP_K,
                )
            except cv2.error as error:
                raise ModelError(
                    f"{self._weights} must be a YuNet that OpenCV {cv2.__version__} can load: {error}"
                ) from error
            self._per_thread.network = network
        return network
