"""Face alignment, cropping and normalization: from an image and its detections to the network's input.

Serving, training and the export of feedback all crop through this module.
"""

import math
from collections.abc import Sequence
from typing import Any, Final

import cv2
import numpy as np

from mememoji.landmarks import roll_from_landmarks
from mememoji.results import Box, Detection
from mememoji.types import UInt8Array

CROP_SIZE: Final = 48
"""The width and height of a crop in pixels, as in FER2013."""

MEAN: Final = 128.0
STD: Final = 64.0
"""Gray levels 0..255 become `(gray - MEAN) / STD`; FER2013's train split has mean 129.5 and deviation 65.1."""

MIN_ROLL: Final = 20.0
"""The roll angle in degrees from which a face is rotated upright, see docs/concepts/face-crops.md#alignment."""


def to_gray(image: UInt8Array) -> UInt8Array:
    """Convert RGB (H, W, 3) uint8 to luma (H, W) uint8 by ITU-R BT.601; return a gray image unchanged."""
    if image.ndim == 2:
        return image
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def resize_crop(crop: UInt8Array, size: int = CROP_SIZE) -> UInt8Array:
    """Resize a crop (H, W) or (H, W, 3) to (size, size): area averaging to shrink it, bilinear to enlarge it."""
    if crop.shape[:2] == (size, size):
        return crop
    method = cv2.INTER_AREA if crop.shape[0] * crop.shape[1] > size * size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(crop, (size, size), interpolation=method), np.uint8)


def crop_faces(
    image: UInt8Array,
    detections: Sequence[Detection],
    *,
    margin: float,
    size: int = CROP_SIZE,
    align: bool = True,
    min_roll: float = MIN_ROLL,
) -> UInt8Array:
    """Crop faces to squares in gray, as a classifier takes them.

    Args:
        image: RGB (H, W, 3) or gray (H, W), uint8, upright.
        detections: N faces; every box must be inside the image.
        margin: The fraction of the box's longer side that is added on each side.
        size: The width and height of the crops in pixels.
        align: Whether faces are rotated upright by their landmarks. A face without landmarks is not rotated.
        min_roll: The smallest roll angle in degrees at which a face is rotated.

    Returns:
        (N, size, size) uint8. A crop is the square around the center of the box. Pixels outside the image repeat its
        edge, because a black border would be a feature that FER2013 does not have.
    """
    crops = np.empty((len(detections), size, size), np.uint8)
    for index, detection in enumerate(detections):
        roll = _compute_roll(detection, align, min_roll)
        # Only the square is converted to gray: a large image with one face costs no more than a small one.
        if roll:
            crops[index] = _crop_rotated(image, detection.box, margin, roll, size, is_gray=True)
        else:
            crops[index] = resize_crop(to_gray(crop_square(image, detection.box, margin=margin)), size)
    return crops


def crop_rgb_face(
    image: UInt8Array,
    detection: Detection,
    *,
    margin: float,
    max_size: int | None = None,
    align: bool = True,
    min_roll: float = MIN_ROLL,
) -> UInt8Array:
    """Crop one face to a square in color that shows the same part of the image as `crop_faces`.

    Args:
        image: RGB (H, W, 3) uint8, upright.
        detection: The face; its box must be inside the image.
        margin: The fraction of the box's longer side that is added on each side.
        max_size: The largest width and height in pixels; None keeps the resolution of the image.
        align: Whether the face is rotated upright by its landmarks.
        min_roll: The smallest roll angle in degrees at which the face is rotated.

    Returns:
        (S, S, 3) uint8.
    """
    roll = _compute_roll(detection, align, min_roll)
    size = round(max(detection.box.width, detection.box.height) * (1 + 2 * margin))
    size = max(1, size if max_size is None else min(size, max_size))
    if roll:
        return _crop_rotated(image, detection.box, margin, roll, size, is_gray=False)
    return np.ascontiguousarray(resize_crop(crop_square(image, detection.box, margin=margin), size))


def crop_square(image: UInt8Array, box: Box, *, margin: float) -> UInt8Array:
    """Crop the square around a box without rotating or resizing it, repeating the image's edge outside of it.

    Returns:
        (S, S, 3) or (S, S) uint8, possibly a view of `image`; S is the box's longer side with its margin.
    """
    length = max(1, round(max(box.width, box.height) * (1 + 2 * margin)))
    left = round(box.x + (box.width - length) / 2)
    top = round(box.y + (box.height - length) / 2)
    right, bottom = left + length, top + length
    height, width = image.shape[:2]
    inside = image[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    padding = (max(-top, 0), max(bottom - height, 0), max(-left, 0), max(right - width, 0))
    if not any(padding):
        return inside
    return np.asarray(cv2.copyMakeBorder(inside, *padding, borderType=cv2.BORDER_REPLICATE), np.uint8)


def normalize(crops: Any, *, mean: float = MEAN, std: float = STD) -> Any:
    """Normalize gray levels for the network: `(crops - mean) / std`.

    `crops` is a float array or tensor of any shape, in 0..255; the result is of the same type. Serving calls this with
    numpy arrays and training with torch tensors, so it uses nothing but arithmetic operators.
    """
    return (crops - mean) / std


def _compute_roll(detection: Detection, align: bool, min_roll: float) -> float:
    """Compute the angle in degrees by which a crop is rotated back, 0 for a face that is not rotated."""
    roll = roll_from_landmarks(detection.landmarks) if align else 0.0
    return roll if abs(roll) >= min_roll else 0.0


def _crop_rotated(image: UInt8Array, box: Box, margin: float, roll: float, size: int, *, is_gray: bool) -> UInt8Array:
    """Crop a face (size, size) or (size, size, 3) rotated upright around the center of its box."""
    # A square as wide as the crop's diagonal contains the crop at any angle.
    square = crop_square(image, box, margin=((1 + 2 * margin) * math.sqrt(2) - 1) / 2)
    if is_gray:
        square = to_gray(square)
    if max(box.width, box.height) > 2 * size:
        square = resize_crop(square, round(2 * size * math.sqrt(2)))
    outer = square.shape[0]
    inner = max(1, round(outer / math.sqrt(2)))
    matrix = cv2.getRotationMatrix2D(((outer - 1) / 2, (outer - 1) / 2), roll, 1.0)
    matrix[:, 2] -= (outer - inner) / 2
    rotated = cv2.warpAffine(square, matrix, (inner, inner), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return resize_crop(np.asarray(rotated, np.uint8), size)
