"""Meme faces laid over the faces of an image."""

import math
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from mememoji.drawing.memes.description import Floats, meme_description
from mememoji.drawing.memes.raster import draw_shapes
from mememoji.drawing.memes.shapes import meme_shapes
from mememoji.emotions import Emotion
from mememoji.image_io import RGBImage
from mememoji.results import Box, Face, Landmarks

LARGER: Final = 1.12
"""The head over the box: detectors leave out ears and hairline."""


def lay_over(image: RGBImage, faces: Iterable[Face]) -> RGBImage:
    """Lay the meme face of each face's composition over it, on a copy of the image.

    Args:
        image: (H, W, 3) uint8 RGB; it stays as it is.
        faces: what was found in it, in any order; the larger ones are drawn first.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    copy = image.copy()
    for face in sorted(faces, key=lambda face: -face.box.area):
        lay_meme(copy, face.box, face.composition, face.landmarks)
    return copy


def lay_meme(
    image: RGBImage, box: Box, composition: Mapping[Emotion, float], landmarks: Landmarks | None = None
) -> None:
    """Lay one meme face over a face, into the image that is given.

    It has the box's place and size and, where there are landmarks, the tilt of the line through the eyes. What
    reaches over the image's edges is cut off.

    Args:
        image: (H, W, 3) uint8 RGB; it is drawn on.
        box: the face's.
        composition: six fractions that sum to 1.
        landmarks: five points, or None for an upright face.
    """
    to_picture = _placing(box, 0.0 if landmarks is None else tilt(landmarks))
    left, top, right, bottom = _bounds(to_picture)
    left, top = max(left, 0), max(top, 0)
    right, bottom = min(right, image.shape[1]), min(bottom, image.shape[0])
    if right <= left or bottom <= top:
        return
    to_picture[:, 2] -= left, top
    meme = draw_shapes(meme_shapes(composition), to_picture, right - left, bottom - top)
    below = image[top:bottom, left:right]
    remaining = 255 - meme[..., 3:].astype(np.uint16)
    below[:] = meme[..., :3] + ((below * remaining + 127) // 255).astype(np.uint8)


def tilt(landmarks: Landmarks) -> float:
    """How far a face is turned in the image's plane, in radians, clockwise: 0 for level eyes, -pi..pi."""
    (right_x, right_y), (left_x, left_y) = landmarks[:2]
    return math.atan2(left_y - right_y, left_x - right_x)


def _placing(box: Box, angle: float) -> Floats:
    """(2, 3): from the drawing's units to the image's pixels, the head's middle on the box's."""
    x, y, width, height = meme_description().head
    scale = LARGER * max(box.width / width, box.height / height)
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]])
    middle = np.array([box.x + box.width / 2, box.y + box.height / 2])
    return np.column_stack([turn, middle - turn @ (x + width / 2, y + height / 2)])


def _bounds(to_picture: Floats) -> tuple[int, int, int, int]:
    """Whole pixels around the view box: left, top, right, bottom."""
    x, y, width, height = meme_description().view_box
    corners = np.array([(x, y), (x + width, y), (x, y + height), (x + width, y + height)])
    placed = corners @ to_picture[:, :2].T + to_picture[:, 2]
    left, top = np.floor(placed.min(axis=0)).astype(int).tolist()
    right, bottom = np.ceil(placed.max(axis=0)).astype(int).tolist()
    return left, top, right, bottom
