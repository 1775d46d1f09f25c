"""The meme face of a composition as pixels: OpenCV's polygons, drawn finer and brought down."""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from mememoji.drawing.canvas import Color
from mememoji.drawing.memes.description import Floats, meme_description
from mememoji.drawing.memes.shapes import Shape, meme_shapes
from mememoji.emotions import Emotion

RGBAImage = npt.NDArray[np.uint8]
"""(H, W, 4) uint8: red, green, blue, alpha."""

_SHIFT: Final = 4
"""OpenCV takes whole numbers: of sixteenths of a pixel."""

_FINENESS: Final = 2.8
"""Pixels to one of the drawing's units, at least, before small faces are brought down."""

_FAINTEST: Final = 0.004
"""Under this opacity a shape changes no pixel by more than one level."""


def meme_image(composition: Mapping[Emotion, float], size: int) -> RGBAImage:
    """The face of a composition on a transparent ground.

    Args:
        composition: six fractions that sum to 1.
        size: width and height in pixels, at least 1.

    Returns:
        (size, size, 4) uint8 RGBA, straight: the colors are not multiplied by alpha.
    """
    x, y, width, _ = meme_description().view_box
    scale = size / width
    drawn = draw_shapes(
        meme_shapes(composition), np.array([[scale, 0, -x * scale], [0, scale, -y * scale]]), size, size
    )
    alpha = np.maximum(drawn[..., 3:], 1).astype(np.uint16)
    drawn[..., :3] = (drawn[..., :3] * np.uint16(255) + alpha // 2) // alpha
    return drawn


def draw_shapes(shapes: Sequence[Shape], to_pixels: Floats, width: int, height: int) -> RGBAImage:
    """Paint shapes one over the other on a transparent ground.

    Args:
        shapes: the hindmost first.
        to_pixels: (2, 3), takes the shapes' units to pixels without a shear: [[s cos, -s sin, x], [s sin, s cos, y]].
        width: the image's, in pixels; what lies outside is left out.
        height: likewise.

    Returns:
        (height, width, 4) uint8 RGBA, premultiplied: the colors are multiplied by alpha.
    """
    scale = float(np.hypot(to_pixels[0, 0], to_pixels[1, 0]))
    finer = _finer(scale)
    painter = _Painter(width * finer, height * finer, scale * finer, smooth=finer == 1)
    for shape in shapes:
        if shape.opacity > _FAINTEST:
            painter.paint(shape, to_pixels * finer)
    if finer == 1:
        return painter.pixels
    return np.asarray(cv2.resize(painter.pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _finer(scale: float) -> int:
    """How many times as large to paint: small faces need it most and can afford it."""
    return 1 if scale > 6 else min(max(math.ceil(_FINENESS / scale), 2), 12)


class _Painter:
    """Fills and strokes on (H, W, 4) uint8 premultiplied RGBA."""

    def __init__(self, width: int, height: int, scale: float, *, smooth: bool) -> None:
        self.pixels: RGBAImage = np.zeros((height, width, 4), np.uint8)
        self._scale = scale
        self._line = cv2.LINE_AA if smooth else cv2.LINE_8

    def paint(self, shape: Shape, to_pixels: Floats) -> None:
        polygon = _polygon(shape.points, to_pixels)
        # OpenCV counts the pixels on both edges, so its lines are one wider than asked for.
        stroke = max(round(shape.stroke_width * self._scale) - 1, 1) if shape.stroke and shape.stroke_width > 0 else 0
        if shape.clip is None and shape.opacity >= 1:
            self._draw(self.pixels, polygon, shape, stroke)
            return
        clip = None if shape.clip is None else _polygon(shape.clip, to_pixels)
        left, top, right, bottom = self._bounds(polygon, clip, stroke)
        if right <= left or bottom <= top:
            return
        # On a copy of the little that changes: what a shape hides is only known after fill and stroke.
        below = self.pixels[top:bottom, left:right]
        painted = below.copy()
        corner = np.array((left, top)) << _SHIFT
        self._draw(painted, polygon - corner, shape, stroke)
        if shape.opacity < 1:
            painted = np.asarray(cv2.addWeighted(painted, shape.opacity, below, 1 - shape.opacity, 0), np.uint8)
        if clip is None:
            below[:] = painted
            return
        mask = np.zeros(below.shape[:2], np.uint8)
        cv2.fillPoly(mask, [clip - corner], 255, self._line, _SHIFT)
        if self._line == cv2.LINE_AA:
            share = mask[..., None] / np.float32(255)
            below[:] = np.rint(below + (painted - below.astype(np.float32)) * share)
        else:
            cv2.copyTo(painted, mask, below)

    def _draw(self, pixels: RGBAImage, polygon: npt.NDArray[np.int32], shape: Shape, stroke: int) -> None:
        if shape.fill is not None:
            cv2.fillPoly(pixels, [polygon], _opaque(shape.fill), self._line, _SHIFT)
        if stroke and shape.stroke is not None:
            cv2.polylines(pixels, [polygon], shape.closed, _opaque(shape.stroke), stroke, self._line, _SHIFT)

    def _bounds(
        self, polygon: npt.NDArray[np.int32], clip: npt.NDArray[np.int32] | None, stroke: int
    ) -> tuple[int, int, int, int]:
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
def _basis(steps: int) -> Floats:
    """(steps, 4): Bernstein's polynomials, from a curve's start to just before its end."""
    t = np.arange(steps) / steps
    return np.stack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3], axis=1)


def _polygon(points: Floats, to_pixels: Floats, steps: int = 12) -> npt.NDArray[np.int32]:
    """Curves (P, 2) as a polygon's corners (N, 2) in sixteenths of pixels."""
    placed = points @ to_pixels[:, :2].T + to_pixels[:, 2]
    curves = np.stack([placed[start : len(placed) - 3 + start : 3] for start in range(4)])  # (4, n, 2)
    corners = np.einsum("tk,knd->ntd", _basis(steps), curves).reshape(-1, 2)  # (n, steps, 2) -> (N, 2)
    corners = np.vstack([corners, placed[-1:]])
    # OpenCV counts from the middle of the first pixel, we from its corner.
    return np.rint((corners - 0.5) * (1 << _SHIFT)).astype(np.int32)
