"""An image to draw on: smooth rounded shapes and text, blended in and cut off at the edges."""

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from mememoji.image_io import RGBImage

Rect = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels; fractions are fine, edges are smoothed."""

Color = tuple[int, int, int]
"""Red, green, blue, 0..255."""

WHITE: Final[Color] = (255, 255, 255)

Floats = npt.NDArray[np.floating]

_FINER: Final = 4
"""Text is drawn this many times as large and brought down: at small sizes the font's own grid spoils the spacing."""


def rgb(color: str) -> Color:
    """`#rrggbb` as numbers."""
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return red, green, blue


class Canvas:
    """A copy of an image that shapes and text are blended into.

    Args:
        image: (H, W, 3) uint8 RGB; it is copied.
    """

    def __init__(self, image: RGBImage) -> None:
        self.pixels = image.copy()
        self.height, self.width = image.shape[:2]

    def fill(self, rect: Rect, radius: float, color: Color, opacity: float = 1.0, *, until: float = np.inf) -> None:
        """Fill a rounded rectangle; what lies right of x = `until` is left out, with a straight edge."""
        self._blend(_whole(rect), rect, radius, None, color, opacity, until)

    def outline(self, rect: Rect, radius: float, stroke: float, color: Color, opacity: float = 1.0) -> None:
        """Draw a rounded rectangle's outline, `stroke` wide, its middle on the rectangle's edge."""
        left, top, right, bottom = _whole((rect[0] - stroke, rect[1] - stroke, rect[2] + stroke, rect[3] + stroke))
        depth = int(radius + 2 * stroke) + 2
        if 2 * depth >= min(right - left, bottom - top):
            self._blend((left, top, right, bottom), rect, radius, stroke, color, opacity)
            return
        # Four strips: a large face's inside, which stays as it is, would cost time and memory.
        for strip in (
            (left, top, right, top + depth),
            (left, bottom - depth, right, bottom),
            (left, top + depth, left + depth, bottom - depth),
            (right - depth, top + depth, right, bottom - depth),
        ):
            self._blend(strip, rect, radius, stroke, color, opacity)

    def text(self, x: float, baseline: float, text: str, size: float, color: Color, opacity: float = 1.0) -> None:
        """Write a line that starts at x, standing on `baseline`; `size` is the font's, in pixels."""
        room = int(size) + 2
        mask = Image.new("L", (_FINER * (int(text_width(text, size)) + 2 * room), _FINER * 2 * room))
        left, top = int(x) - 1, int(baseline) - room
        start = (_FINER * (x - left), _FINER * (baseline - top))
        ImageDraw.Draw(mask).text(start, text, fill=255, font=_font(size), anchor="ls")
        self._lay(left, top, np.asarray(mask.reduce(_FINER), np.float32) / 255 * opacity, color)

    def _blend(
        self,
        region: tuple[int, int, int, int],
        rect: Rect,
        radius: float,
        stroke: float | None,
        color: Color,
        opacity: float,
        until: float = np.inf,
    ) -> None:
        left, top = max(region[0], 0), max(region[1], 0)
        right, bottom = min(region[2], self.width), min(region[3], self.height)
        if right <= left or bottom <= top:
            return
        x = np.arange(left, right, dtype=np.float32) + 0.5
        y = np.arange(top, bottom, dtype=np.float32)[:, None] + 0.5
        distance = _distance(x, y, rect, radius)
        if stroke is not None:
            distance = np.abs(distance) - stroke / 2
        # A pixel's middle half a pixel inside is covered whole, half a pixel outside not at all.
        cover = np.clip(0.5 - distance, 0, 1)
        if np.isfinite(until):
            cover *= np.clip(until - x + 0.5, 0, 1)
        self._lay(left, top, cover * opacity, color)

    def _lay(self, left: int, top: int, mask: Floats, color: Color) -> None:
        mask = mask[max(-top, 0) : max(self.height - top, 0), max(-left, 0) : max(self.width - left, 0), None]
        top, left = max(top, 0), max(left, 0)
        below = self.pixels[top : top + mask.shape[0], left : left + mask.shape[1]]
        below[:] = np.rint(below + (np.array(color, np.float32) - below) * mask)


def text_width(text: str, size: float) -> float:
    """How wide a line of text is, in pixels."""
    return float(_font(size).getlength(text)) / _FINER


@lru_cache(maxsize=32)
def _font(size: float) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(_FINER * size)
    assert isinstance(font, ImageFont.FreeTypeFont), "Pillow's wheels hold FreeType"
    return font


def _whole(rect: Rect) -> tuple[int, int, int, int]:
    left, top, right, bottom = rect
    return int(np.floor(left)) - 1, int(np.floor(top)) - 1, int(np.ceil(right)) + 1, int(np.ceil(bottom)) + 1


def _distance(x: Floats, y: Floats, rect: Rect, radius: float) -> Floats:
    """The signed distance of points to a rounded rectangle's edge, negative inside."""
    left, top, right, bottom = rect
    radius = min(radius, (right - left) / 2, (bottom - top) / 2)
    across = np.abs(x - (left + right) / 2) - ((right - left) / 2 - radius)
    down = np.abs(y - (top + bottom) / 2) - ((bottom - top) / 2 - radius)
    outside = np.hypot(np.maximum(across, 0), np.maximum(down, 0))
    return np.asarray(outside + np.minimum(np.maximum(across, down), 0) - radius)
