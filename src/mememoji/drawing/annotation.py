"""Annotation of an image: the boxes and compositions of its faces, drawn on a copy."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import cycle
from typing import Final, Self

import cv2
import numpy as np

from mememoji.drawing.canvas import WHITE, Canvas, Color, Rect, hex_to_rgb, text_width
from mememoji.drawing.layout import Layout, place_panels
from mememoji.drawing.memes import meme_bounds, overlay_meme
from mememoji.emotions import EMOTIONS
from mememoji.image_io import RGBImage
from mememoji.results import Analysis, Box, Face

_BACKGROUND: Final = hex_to_rgb("#14161a")

_MIN_SIZE, _READABLE_SIZE, _MAX_SIZE = 160, 320, 4096
_MIN_TEXT_SIZE: Final = 9.5


class _Detail(IntEnum):
    BARS = 3  # a heading and a bar for each emotion
    STACKED_BAR = 2  # a heading and one bar with six segments
    HEADING = 1


@dataclass(frozen=True, slots=True)
class _Style:
    """The sizes in a panel, in pixels, all derived from the size of the text."""

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
    """The first line of a panel."""

    text: str
    percent: str

    @classmethod
    def from_face(cls, face: Face, name: str) -> Self:
        text, percent = "no clear face", ""
        if face.is_face:
            text, percent = face.top.value, _format_percent(face.composition[face.top])
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
    """Draw the box and the composition of every face on a copy of the image.

    Each panel is as detailed as the space allows: a bar for each emotion, one bar with six segments, or the top
    emotion alone. A detection that the classifier does not accept as a face is labeled "no clear face".

    Args:
        image: The analyzed image, (H, W, 3) uint8 RGB, which is not changed.
        analysis: The analysis of the image.
        keep_size: Whether the copy has the size of the image even if that is too small for text.
        boxes: Whether a box is drawn around every face.
        bars: Whether a panel is drawn beside every face.
        memes: Whether a meme face is drawn over every detection that counts as a face, in place of its box. Panels are
            placed clear of meme faces, and left out where there is no space.
        names: The name of each face in its panel, in the order of the faces, for example its track ID in a video.

    Returns:
        (kH, kW, 3) uint8 RGB. k is an integer, and 1 unless a side of the image is shorter than 160 pixels; enlarged
        sides are at most 4,096 pixels.

    Raises:
        ValueError: The analysis is of an image of another size, or the number of names differs from that of faces.

    Example:
        >>> from mememoji import Analyzer, read_image
        >>> image = read_image("docs/images/astronaut.png")
        >>> annotated = annotate(image, Analyzer().analyze(image))
        >>> annotated.shape, annotated.dtype
        ((512, 512, 3), dtype('uint8'))
    """
    height, width = image.shape[:2]
    if (analysis.width, analysis.height) != (width, height):
        expected = f"{analysis.width}x{analysis.height}"
        raise ValueError(f"image must be {expected} as in the analysis, got {width}x{height}")
    if names is not None and len(names) != len(analysis.faces):
        raise ValueError(f"names must have one name per face, {len(analysis.faces)}, got {len(names)}")
    factor = 1
    if min(width, height) < _MIN_SIZE and not keep_size:
        # The longer side limits the factor too: a long, narrow image would become huge.
        factor = min(math.ceil(_READABLE_SIZE / min(width, height)), max(_MAX_SIZE // max(width, height), 1))
        image = np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC), np.uint8)
    canvas = Canvas(image)
    rects: list[Rect] = []
    for face in analysis.faces:
        left, top, right, bottom = (float(factor * edge) for edge in face.box.xyxy)
        rects.append((left, top, right, bottom))
    text_size = _text_size(canvas)
    if boxes:
        for rect, face in zip(rects, analysis.faces, strict=True):
            if not (memes and face.is_face):
                _draw_box(canvas, rect, face, text_size)
    keep_clear: list[Rect] = []
    if memes:
        for index, bounds in _draw_memes(canvas, analysis.faces, factor):
            rects[index] = bounds[0]
            keep_clear += bounds
    if bars:
        headings = [
            _Heading.from_face(face, name) for face, name in zip(analysis.faces, names or cycle([""]), strict=False)
        ]
        style, layout = _choose_style(canvas, rects, analysis.faces, headings, text_size, keep_clear)
        for panel, face, heading in zip(layout.panels if layout else (), analysis.faces, headings, strict=False):
            if panel is not None:
                _draw_panel(canvas, panel, face, heading, style)
    return canvas.pixels


def _draw_memes(canvas: Canvas, faces: tuple[Face, ...], factor: int) -> Iterator[tuple[int, tuple[Rect, ...]]]:
    """Draw the meme faces, and yield the index of each face with the rectangles that its meme face covers."""
    for index, face in sorted(enumerate(faces), key=lambda item: -item[1].box.area):
        if not face.is_face:
            continue
        box = Box(*(factor * value for value in (face.box.x, face.box.y, face.box.width, face.box.height)))
        landmarks = face.landmarks and tuple((factor * x, factor * y) for x, y in face.landmarks)
        overlay_meme(canvas.pixels, box, face.composition, landmarks)
        yield index, meme_bounds(box, face.composition, landmarks)


def _text_size(canvas: Canvas) -> float:
    """Return the size of the text that suits the size of the image, in pixels."""
    return max(0.023 * math.sqrt(canvas.width * canvas.height), _MIN_TEXT_SIZE)


def _choose_style(
    canvas: Canvas,
    boxes: list[Rect],
    faces: tuple[Face, ...],
    headings: list[_Heading],
    text_size: float,
    keep_clear: list[Rect],
) -> tuple[_Style, Layout | None]:
    """Return the style and layout with the lowest cost: what panels cover, and a penalty for little detail or text."""
    best: tuple[_Style, Layout | None] = _Style(_MIN_TEXT_SIZE, _Detail.HEADING), None
    min_cost = math.inf
    for detail in sorted(_Detail, reverse=True):
        for scale in (1.0, 0.85, 0.7):
            penalty = len(faces) * (0.06 * (max(_Detail) - detail) + 0.1 * (1 - scale))
            if penalty >= min_cost:
                return best
            style = _Style(max(text_size * scale, _MIN_TEXT_SIZE), detail)
            sizes = [_panel_size(face, heading, style) for face, heading in zip(faces, headings, strict=True)]
            layout = place_panels(
                boxes, sizes, (canvas.width, canvas.height), gap=style.text * 0.5, keep_clear=keep_clear
            )
            if layout is not None and layout.cost + penalty < min_cost:
                best, min_cost = (style, layout), layout.cost + penalty
    return best


def _face_color(face: Face) -> Color:
    return hex_to_rgb(face.top.color) if face.is_face else WHITE


def _format_percent(fraction: float) -> str:
    return f"{fraction:.0%}"


def _column_widths(style: _Style) -> tuple[float, float, float]:
    """Return the widths of names, bars and percentages, in pixels."""
    names = max(text_width(emotion.value, style.text) for emotion in EMOTIONS)
    return names + style.text * 0.7, style.text * 6, text_width("100%", style.text) + style.text * 0.6


def _panel_size(face: Face, heading: _Heading, style: _Style) -> tuple[float, float]:
    heading_width = text_width(heading.text, style.heading) + style.text * 1.2
    if heading.percent:
        heading_width += text_width(heading.percent, style.heading) + style.text * 0.8
    width, height = heading_width, style.heading * 1.05
    if face.is_face and style.detail == _Detail.BARS:
        width = max(width, sum(_column_widths(style)))
        height += style.text * 0.5 + len(EMOTIONS) * style.row
    elif face.is_face and style.detail == _Detail.STACKED_BAR:
        width = max(width, style.text * 6)
        height += style.text * 0.55 + style.bar
    return width + 2 * style.padding, height + 2 * style.padding


def _draw_box(canvas: Canvas, box: Rect, face: Face, text_size: float) -> None:
    stroke = max(text_size * 0.18, 1.5)
    radius = min(text_size * 0.6, (box[2] - box[0]) / 4)
    left, top, right, bottom = box
    # Half a stroke inside, so that the line of a box at the edge of the image is not cut off.
    inner = (left + stroke / 2, top + stroke / 2, right - stroke / 2, bottom - stroke / 2)
    canvas.outline(inner, radius, stroke * 1.9, _BACKGROUND, 0.45)
    canvas.outline(inner, radius, stroke, _face_color(face))


def _draw_panel(canvas: Canvas, panel: Rect, face: Face, heading: _Heading, style: _Style) -> None:
    radius = style.text * 0.6
    canvas.fill(panel, radius, _BACKGROUND, 0.9)
    left, right = panel[0] + style.padding, panel[2] - style.padding
    top = panel[1] + style.padding
    color = _face_color(face)
    canvas.outline(panel, radius, max(style.text * 0.1, 1.0), color)
    baseline = top + style.heading * 0.85
    dot = style.text * 0.8
    canvas.fill((left, baseline - dot * 0.95, left + dot, baseline + dot * 0.05), dot / 2, color)
    canvas.text(left + style.text * 1.2, baseline, heading.text, style.heading, WHITE)
    if heading.percent:
        canvas.text(right - text_width(heading.percent, style.heading), baseline, heading.percent, style.heading, WHITE)
    if not face.is_face:
        return
    top += style.heading * 1.05
    if style.detail == _Detail.BARS:
        _draw_bars(canvas, left, top + style.text * 0.5, right, face, style)
    elif style.detail == _Detail.STACKED_BAR:
        _draw_stacked_bar(canvas, (left, top + style.text * 0.55, right, top + style.text * 0.55 + style.bar), face)


def _draw_bars(canvas: Canvas, left: float, top: float, right: float, face: Face, style: _Style) -> None:
    name_width, _, percent_width = _column_widths(style)
    start, end = left + name_width, right - percent_width
    for index, (emotion, fraction) in enumerate(face.composition.items()):
        center = top + (index + 0.5) * style.row
        baseline = center + style.text * 0.32
        opacity = 1.0 if emotion is face.top else 0.78
        canvas.text(left, baseline, emotion.value, style.text, WHITE, opacity)
        bar = (start, center - style.bar / 2, end, center + style.bar / 2)
        canvas.fill(bar, style.bar / 2, WHITE, 0.11)
        canvas.fill(bar, style.bar / 2, hex_to_rgb(emotion.color), max_x=start + fraction * (end - start))
        percent = _format_percent(fraction)
        canvas.text(right - text_width(percent, style.text), baseline, percent, style.text, WHITE, opacity)


def _draw_stacked_bar(canvas: Canvas, bar: Rect, face: Face) -> None:
    # Drawn from the last segment to the first, each over the one before, so that only the ends of the bar are round.
    end = 1.0
    for emotion, fraction in reversed(list(face.composition.items())):
        canvas.fill(bar, (bar[3] - bar[1]) / 2, hex_to_rgb(emotion.color), max_x=bar[0] + end * (bar[2] - bar[0]))
        end -= fraction
