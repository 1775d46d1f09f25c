"""From an image and its boxes to what the network takes. The only copy: training uses it too."""

import math
from collections.abc import Sequence
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from mememoji.results import Box

SIDE: Final = 48
"""A crop's width and height in pixels, FER2013's."""

MEAN: Final = 128.0
STD: Final = 64.0
"""Gray levels 0..255 become `(gray - MEAN) / STD`; FER2013's train split has mean 129.5 and deviation 65.1."""

LEAST_TILT: Final = 20.0
"""Degrees from which a crop is turned upright, docs/concepts/face-crops.md#alignment says how it was set."""


def to_gray(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """RGB (H, W, 3) uint8 to luma (H, W) uint8 with the weights of ITU-R BT.601; a gray image passes."""
    if image.ndim == 2:
        return image
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def resize_crop(gray: npt.NDArray[np.uint8], side: int = SIDE) -> npt.NDArray[np.uint8]:
    """A gray crop (H, W) to (side, side): by area when it shrinks, linear when it grows."""
    if gray.shape == (side, side):
        return gray
    shrinks = gray.shape[0] * gray.shape[1] > side * side
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(gray, (side, side), interpolation=method), np.uint8)


def crop_faces(
    image: npt.NDArray[np.uint8],
    boxes: Sequence[Box],
    *,
    margin: float,
    side: int = SIDE,
    tilts: Sequence[float] | None = None,
    min_tilt: float = LEAST_TILT,
) -> npt.NDArray[np.uint8]:
    """Cut square gray crops around boxes.

    Args:
        image: RGB (H, W, 3) or gray (H, W), uint8, upright.
        boxes: N boxes inside the image.
        margin: the part of the box's longer side added on each side.
        side: the crops' width and height.
        tilts: N angles from `mememoji.results.tilt_of`, by which crops are turned back; None leaves all as they are.
        min_tilt: degrees from which a crop is turned.

    Returns:
        (N, side, side) uint8. A crop is the square around the box's center; what lies outside the image repeats
        its edge, since a black border would be a feature that FER2013 does not have.
    """
    crops = np.empty((len(boxes), side, side), np.uint8)
    for index, box in enumerate(boxes):
        # Gray is made of the cut alone: a large image with one face costs no more than a small one.
        if tilts is None or abs(tilts[index]) < min_tilt:
            crops[index] = resize_crop(to_gray(cut_square(image, box, margin=margin)), side)
        else:
            crops[index] = _turned(image, box, margin, side, tilts[index])
    return crops


def _turned(image: npt.NDArray[np.uint8], box: Box, margin: float, side: int, tilt: float) -> npt.NDArray[np.uint8]:
    """A crop (side, side) of a face that leans, turned upright about its box's center."""
    # A square whose side is the diagonal of the crop's holds the crop at any angle.
    length = max(box.width, box.height)
    wide = to_gray(cut_square(image, box, margin=((1 + 2 * margin) * math.sqrt(2) - 1) / 2))
    if length > 2 * side:
        wide = resize_crop(wide, round(2 * side * math.sqrt(2)))
    whole = wide.shape[0]
    inner = max(1, round(whole / math.sqrt(2)))
    matrix = cv2.getRotationMatrix2D(((whole - 1) / 2, (whole - 1) / 2), tilt, 1.0)
    matrix[:, 2] -= (whole - inner) / 2
    turned = cv2.warpAffine(wide, matrix, (inner, inner), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return resize_crop(np.asarray(turned, np.uint8), side)


def cut_square(image: npt.NDArray[np.uint8], box: Box, *, margin: float) -> npt.NDArray[np.uint8]:
    """The square around a box that `crop_faces` looks at, in the image's own size and colors.

    Returns:
        (S, S, 3) or (S, S) uint8, perhaps a view of `image`; S is the box's longer side with its margin.
    """
    length = max(1, round(max(box.width, box.height) * (1 + 2 * margin)))
    left = round(box.x + (box.width - length) / 2)
    top = round(box.y + (box.height - length) / 2)
    return _cut(image, left, top, length)


def _cut(image: npt.NDArray[np.uint8], left: int, top: int, length: int) -> npt.NDArray[np.uint8]:
    height, width = image.shape[:2]
    right, bottom = left + length, top + length
    inside = image[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    beyond = (max(-top, 0), max(bottom - height, 0), max(-left, 0), max(right - width, 0))
    if not any(beyond):
        return inside
    return np.asarray(cv2.copyMakeBorder(inside, *beyond, borderType=cv2.BORDER_REPLICATE), np.uint8)


def normalize(crops: Any, *, mean: float = MEAN, std: float = STD) -> Any:
    """Gray levels to what the network takes: `(crops - mean) / std`.

    `crops` is a float array or tensor of any shape, in 0..255; what comes back is of the same kind. Plain
    arithmetic on purpose: the same line runs on numpy arrays when serving and on torch tensors when training.
    """
    return (crops - mean) / std
