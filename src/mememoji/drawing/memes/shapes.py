"""The meme face of a composition as shapes: cubic Bézier curves with colors."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from mememoji.drawing.canvas import Color
from mememoji.drawing.memes.description import Layer, MemeDescription, load_meme_description
from mememoji.emotions import EMOTIONS, Emotion
from mememoji.types import Float64Array

_NEUTRAL: Final = EMOTIONS.index(Emotion.NEUTRAL)


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape of a meme face; later shapes are drawn over earlier ones.

    Attributes:
        name: The name of the layer, with `:left` or `:right` (in the image) for one of a pair.
        points: (P, 2), the first point, then two control points and the next point of each of n curves: P = 3 n + 1.
        closed: Whether the stroke connects the last point with the first; a fill always does.
        fill: The color of the fill, or None.
        stroke: The color of the stroke, which is drawn over the fill and centered on the outline, or None.
        stroke_width: The width of the stroke in the units of the drawing; ends and joins are round.
        opacity: The opacity of fill and stroke in 0..1.
        clip: The points of the closed shape that clips this one, or None.
    """

    name: str
    points: Float64Array
    closed: bool
    fill: Color | None
    stroke: Color | None
    stroke_width: float
    opacity: float
    clip: Float64Array | None


def blend_weights(composition: Mapping[Emotion, float], contrast: float, boldness: float) -> Float64Array:
    """Compute the blend weight of each emotion, as the format of the description defines it.

    A pure emotion has weight 1. The emotion with the highest fraction outweighs the others by more than its fraction
    does, so that the drawing shows the top emotion. Two emotions in equal fractions have weights above one half, so
    that a mixture is more expressive than the mean of its emotions; neutral does not take part in this.

    Args:
        composition: The six fractions, which sum to 1.
        contrast: The contrast in 0..4.
        boldness: The boldness in 0..1.

    Returns:
        (6,) in the order of `EMOTIONS`.
    """
    fractions = np.array([composition[emotion] for emotion in EMOTIONS], np.float64)
    ratios = fractions / fractions.max()
    shares = ratios**2 * np.exp(contrast * ratios**4)
    shares /= shares.sum()
    others = 1 - shares - shares[_NEUTRAL]
    others[_NEUTRAL] = 0
    return np.asarray(shares * (1 + boldness * others))


def meme_shapes(composition: Mapping[Emotion, float]) -> list[Shape]:
    """Return the shapes of the meme face of a composition, from back to front.

    The shapes and their order are always the same; invisible ones have an opacity of 0.

    Args:
        composition: The six fractions, which sum to 1.
    """
    return _blender().shapes(composition)


@cache
def _blender() -> "MemeBlender":
    return MemeBlender(load_meme_description())


class MemeBlender:
    """A blender of the key values of a description, held in one matrix, so that a face costs one matrix product.

    Args:
        description: The description of the meme face.
    """

    def __init__(self, description: MemeDescription) -> None:
        self._contrast, self._boldness = description.contrast, description.boldness
        axis = description.view_box[0] + description.view_box[2] / 2
        self._shapes: list[tuple[str, Layer, str | None]] = []
        columns: list[Float64Array] = []
        for layer in description.layers:
            for name, points in _mirror_layer(layer, axis):
                side = name.removeprefix(layer.name)
                paired = any(name == f"{layer.clip}{side}" for name, _, _ in self._shapes)
                clip = layer.clip and (layer.clip + side if paired else layer.clip)
                self._shapes.append((name, layer, clip))
                colors = [color for color in (layer.fill, layer.stroke) if color is not None]
                columns += [points.reshape(6, -1), layer.width[:, None], layer.opacity[:, None], *colors]
        self._splits = np.cumsum([column.shape[1] for column in columns])[:-1]
        table = np.hstack(columns)
        self._neutral = table[_NEUTRAL]
        self._offsets = table - self._neutral

    def shapes(self, composition: Mapping[Emotion, float]) -> list[Shape]:
        """Return the shapes of a composition; see `meme_shapes`."""
        weights = blend_weights(composition, self._contrast, self._boldness)
        values = iter(np.split(self._neutral + weights @ self._offsets, self._splits))
        shapes: dict[str, Shape] = {}
        for name, layer, clip in self._shapes:
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


def _mirror_layer(layer: Layer, axis: float) -> list[tuple[str, Float64Array]]:
    """Return the names and points (6, P, 2) of the shapes of a layer: two for a pair, else one."""
    if layer.symmetry == "none":
        return [(layer.name, layer.points)]
    mirrored = layer.points * (-1, 1) + (2 * axis, 0)
    if layer.symmetry == "pair":
        return [(f"{layer.name}:left", layer.points), (f"{layer.name}:right", mirrored)]
    return [(layer.name, np.concatenate([layer.points, mirrored[:, -2::-1]], axis=1))]


def _color(values: Float64Array) -> Color:
    red, green, blue = np.floor(np.clip(values, 0, 255) + 0.5).astype(int).tolist()
    return red, green, blue
