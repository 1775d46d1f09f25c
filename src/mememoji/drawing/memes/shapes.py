"""The meme face of a composition, as shapes: cubic Bézier curves with their colors."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from mememoji.drawing.canvas import Color
from mememoji.drawing.memes.description import Description, Floats, Layer, meme_description
from mememoji.emotions import EMOTIONS, Emotion

_NEUTRAL: Final = EMOTIONS.index(Emotion.NEUTRAL)


@dataclass(frozen=True, slots=True)
class Shape:
    """One part of a drawn face, to be painted over those before it.

    Attributes:
        name: the layer's, with `:left` or `:right` (in the image) for one of a pair.
        points: (P, 2), P = 3 n + 1: a point, then two handles and the next point for each of n cubic curves.
        closed: the last point meets the first; a fill closes an open shape too, a stroke does not.
        fill, stroke: None where there is none. The stroke lies over the fill, its middle on the edge.
        stroke_width: in the drawing's units; ends and joins are round.
        opacity: 0..1.
        clip: the points of the closed shape that this one is cut to, or None.
    """

    name: str
    points: Floats
    closed: bool
    fill: Color | None
    stroke: Color | None
    stroke_width: float
    opacity: float
    clip: Floats | None


def steering(composition: Mapping[Emotion, float], boldness: float) -> Floats:
    """How far each emotion pulls the drawing, (6,) in the order of `EMOTIONS`: c (1 + b (1 - c)) of its fraction c.

    An emotion alone pulls by 1; of two halves each pulls by more than a half, so that a mix is not a timid mean.
    """
    fractions = np.array([composition[emotion] for emotion in EMOTIONS], np.float64)
    return np.asarray(fractions * (1 + boldness * (1 - fractions)))


def meme_shapes(composition: Mapping[Emotion, float]) -> list[Shape]:
    """The face of a composition, its hindmost part first.

    There are always the same shapes in the same order; one that is not to be seen has an opacity of 0.

    Args:
        composition: six fractions that sum to 1.
    """
    return _blender().shapes(composition)


@cache
def _blender() -> "Blender":
    return Blender(meme_description())


class Blender:
    """A description made ready: all its numbers in one table, so that a face costs one product.

    Args:
        description: what is drawn.
    """

    def __init__(self, description: Description) -> None:
        self._boldness = description.boldness
        middle = description.view_box[0] + description.view_box[2] / 2
        self._parts: list[tuple[str, Layer, str | None]] = []
        columns: list[Floats] = []
        for layer in description.layers:
            for name, points in _drawn(layer, middle):
                side = name.removeprefix(layer.name)
                paired = any(name == f"{layer.clip}{side}" for name, _, _ in self._parts)
                clip = layer.clip and (layer.clip + side if paired else layer.clip)
                self._parts.append((name, layer, clip))
                colors = [color for color in (layer.fill, layer.stroke) if color is not None]
                columns += [points.reshape(6, -1), layer.width[:, None], layer.opacity[:, None], *colors]
        self._ends = np.cumsum([column.shape[1] for column in columns])[:-1]
        table = np.hstack(columns)
        self._rest = table[_NEUTRAL]
        self._pulls = table - self._rest

    def shapes(self, composition: Mapping[Emotion, float]) -> list[Shape]:
        """The shapes of a composition; see `meme_shapes`."""
        values = iter(np.split(self._rest + steering(composition, self._boldness) @ self._pulls, self._ends))
        shapes: dict[str, Shape] = {}
        for name, layer, clip in self._parts:
            points, width, opacity = next(values).reshape(-1, 2), next(values), next(values)
            shapes[name] = Shape(
                name,
                points,
                layer.closed,
                None if layer.fill is None else _color(next(values)),
                None if layer.stroke is None else _color(next(values)),
                max(float(width[0]), 0.0),
                min(max(float(opacity[0]), 0.0), 1.0),
                None if clip is None else shapes[clip].points,
            )
        return list(shapes.values())


def _drawn(layer: Layer, middle: float) -> list[tuple[str, Floats]]:
    """What a layer draws, as names and points (6, P, 2): a pair is two shapes, a joined half one with its mirror."""
    if layer.symmetry == "none":
        return [(layer.name, layer.points)]
    mirrored = layer.points * (-1, 1) + (2 * middle, 0)
    if layer.symmetry == "pair":
        return [(f"{layer.name}:left", layer.points), (f"{layer.name}:right", mirrored)]
    return [(layer.name, np.concatenate([layer.points, mirrored[:, -2::-1]], axis=1))]


def _color(values: Floats) -> Color:
    red, green, blue = np.floor(np.clip(values, 0, 255) + 0.5).astype(int).tolist()
    return red, green, blue
