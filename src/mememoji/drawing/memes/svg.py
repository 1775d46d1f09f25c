"""The meme face of a composition as SVG text."""

from collections.abc import Mapping

from mememoji.drawing.canvas import Color
from mememoji.drawing.memes.description import load_meme_description
from mememoji.drawing.memes.shapes import Shape, meme_shapes
from mememoji.emotions import Emotion
from mememoji.types import Float64Array


def meme_svg(composition: Mapping[Emotion, float], *, size: float | None = None, prefix: str = "meme") -> str:
    """Return an SVG document with the meme face of a composition on a transparent background.

    Args:
        composition: The six fractions, which sum to 1.
        size: The width in pixels; None lets the drawing fill its container.
        prefix: The prefix of the identifiers in the document; drawings on the same page need different ones.

    Example:
        >>> from mememoji import Composition
        >>> happy = Composition.from_fractions([0, 0, 0.8, 0, 0, 0.2])
        >>> meme_svg(happy, size=200)[:78]
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-14 -22 228 228" width="200" '
    """
    x, y, width, height = load_meme_description().view_box
    size_attributes = (
        "" if size is None else f' width="{_format_number(size)}" height="{_format_number(size * height / width)}"'
    )
    view_box = " ".join(map(_format_number, (x, y, width, height)))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view_box}"{size_attributes} '
        'stroke-linecap="round" stroke-linejoin="round">'
    ]
    for number, shape in enumerate(meme_shapes(composition)):
        if shape.opacity > 0:
            lines += _path_element(shape, f"{prefix}-{number}")
    return "\n".join([*lines, "</svg>", ""])


def path_data(points: Float64Array, closed: bool) -> str:
    """Return the points of a `Shape` as SVG path data with two decimals."""
    numbers = [f"{_format_number(x)} {_format_number(y)}" for x, y in points.tolist()]
    segments = "".join(f"C{' '.join(numbers[start : start + 3])}" for start in range(1, len(numbers), 3))
    return f"M{numbers[0]}{segments}{'Z' if closed else ''}"


def _path_element(shape: Shape, identifier: str) -> list[str]:
    path = f'<path d="{path_data(shape.points, shape.closed)}" fill="{_hex(shape.fill)}"'
    if shape.stroke is not None:
        path += f' stroke="{_hex(shape.stroke)}" stroke-width="{_format_number(shape.stroke_width)}"'
    if shape.opacity < 1:
        path += f' opacity="{shape.opacity:.3f}"'
    if shape.clip is None:
        return [path + "/>"]
    clip = f'<clipPath id="{identifier}"><path d="{path_data(shape.clip, True)}"/></clipPath>'
    return [clip, f'{path} clip-path="url(#{identifier})"/>']


def _hex(color: Color | None) -> str:
    return "none" if color is None else "#{:02x}{:02x}{:02x}".format(*color)


def _format_number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
