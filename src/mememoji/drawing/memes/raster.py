"""The meme face of a composition as pixels, drawn as polygons with OpenCV and supersampled."""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

import cv2
import numpy as np

from mememoji.drawing.canvas import Color
from mememoji.drawing.memes.description import load_meme_description
from mememoji.drawing.memes.shapes import Shape, meme_shapes
from mememoji.emotions import Emotion
from mememoji.types import Float64Array, Int32Array, UInt8Array

_SHIFT: Final = 4
"""The number of fractional bits of the fixed-point coordinates that OpenCV takes."""

_MIN_PIXELS_PER_UNIT: Final = 2.8
"""The minimum resolution at which a face is drawn before it is downsampled."""

_MIN_OPACITY: Final = 0.004
"""Below this opacity a shape changes no pixel by more than one level."""


def meme_image(composition: Mapping[Emotion, float], size: int) -> UInt8Array:
    """Return the meme face of a composition on a transparent background.

    Args:
        composition: The six fractions, which sum to 1.
        size: The width and height in pixels, at least 1.

    Returns:
        (size, size, 4) uint8 RGBA with straight alpha: the colors are not multiplied by it.

    Example:
        >>> from mememoji import Composition
        >>> happy = Composition.from_fractions([0, 0, 0.8, 0, 0, 0.2])
        >>> image = meme_image(happy, size=64)
        >>> image.shape, int(image[0, 0, 3]), int(image[32, 32, 3])
        ((64, 64, 4), 0, 255)
    """
    x, y, width, _ = load_meme_description().view_box
    scale = size / width
    image = draw_shapes(
        meme_shapes(composition), np.array([[scale, 0, -x * scale], [0, scale, -y * scale]]), size, size
    )
    alpha = np.maximum(image[..., 3:], 1).astype(np.uint16)
    image[..., :3] = (image[..., :3] * np.uint16(255) + alpha // 2) // alpha
    return image


def draw_shapes(shapes: Sequence[Shape], to_pixels: Float64Array, width: int, height: int) -> UInt8Array:
    """Draw shapes on a transparent background.

    Args:
        shapes: The shapes, from back to front.
        to_pixels: (2, 3), the similarity transform from the units of the shapes to pixels,
            [[s cos, -s sin, x], [s sin, s cos, y]].
        width: The width of the image in pixels; shapes are cropped to it.
        height: The height of the image in pixels.

    Returns:
        (height, width, 4) uint8 RGBA with premultiplied alpha: the colors are multiplied by it.
    """
    scale = float(np.hypot(to_pixels[0, 0], to_pixels[1, 0]))
    factor = _supersampling_factor(scale)
    painter = _Painter(width * factor, height * factor, scale * factor, smooth=factor == 1)
    for shape in shapes:
        if shape.opacity > _MIN_OPACITY:
            painter.paint(shape, to_pixels * factor)
    if factor == 1:
        return painter.pixels
    return np.asarray(cv2.resize(painter.pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _supersampling_factor(scale: float) -> int:
    """Return the factor by which a face is drawn larger than needed; small faces need it most and cost least."""
    return 1 if scale > 6 else min(max(math.ceil(_MIN_PIXELS_PER_UNIT / scale), 2), 12)


class _Painter:
    """A painter of fills and strokes on (H, W, 4) uint8 RGBA with premultiplied alpha."""

    def __init__(self, width: int, height: int, scale: float, *, smooth: bool) -> None:
        self.pixels: UInt8Array = np.zeros((height, width, 4), np.uint8)
        self._scale = scale
        self._line = cv2.LINE_AA if smooth else cv2.LINE_8

    def paint(self, shape: Shape, to_pixels: Float64Array) -> None:
        polygon = _polygon(shape.points, to_pixels)
        # OpenCV includes the pixels on both edges, so its lines are one pixel wider than their thickness.
        stroke = max(round(shape.stroke_width * self._scale) - 1, 1) if shape.stroke and shape.stroke_width > 0 else 0
        if shape.clip is None and shape.opacity >= 1:
            self._draw(self.pixels, polygon, shape, stroke)
            return
        clip = None if shape.clip is None else _polygon(shape.clip, to_pixels)
        left, top, right, bottom = self._bounds(polygon, clip, stroke)
        if right <= left or bottom <= top:
            return
        # Drawn on a copy of the affected region and then blended, so that the stroke hides the fill under it.
        background = self.pixels[top:bottom, left:right]
        painted = background.copy()
        origin = np.array((left, top)) << _SHIFT
        self._draw(painted, polygon - origin, shape, stroke)
        if shape.opacity < 1:
            painted = np.asarray(cv2.addWeighted(painted, shape.opacity, background, 1 - shape.opacity, 0), np.uint8)
        if clip is None:
            background[:] = painted
            return
        mask = np.zeros(background.shape[:2], np.uint8)
        cv2.fillPoly(mask, [clip - origin], 255, self._line, _SHIFT)
        if self._line == cv2.LINE_AA:
            alpha = mask[..., None] / np.float32(255)
            background[:] = np.rint(background + (painted - background.astype(np.float32)) * alpha)
        else:
            cv2.copyTo(painted, mask, background)

    def _draw(self, pixels: UInt8Array, polygon: Int32Array, shape: Shape, stroke: int) -> None:
        if shape.fill is not None:
            cv2.fillPoly(pixels, [polygon], _opaque(shape.fill), self._line, _SHIFT)
        if stroke and shape.stroke is not None:
            cv2.polylines(pixels, [polygon], shape.closed, _opaque(shape.stroke), stroke, self._line, _SHIFT)

    def _bounds(self, polygon: Int32Array, clip: Int32Array | None, stroke: int) -> tuple[int, int, int, int]:
        low, high = (polygon.min(axis=0) >> _SHIFT) - stroke - 1, (polygon.max(axis=0) >> _SHIFT) + stroke + 2
        if clip is not None:
            low, high = np.maximum(low, clip.min(axis=0) >> _SHIFT), np.minimum(high, (clip.max(axis=0) >> _SHIFT) + 2)
        height, width = self.pixels.shape[:2]
        left, top = np.maximum(low, 0).tolist()
        right, bottom = np.minimum(high, (width, height)).tolist()
        return left, top, right, bottom


def _opaque(color: Color) -> tuple[int, int, int, int]:
    return (*color, 255)


@cache
def _bernstein_basis(steps: int) -> Float64Array:
    """Return the Bernstein polynomials, (steps, 4), from the start of a curve to just before its end."""
    t = np.arange(steps) / steps
    return np.stack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3], axis=1)


def _polygon(points: Float64Array, to_pixels: Float64Array, steps: int = 12) -> Int32Array:
    """Convert curves (P, 2) to the vertices (N, 2) of a polygon, in fixed-point pixels."""
    in_pixels = points @ to_pixels[:, :2].T + to_pixels[:, 2]
    curves = np.stack([in_pixels[start : len(in_pixels) - 3 + start : 3] for start in range(4)])  # (4, n, 2)
    vertices = np.einsum("tk,knd->ntd", _bernstein_basis(steps), curves).reshape(-1, 2)  # (n, steps, 2) -> (N, 2)
    vertices = np.vstack([vertices, in_pixels[-1:]])
    # The origin is the center of the first pixel in OpenCV, and its corner here.
    return np.rint((vertices - 0.5) * (1 << _SHIFT)).astype(np.int32)
