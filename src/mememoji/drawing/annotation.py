"""An image with its faces' boxes and compositions drawn on a copy."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import cycle
from typing import Final, Self

import cv2
import numpy as np

from mememoji.drawing.canvas import WHITE, Canvas, Color, Rect, rgb, text_width
from mememoji.drawing.layout import Layout, place_panels
from mememoji.drawing.memes import lay_meme
from mememoji.emotions import EMOTIONS
from mememoji.image_io import RGBImage
from mememoji.results import Analysis, Box, Face

_GROUND: Final = rgb("#14161a")

_SMALLEST_SIDE, _READABLE_SIDE, _LONGEST_SIDE = 160, 320, 4096
_SMALLEST_TEXT: Final = 9.5


class _Detail(IntEnum):
    BARS = 3  # a heading and a bar for each emotion
    STRIP = 2  # a heading and one bar of six parts
    HEADING = 1


@dataclass(frozen=True, slots=True)
class _Style:
    """Sizes in pixels, all from the text's."""

    text: float
    detail: _Detail

    @property
    def heading(self) -> float:
        return self.text * 1.2

    @property
    def padding(self) -> float:
        return self.text * (0.75 if self.detail > _Detail.HEADING else 0.5)

    @property
    def row(self) -> float:
        return self.text * 1.45

    @property
    def bar(self) -> float:
        return self.text * 0.5


@dataclass(frozen=True, slots=True)
class _Heading:
    """A panel's first line."""

    text: str
    percent: str

    @classmethod
    def of(cls, face: Face, name: str) -> Self:
        text, percent = "no clear face", ""
        if face.is_clear:
            text, percent = face.top.value, _percent(face.composition[face.top])
        return cls(f"{name}  {text}" if name else text, percent)


def annotate(
    image: RGBImage,
    analysis: Analysis,
    *,
    keep_size: bool = False,
    boxes: bool = True,
    bars: bool = True,
    memes: bool = False,
    names: Sequence[str] | None = None,
) -> RGBImage:
    """Draw every face's box and composition on a copy of the image.

    The panels are as detailed as there is room for: a bar for each emotion, one bar of six parts, or the top emotion
    alone. A crop that the classifier takes for no clear face says so and shows no emotion.

    Args:
        image: (H, W, 3) uint8 RGB, the image that was analyzed; it stays as it is.
        analysis: what was found in it.
        keep_size: draw at the image's own size even where it is too small for text.
        boxes: draw a box around every face.
        bars: draw a panel beside every face.
        memes: lay a meme face over every clear face first.
        names: what each face is called in its panel, in the order of the faces; a number that a video keeps, say.

    Returns:
        (kH, kW, 3) uint8 RGB. k is 1 but for images under 160 pixels a side: these are enlarged by a whole
        number, as long as no side gets over 4,096 pixels.

    Raises:
        ValueError: the analysis is of an image of another size, or has more or fewer faces than names.
    """
    height, width = image.shape[:2]
    if (analysis.width, analysis.height) != (width, height):
        expected = f"{analysis.width}x{analysis.height}"
        raise ValueError(f"the analysis is of an image of {expected}, got one of {width}x{height}")
    if names is not None and len(names) != len(analysis.faces):
        raise ValueError(f"expected a name for each of {len(analysis.faces)} faces, got {len(names)}")
    factor = 1
    if min(width, height) < _SMALLEST_SIDE and not keep_size:
        # A long and narrow image must not become a huge one.
        factor = min(math.ceil(_READABLE_SIDE / min(width, height)), max(_LONGEST_SIDE // max(width, height), 1))
        image = np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC), np.uint8)
    canvas = Canvas(image)
    if memes:
        _lay_memes(canvas, analysis.faces, factor)
    rects: list[Rect] = []
    for face in analysis.faces:
        left, top, right, bottom = (float(factor * edge) for edge in face.box.xyxy)
        rects.append((left, top, right, bottom))
    unit = _unit(canvas)
    if boxes:
        for rect, face in zip(rects, analysis.faces, strict=True):
            _draw_box(canvas, rect, face, unit)
    if bars:
        headings = [_Heading.of(face, name) for face, name in zip(analysis.faces, names or cycle([""]), strict=False)]
        style, layout = _fit(canvas, rects, analysis.faces, headings, unit)
        for place, face, heading in zip(layout.places if layout else (), analysis.faces, headings, strict=False):
            _draw_panel(canvas, place, face, heading, style)
    return canvas.pixels


def _lay_memes(canvas: Canvas, faces: tuple[Face, ...], factor: int) -> None:
    for face in sorted((face for face in faces if face.is_clear), key=lambda face: -face.box.area):
        box = Box(*(factor * value for value in (face.box.x, face.box.y, face.box.width, face.box.height)))
        landmarks = face.landmarks and tuple((factor * x, factor * y) for x, y in face.landmarks)
        lay_meme(canvas.pixels, box, face.composition, landmarks)


def _unit(canvas: Canvas) -> float:
    """The text size that suits the image as a whole."""
    return max(0.023 * math.sqrt(canvas.width * canvas.height), _SMALLEST_TEXT)


def _fit(
    canvas: Canvas, boxes: list[Rect], faces: tuple[Face, ...], headings: list[_Heading], unit: float
) -> tuple[_Style, Layout | None]:
    """The style whose panels hide least, less detail and smaller text being worth a little of a face each."""
    best: tuple[_Style, Layout | None] = _Style(_SMALLEST_TEXT, _Detail.HEADING), None
    least = math.inf
    for detail in sorted(_Detail, reverse=True):
        for scale in (1.0, 0.85, 0.7):
            loss = len(faces) * (0.06 * (max(_Detail) - detail) + 0.1 * (1 - scale))
            if loss >= least:
                return best
            style = _Style(max(unit * scale, _SMALLEST_TEXT), detail)
            sizes = [_panel_size(face, heading, style) for face, heading in zip(faces, headings, strict=True)]
            layout = place_panels(boxes, sizes, (canvas.width, canvas.height), gap=style.text * 0.5)
            if layout is not None and layout.cost + loss < least:
                best, least = (style, layout), layout.cost + loss
    return best


def _color(face: Face) -> Color:
    return rgb(face.top.color) if face.is_clear else WHITE


def _percent(fraction: float) -> str:
    return f"{fraction:.0%}"


def _columns(style: _Style) -> tuple[float, float, float]:
    """How wide the names, the bars and the numbers are."""
    names = max(text_width(emotion.value, style.text) for emotion in EMOTIONS)
    return names + style.text * 0.7, style.text * 6, text_width("100%", style.text) + style.text * 0.6


def _panel_size(face: Face, title: _Heading, style: _Style) -> tuple[float, float]:
    heading = text_width(title.text, style.heading) + style.text * 1.2
    if title.percent:
        heading += text_width(title.percent, style.heading) + style.text * 0.8
    width, height = heading, style.heading * 1.05
    if face.is_clear and style.detail == _Detail.BARS:
        width = max(width, sum(_columns(style)))
        height += style.text * 0.5 + len(EMOTIONS) * style.row
    elif face.is_clear and style.detail == _Detail.STRIP:
        width = max(width, style.text * 6)
        height += style.text * 0.55 + style.bar
    return width + 2 * style.padding, height + 2 * style.padding


def _draw_box(canvas: Canvas, box: Rect, face: Face, unit: float) -> None:
    stroke = max(unit * 0.18, 1.5)
    radius = min(unit * 0.6, (box[2] - box[0]) / 4)
    left, top, right, bottom = box
    # Inwards by half a stroke: a box at the image's edge would lose half of its line.
    inner = (left + stroke / 2, top + stroke / 2, right - stroke / 2, bottom - stroke / 2)
    canvas.outline(inner, radius, stroke * 1.9, _GROUND, 0.45)
    canvas.outline(inner, radius, stroke, _color(face))


def _draw_panel(canvas: Canvas, place: Rect, face: Face, heading: _Heading, style: _Style) -> None:
    radius = style.text * 0.6
    canvas.fill(place, radius, _GROUND, 0.9)
    left, right = place[0] + style.padding, place[2] - style.padding
    top = place[1] + style.padding
    color = _color(face)
    canvas.outline(place, radius, max(style.text * 0.1, 1.0), color)
    baseline = top + style.heading * 0.85
    dot = style.text * 0.8
    canvas.fill((left, baseline - dot * 0.95, left + dot, baseline + dot * 0.05), dot / 2, color)
    canvas.text(left + style.text * 1.2, baseline, heading.text, style.heading, WHITE)
    if heading.percent:
        canvas.text(right - text_width(heading.percent, style.heading), baseline, heading.percent, style.heading, WHITE)
    if not face.is_clear:
        return
    top += style.heading * 1.05
    if style.detail == _Detail.BARS:
        _draw_bars(canvas, left, top + style.text * 0.5, right, face, style)
    elif style.detail == _Detail.STRIP:
        _draw_strip(canvas, (left, top + style.text * 0.55, right, top + style.text * 0.55 + style.bar), face)


def _draw_bars(canvas: Canvas, left: float, top: float, right: float, face: Face, style: _Style) -> None:
    names, _, numbers = _columns(style)
    start, end = left + names, right - numbers
    for index, (emotion, fraction) in enumerate(face.composition.items()):
        middle = top + (index + 0.5) * style.row
        baseline = middle + style.text * 0.32
        opacity = 1.0 if emotion is face.top else 0.78
        canvas.text(left, baseline, emotion.value, style.text, WHITE, opacity)
        bar = (start, middle - style.bar / 2, end, middle + style.bar / 2)
        canvas.fill(bar, style.bar / 2, WHITE, 0.11)
        canvas.fill(bar, style.bar / 2, rgb(emotion.color), until=start + fraction * (end - start))
        percent = _percent(fraction)
        canvas.text(right - text_width(percent, style.text), baseline, percent, style.text, WHITE, opacity)


def _draw_strip(canvas: Canvas, bar: Rect, face: Face) -> None:
    # From the last part to the first, each laid over the one before: only the strip's own ends are round.
    end = 1.0
    for emotion, fraction in reversed(list(face.composition.items())):
        canvas.fill(bar, (bar[3] - bar[1]) / 2, rgb(emotion.color), until=bar[0] + end * (bar[2] - bar[0]))
        end -= fraction
