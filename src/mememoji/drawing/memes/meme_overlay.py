"""Meme faces drawn over the faces of an image."""

import math
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from mememoji.drawing.canvas import Rect
from mememoji.drawing.memes.description import load_meme_description
from mememoji.drawing.memes.raster import draw_shapes
from mememoji.drawing.memes.shapes import meme_shapes
from mememoji.emotions import Emotion
from mememoji.image_io import RGBImage
from mememoji.landmarks import Landmarks
from mememoji.results import Box, Face
from mememoji.types import Float64Array

HEAD_SCALE: Final = 1.12
"""The size of the head relative to the box of the face; detectors exclude ears and hairline."""


def overlay_memes(image: RGBImage, faces: Iterable[Face]) -> RGBImage:
    """Draw a meme face over each face, on a copy of the image.

    Args:
        image: (H, W, 3) uint8 RGB, which is not changed.
        faces: The faces found in the image, in any order; larger ones are drawn first.

    Returns:
        (H, W, 3) uint8 RGB.

    Example:
        >>> from mememoji import Analyzer, read_image
        >>> image = read_image("docs/images/astronaut.png")
        >>> covered = overlay_memes(image, Analyzer().analyze(image).faces)
        >>> covered.shape, bool((covered != image).any())
        ((512, 512, 3), True)
    """
    copy = image.copy()
    for face in sorted(faces, key=lambda face: -face.box.area):
        overlay_meme(copy, face.box, face.composition, face.landmarks)
    return copy


def overlay_meme(
    image: RGBImage, box: Box, composition: Mapping[Emotion, float], landmarks: Landmarks | None = None
) -> None:
    """Draw one meme face over a face, in place.

    It has the position and size of the box and, with landmarks, the roll of the eyes. Parts outside the image are
    cropped.

    Args:
        image: (H, W, 3) uint8 RGB, which is changed.
        box: The box of the face.
        composition: The six fractions, which sum to 1.
        landmarks: The five landmarks of the face, or None for an upright face.
    """
    to_image = _head_transform(box, 0.0 if landmarks is None else roll_from_eyes(landmarks))
    left, top, right, bottom = _bounds(to_image)
    left, top = max(left, 0), max(top, 0)
    right, bottom = min(right, image.shape[1]), min(bottom, image.shape[0])
    if right <= left or bottom <= top:
        return
    to_image[:, 2] -= left, top
    meme = draw_shapes(meme_shapes(composition), to_image, right - left, bottom - top)
    background = image[top:bottom, left:right]
    remaining = 255 - meme[..., 3:].astype(np.uint16)
    background[:] = meme[..., :3] + ((background * remaining + 127) // 255).astype(np.uint8)


def meme_bounds(box: Box, composition: Mapping[Emotion, float], landmarks: Landmarks | None = None) -> tuple[Rect, ...]:
    """Return the rectangles that the meme face over a face covers: its head first, then its tuft and drops.

    Args:
        box: The box of the face.
        composition: The six fractions, which sum to 1.
        landmarks: The five landmarks of the face, or None for an upright face.
    """
    to_image = _head_transform(box, 0.0 if landmarks is None else roll_from_eyes(landmarks))
    scale = float(np.hypot(to_image[0, 0], to_image[1, 0]))
    rects: list[Rect] = []
    for shape in meme_shapes(composition):
        if shape.clip is not None or shape.opacity == 0 or not (shape.fill or shape.stroke):
            continue
        points = shape.points @ to_image[:, :2].T + to_image[:, 2]  # (P, 2)
        reach = scale * (shape.stroke_width if shape.stroke else 0) / 2
        (left, top), (right, bottom) = (points.min(axis=0) - reach).tolist(), (points.max(axis=0) + reach).tolist()
        rect = (left, top, right, bottom)
        if not any(_contains(other, rect) for other in rects):
            rects.append(rect)
    return tuple(sorted(rects, key=lambda rect: -(rect[2] - rect[0]) * (rect[3] - rect[1])))


def _contains(outer: Rect, inner: Rect) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and outer[2] >= inner[2] and outer[3] >= inner[3]


def roll_from_eyes(landmarks: Landmarks) -> float:
    """Compute the roll angle of the line through the eyes, in radians in -pi..pi, positive for clockwise."""
    (right_x, right_y), (left_x, left_y) = landmarks[:2]
    return math.atan2(left_y - right_y, left_x - right_x)


def _head_transform(box: Box, angle: float) -> Float64Array:
    """Return the transform (2, 3) from the units of the drawing to pixels that centers the head on the box."""
    x, y, width, height = load_meme_description().head
    scale = HEAD_SCALE * max(box.width / width, box.height / height)
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    rotation = np.array([[cos, -sin], [sin, cos]])
    center = np.array([box.x + box.width / 2, box.y + box.height / 2])
    return np.column_stack([rotation, center - rotation @ (x + width / 2, y + height / 2)])


def _bounds(to_image: Float64Array) -> tuple[int, int, int, int]:
    """Return the bounding box of the drawing in whole pixels: left, top, right, bottom."""
    x, y, width, height = load_meme_description().view_box
    corners = np.array([(x, y), (x + width, y), (x, y + height), (x + width, y + height)])
    in_pixels = corners @ to_image[:, :2].T + to_image[:, 2]
    left, top = np.floor(in_pixels.min(axis=0)).astype(int).tolist()
    right, bottom = np.ceil(in_pixels.max(axis=0)).astype(int).tolist()
    return left, top, right, bottom
