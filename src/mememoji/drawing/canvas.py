"""A canvas for antialiased rounded rectangles and text, blended into a copy of an image."""

from functools import lru_cache
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mememoji.image_io import RGBImage
from mememoji.types import FloatArray

Rect = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels; fractions are allowed, because edges are antialiased."""

Color = tuple[int, int, int]
"""Red, green, blue, 0..255."""

WHITE: Final[Color] = (255, 255, 255)


_SUPERSAMPLING: Final = 4
"""Text is drawn larger by this factor and downsampled, because hinting distorts the spacing at small sizes."""


def hex_to_rgb(color: str) -> Color:
    """Convert `#rrggbb` to red, green and blue, 0..255."""
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return red, green, blue


class Canvas:
    """A copy of an image into which shapes and text are blended; parts outside the image are cropped.

    Args:
        image: (H, W, 3) uint8 RGB, which is copied.
    """

    def __init__(self, image: RGBImage) -> None:
        self.pixels = image.copy()
        self.height, self.width = image.shape[:2]

    def fill(self, rect: Rect, radius: float, color: Color, opacity: float = 1.0, *, max_x: float = np.inf) -> None:
        """Fill a rounded rectangle, cut off vertically at x = `max_x`."""
        self._blend_rectangle(_pixel_bounds(rect), rect, radius, None, color, opacity, max_x)

    def outline(self, rect: Rect, radius: float, stroke: float, color: Color, opacity: float = 1.0) -> None:
        """Draw the outline of a rounded rectangle, `stroke` pixels wide and centered on its edge."""
        left, top, right, bottom = _pixel_bounds(
            (rect[0] - stroke, rect[1] - stroke, rect[2] + stroke, rect[3] + stroke)
        )
        depth = int(radius + 2 * stroke) + 2
        if 2 * depth >= min(right - left, bottom - top):
            self._blend_rectangle((left, top, right, bottom), rect, radius, stroke, color, opacity)
            return
        # Only the four sides: the unchanged inside of a large rectangle would cost time and memory.
        for strip in (
            (left, top, right, top + depth),
            (left, bottom - depth, right, bottom),
            (left, top + depth, left + depth, bottom - depth),
            (right - depth, top + depth, right, bottom - depth),
        ):
            self._blend_rectangle(strip, rect, radius, stroke, color, opacity)

    def text(self, x: float, baseline: float, text: str, size: float, color: Color, opacity: float = 1.0) -> None:
        """Draw a line of text that starts at `x` on `baseline`; `size` is the size of the font in pixels."""
        padding = int(size) + 2
        mask = Image.new(
            "L", (_SUPERSAMPLING * (int(text_width(text, size)) + 2 * padding), _SUPERSAMPLING * 2 * padding)
        )
        left, top = int(x) - 1, int(baseline) - padding
        start = (_SUPERSAMPLING * (x - left), _SUPERSAMPLING * (baseline - top))
        ImageDraw.Draw(mask).text(start, text, fill=255, font=_font(size), anchor="ls")
        self._blend_mask(left, top, np.asarray(mask.reduce(_SUPERSAMPLING), np.float32) / 255 * opacity, color)

    def _blend_rectangle(
        self,
        region: tuple[int, int, int, int],
        rect: Rect,
        radius: float,
        stroke: float | None,
        color: Color,
        opacity: float,
        max_x: float = np.inf,
    ) -> None:
        left, top = max(region[0], 0), max(region[1], 0)
        right, bottom = min(region[2], self.width), min(region[3], self.height)
        if right <= left or bottom <= top:
            return
        x = np.arange(left, right, dtype=np.float32) + 0.5
        y = np.arange(top, bottom, dtype=np.float32)[:, None] + 0.5
        distance = _signed_distance(x, y, rect, radius)
        if stroke is not None:
            distance = np.abs(distance) - stroke / 2
        # Full coverage if the center of a pixel is half a pixel inside the edge, none if it is half a pixel outside.
        coverage = np.clip(0.5 - distance, 0, 1)
        if np.isfinite(max_x):
            coverage *= np.clip(max_x - x + 0.5, 0, 1)
        self._blend_mask(left, top, coverage * opacity, color)

    def _blend_mask(self, left: int, top: int, mask: FloatArray, color: Color) -> None:
        mask = mask[max(-top, 0) : max(self.height - top, 0), max(-left, 0) : max(self.width - left, 0), None]
        top, left = max(top, 0), max(left, 0)
        background = self.pixels[top : top + mask.shape[0], left : left + mask.shape[1]]
        background[:] = np.rint(background + (np.array(color, np.float32) - background) * mask)


def text_width(text: str, size: float) -> float:
    """Return the width of a line of text in pixels."""
    return float(_font(size).getlength(text)) / _SUPERSAMPLING


@lru_cache(maxsize=32)
def _font(size: float) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(_SUPERSAMPLING * size)
    assert isinstance(font, ImageFont.FreeTypeFont), "Pillow is built without FreeType"
    return font


def _pixel_bounds(rect: Rect) -> tuple[int, int, int, int]:
    left, top, right, bottom = rect
    return int(np.floor(left)) - 1, int(np.floor(top)) - 1, int(np.ceil(right)) + 1, int(np.ceil(bottom)) + 1


def _signed_distance(x: FloatArray, y: FloatArray, rect: Rect, radius: float) -> FloatArray:
    """Compute the signed distance of points to the edge of a rounded rectangle, negative inside."""
    left, top, right, bottom = rect
    radius = min(radius, (right - left) / 2, (bottom - top) / 2)
    dx = np.abs(x - (left + right) / 2) - ((right - left) / 2 - radius)
    dy = np.abs(y - (top + bottom) / 2) - ((bottom - top) / 2 - radius)
    outside = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0))
    return np.asarray(outside + np.minimum(np.maximum(dx, dy), 0) - radius)
