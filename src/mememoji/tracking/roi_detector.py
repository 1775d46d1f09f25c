"""Detection in regions of interest around the last frame's faces, for one stream of frames."""

import dataclasses
import time
from collections.abc import Callable
from typing import Final

import numpy as np

from mememoji.detection.face_detector import FaceDetector, downscale, suppress_overlaps
from mememoji.results import Box, Detection
from mememoji.types import UInt8Array

FULL_FRAME_INTERVAL: Final = 0.4
"""The time in seconds between detections on the full frame, and so the longest time until a new face is found."""

FAST_DETECTION_SECONDS: Final = 0.02
"""If a full-frame detection takes no longer than this, every frame is processed in full."""

ROI_MARGIN: Final = 0.6
"""The fraction of a box's longer side that its region of interest adds on each side."""

MIN_ROI_SIZE: Final = 96
MAX_ROI_IMAGE_SIZE: Final = 192
MAX_ROI_FRACTION: Final = 0.5
"""If the regions of interest cover more of the frame than this, the full frame is processed."""

Roi = tuple[int, int, int, int]
"""Left, top, right and bottom of a region of interest in whole pixels."""


class RoiDetector:
    """Detector for one stream of frames that searches regions of interest around the last frame's faces.

    The full frame is processed for the first frame and every `full_frame_interval` seconds, and also if a face of the
    last frame is not found again, if the last frame had none, if the regions would cover most of the frame, or if the
    detector is fast.

    Unlike other detectors it stores the last frame's faces, so it must not be shared between threads or streams.

    Args:
        detector: The detector for full frames and regions.
        full_frame_interval: The time in seconds between detections on the full frame.
        fast_detection_seconds: The duration of a full-frame detection up to which every frame is processed in full.
        clock: A function that returns the time in seconds.

    Example:
        >>> import numpy as np
        >>> from mememoji.detection.fake_detector import FakeDetector
        >>> from mememoji.results import Box, Detection
        >>> from mememoji.tracking.roi_detector import RoiDetector
        >>> detector = RoiDetector(FakeDetector([Detection(Box(10, 20, 64, 64))]))
        >>> frames = np.zeros((3, 240, 320, 3), np.uint8)
        >>> [len(detector.detect(frame)) for frame in frames]
        [1, 1, 1]
    """

    def __init__(
        self,
        detector: FaceDetector,
        *,
        full_frame_interval: float = FULL_FRAME_INTERVAL,
        fast_detection_seconds: float = FAST_DETECTION_SECONDS,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._detector, self._clock = detector, clock
        self._full_frame_interval, self._fast_detection_seconds = full_frame_interval, fast_detection_seconds
        self._shape: tuple[int, ...] = ()
        self._last_detections: list[Detection] = []
        self._last_full_frame_time = 0.0
        self._full_frame_seconds = 0.0

    @property
    def name(self) -> str:
        """The name of the detector for full frames and regions."""
        return self._detector.name

    @property
    def margin(self) -> float:
        """The margin of the detector for full frames and regions."""
        return self._detector.margin

    def detect(self, image: UInt8Array) -> list[Detection]:
        """Detect the faces of the next RGB frame (H, W, 3) uint8: see `FaceDetector`."""
        detections = self._detect_in_rois(image)
        if detections is None:
            detections = self._detect_in_full_frame(image)
        self._last_detections = detections
        return detections

    def _detect_in_full_frame(self, image: UInt8Array) -> list[Detection]:
        self._last_full_frame_time = self._clock()
        self._shape = image.shape
        detections = self._detector.detect(image)
        self._full_frame_seconds = self._clock() - self._last_full_frame_time
        return detections

    def _detect_in_rois(self, image: UInt8Array) -> list[Detection] | None:
        """Return the faces near the last ones, or None if the full frame has to be processed."""
        is_due = self._clock() - self._last_full_frame_time >= self._full_frame_interval
        is_fast = self._full_frame_seconds <= self._fast_detection_seconds
        if is_due or is_fast or not self._last_detections or image.shape != self._shape:
            return None
        height, width = image.shape[:2]
        rois = merge_rois([roi_around(face.box, (width, height)) for face in self._last_detections])
        if (
            sum((right - left) * (bottom - top) for left, top, right, bottom in rois)
            > MAX_ROI_FRACTION * width * height
        ):
            return None
        detections = suppress_overlaps([face for roi in rois for face in self._detect_in_roi(image, roi)])
        return detections if len(detections) >= len(self._last_detections) else None

    def _detect_in_roi(self, image: UInt8Array, roi: Roi) -> list[Detection]:
        left, top, right, bottom = roi
        # A region contains one face and its surroundings, so a low resolution suffices to find the face again.
        small, scale = downscale(np.ascontiguousarray(image[top:bottom, left:right]), MAX_ROI_IMAGE_SIZE)
        detections = [to_image_coords(face, roi, scale) for face in self._detector.detect(small)]
        return [face for face in detections if face is not None]


def roi_around(box: Box, image_wh: tuple[int, int]) -> Roi:
    """Return the region in which a face is expected in the next frame, clipped to an image of that width and height."""
    width, height = image_wh
    size = max(MIN_ROI_SIZE, round(max(box.width, box.height) * (1 + 2 * ROI_MARGIN)))
    left, top = box.x + (box.width - size) // 2, box.y + (box.height - size) // 2
    return max(0, left), max(0, top), min(width, left + size), min(height, top + size)


def merge_rois(rois: list[Roi]) -> list[Roi]:
    """Merge regions that overlap into one that encloses both, until no two overlap."""
    pending = list(rois)
    merged: list[Roi] = []
    while pending:
        roi = pending.pop()
        overlapping = next((other for other in merged if _overlap(roi, other)), None)
        if overlapping is None:
            merged.append(roi)
        else:
            merged.remove(overlapping)
            pending.append((*map(min, roi[:2], overlapping[:2]), *map(max, roi[2:], overlapping[2:])))  # type: ignore[arg-type]
    return merged


def to_image_coords(face: Detection, roi: Roi, scale: float) -> Detection | None:
    """Convert a detection in a region of interest to the image's coordinates.

    Args:
        face: The detection in pixels of the downscaled region.
        roi: The region in pixels of the image.
        scale: The factor by which the region was downscaled.

    Returns:
        The detection in pixels of the image, or None if no part of the box is inside the region.
    """
    left, top, right, bottom = roi
    x1, y1, x2, y2 = (value * scale for value in face.box.xyxy)
    box = Box.from_xyxy((left + x1, top + y1, left + x2, top + y2), (right, bottom))
    if box is None:
        return None
    points = face.landmarks
    landmarks = None if points is None else tuple((left + x * scale, top + y * scale) for x, y in points)
    return dataclasses.replace(face, box=box, landmarks=landmarks)


def _overlap(a: Roi, b: Roi) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
