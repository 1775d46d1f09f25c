"""The meme face of a composition as SVG text."""

from collections.abc import Mapping

from mememoji.drawing.canvas import Color
from mememoji.drawing.memes.description import Floats, meme_description
from mememoji.drawing.memes.shapes import Shape, meme_shapes
from mememoji.emotions import Emotion


def meme_svg(composition: Mapping[Emotion, float], *, size: float | None = None, prefix: str = "meme") -> str:
    """An SVG document with the face of a composition on no ground.

    Args:
        composition: six fractions that sum to 1.
        size: width and height in pixels; without it the drawing fills what it is put into.
        prefix: what the identifiers inside begin with; two drawings in one page need two.
    """
    x, y, width, height = meme_description().view_box
    sides = "" if size is None else f' width="{_text(size)}" height="{_text(size * height / width)}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{" ".join(map(_text, (x, y, width, height)))}"{sides} '
        'stroke-linecap="round" stroke-linejoin="round">'
    ]
    for number, shape in enumerate(meme_shapes(composition)):
        if shape.opacity > 0:
            lines += _element(shape, f"{prefix}-{number}")
    return "\n".join([*lines, "</svg>", ""])


def path_data(points: Floats, closed: bool) -> str:
    """Curves, as `Shape` has them, in SVG's path syntax with two decimals."""
    numbers = [f"{_text(x)} {_text(y)}" for x, y in points.tolist()]
    curves = "".join(f"C{' '.join(numbers[start : start + 3])}" for start in range(1, len(numbers), 3))
    return f"M{numbers[0]}{curves}{'Z' if closed else ''}"


def _element(shape: Shape, identifier: str) -> list[str]:
    path = f'<path d="{path_data(shape.points, shape.closed)}" fill="{_hex(shape.fill)}"'
    if shape.stroke is not None:
        path += f' stroke="{_hex(shape.stroke)}" stroke-width="{_text(shape.stroke_width)}"'
    if shape.opacity < 1:
        path += f' opacity="{shape.opacity:.3f}"'
    if shape.clip is None:
        return [path + "/>"]
    clip = f'<clipPath id="{identifier}"><path d="{path_data(shape.clip, True)}"/></clipPath>'
    return [clip, f'{path} clip-path="url(#{identifier})"/>']


def _hex(color: Color | None) -> str:
    return "none" if color is None else "#{:02x}{:02x}{:02x}".format(*color)


def _text(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
