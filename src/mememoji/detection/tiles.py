"""Detection in tiles of long images, such as screenshots of a whole page and panoramas."""

from typing import Final

import numpy as np

from mememoji.detection.face_detector import FaceDetector, suppress_overlaps
from mememoji.results import Box, Detection
from mememoji.types import UInt8Array

MIN_ASPECT_RATIO: Final = 3.0
MIN_LONGER_SIDE: Final = 1280
"""Only images that are longer, and whose sides differ by more than `MIN_ASPECT_RATIO`, are searched in tiles: others
keep enough of their resolution when a detector downscales them."""

TILE_ASPECT_RATIO: Final = 1.5
MIN_TILE_LENGTH: Final = 640
OVERLAP: Final = 0.5
"""The length that neighboring tiles share, as a fraction of the image's shorter side: the largest face that is inside
one of them wherever it is. Larger faces are found in the full image."""

IOS_THRESHOLD: Final = 0.6
EDGE_TOLERANCE: Final = 0.02
"""The distance from a cut, as a fraction of the box's size, up to which the box may be that of a cut face."""


def is_long(image: UInt8Array) -> bool:
    """Return whether an image (H, W, 3) is so long that most of its resolution is lost when it is downscaled."""
    shorter, longer = min(image.shape[:2]), max(image.shape[:2])
    return bool(longer > max(MIN_LONGER_SIDE, MIN_ASPECT_RATIO * shorter))


def detect_in_tiles(detector: FaceDetector, image: UInt8Array) -> list[Detection]:
    """Detect the faces of a long image, as a whole and in overlapping tiles along its longer side.

    Args:
        detector: The detector for the image and for its tiles.
        image: (H, W, 3) uint8 RGB, upright.

    Returns:
        The detections sorted by descending confidence, each face once.
    """
    height, width = image.shape[:2]
    is_tall = height > width
    detections = detector.detect(image)
    for start, end in split_length(max(height, width), min(height, width)):
        tile = image[start:end] if is_tall else image[:, start:end]
        for face in detector.detect(np.ascontiguousarray(tile)):
            moved = move_detection(face, *((0, start) if is_tall else (start, 0)), (width, height))
            if moved is not None and not _is_cut(moved.box, start, end, max(height, width), is_tall=is_tall):
                detections.append(moved)
    return suppress_overlaps(detections, ios_threshold=IOS_THRESHOLD)


def split_length(longer: int, shorter: int) -> list[tuple[int, int]]:
    """Return the start and end of each tile along the longer side of an image, in whole pixels.

    The tiles have the same length, cover the side, and neighbors share at least `OVERLAP` of the shorter side.

    Example:
        >>> from mememoji.detection.tiles import split_length
        >>> split_length(4000, 1000)
        [(0, 1500), (833, 2333), (1667, 3167), (2500, 4000)]
    """
    length = min(longer, max(MIN_TILE_LENGTH, round(TILE_ASPECT_RATIO * shorter)))
    stride = length - round(OVERLAP * shorter)
    count = 1 + -(-(longer - length) // stride)
    starts = [round(index * (longer - length) / max(count - 1, 1)) for index in range(count)]
    return [(start, start + length) for start in starts]


def move_detection(
    face: Detection, dx: int, dy: int, image_wh: tuple[int, int], *, scale: float = 1.0
) -> Detection | None:
    """Move a detection by whole pixels, then scale it, and clip its box to an image; None if the box is outside."""
    left, top, right, bottom = face.box.xyxy
    moved = (left + dx, top + dy, right + dx, bottom + dy)
    box = Box.from_xyxy([value * scale for value in moved], image_wh)
    if box is None:
        return None
    landmarks = (
        None if face.landmarks is None else tuple(((x + dx) * scale, (y + dy) * scale) for x, y in face.landmarks)
    )
    return Detection(box, face.confidence, landmarks)


def _is_cut(box: Box, start: int, end: int, length: int, *, is_tall: bool) -> bool:
    """Return whether a box reaches an end of its tile that is not an end of the image."""
    low, high = (box.xyxy[1], box.xyxy[3]) if is_tall else (box.xyxy[0], box.xyxy[2])
    tolerance = EDGE_TOLERANCE * (high - low)
    return (start > 0 and low - start <= tolerance) or (end < length and end - high <= tolerance)
