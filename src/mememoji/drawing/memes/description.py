"""The description of the meme face, `meme.json`: its format, reading and validation.

The file is one object:

    view_box    [x, y, width, height] of the drawing, in its own units; y points down
    head        [x, y, width, height] of the neutral head, which is aligned with the box of a face
    contrast    a in 0..4: how much the emotion with the highest fraction outweighs the others, see below
    boldness    b in 0..1: how much more expressive a mixture of emotions is than their mean, see below
    layers      the layers, from back to front

A layer is an object:

    name        unique among the layers
    path        its shape: SVG path data with absolute M and C only, and Z at the end of a closed shape
    like        instead of `path`: the name of an earlier layer with the same shape (the outline of a clipped part, say)
    symmetry    `pair`: drawn twice, as given and mirrored; `joined`: the half of a closed shape, from the vertical axis
                to the vertical axis, that its mirror image completes; otherwise drawn as given
    fill        `#rrggbb` or `none`
    stroke      `#rrggbb` or `none`; joins and ends are round
    width       the width of the stroke
    opacity     the opacity of fill and stroke, -8..8; the blended opacity is clipped to 0..1, so a value above 1 makes
                a layer opaque at a smaller weight, and one below 0 hides it up to a larger one
    clip        the name of an earlier layer that clips this one

`path`, `fill`, `stroke`, `width` and `opacity` are key values: either one for all emotions, or an object with one for
`neutral` and one for each emotion that differs. All paths of a layer have the same commands. The drawing of a
composition is neutral's value plus, for each emotion, its blend weight times the difference between its value and
neutral's; opacities, widths and colors are then clipped to their ranges. The key values are thus shapes that can be
drawn and edited by hand, and the drawing changes continuously with the six fractions.

The blend weight of an emotion comes from its share s of the drawing. With r the ratio of its fraction to the highest of
the six, s is r² exp(a r⁴), divided by the sum over all six: two equal fractions have equal shares, and a fraction of
three quarters has nearly the whole drawing. The weight is s (1 + b (1 - s - n)), where n is neutral's share.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal, get_args

import numpy as np

from mememoji.emotions import EMOTIONS, Emotion
from mememoji.types import Float64Array

Symmetry = Literal["none", "pair", "joined"]

_DEFAULTS: Final = {"fill": "none", "stroke": "none", "width": 0.0, "opacity": 1.0}
_LAYER_FIELDS: Final = frozenset({"name", "path", "like", "symmetry", "clip", *_DEFAULTS})
_FIELDS: Final = frozenset({"view_box", "head", "contrast", "boldness", "layers"})
_TOKEN: Final = re.compile(r"[MCZ]|-?\d+(?:\.\d+)?")
_COLOR: Final = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of the drawing with its six key values, in the order of `EMOTIONS`.

    Attributes:
        name: The unique name of the layer.
        symmetry: How the shape is mirrored.
        closed: Whether the shape is closed.
        points: (6, P, 2), the first point, then two control points and the next point of each of n curves: P = 3 n + 1.
        fill: (6, 3) RGB in 0..255, or None.
        stroke: (6, 3) RGB in 0..255, or None.
        width: (6,), the width of the stroke.
        opacity: (6,), in -8..8.
        clip: The name of the layer that clips this one, or None.
    """

    name: str
    symmetry: Symmetry
    closed: bool
    points: Float64Array
    fill: Float64Array | None
    stroke: Float64Array | None
    width: Float64Array
    opacity: Float64Array
    clip: str | None


@dataclass(frozen=True, slots=True)
class MemeDescription:
    """The validated description of a meme face; the fields are those of the file."""

    view_box: tuple[float, float, float, float]
    head: tuple[float, float, float, float]
    contrast: float
    boldness: float
    layers: tuple[Layer, ...]


@cache
def load_meme_description() -> MemeDescription:
    """Return the shipped description, which is read once."""
    text = files(__package__).joinpath("meme.json").read_text(encoding="utf-8")
    return parse_meme_description(json.loads(text))


def parse_meme_description(content: Mapping[str, Any]) -> MemeDescription:
    """Validate a description and convert its paths and colors to arrays.

    Raises:
        ValueError: The description does not have the format above; the message names the layer and the field.
    """
    _check_fields("the description", content, _FIELDS, required=_FIELDS)
    contrast = _parse_number("contrast", content["contrast"], 0, 4)
    boldness = _parse_number("boldness", content["boldness"], 0, 1)
    view_box = _parse_rectangle("view_box", content["view_box"])
    axis = view_box[0] + view_box[2] / 2
    layers: dict[str, Layer] = {}
    for item in content["layers"]:
        layer = _parse_layer(item, layers)
        if layer.symmetry == "joined" and not (layer.closed and np.all(layer.points[:, [0, -1], 0] == axis)):
            raise ValueError(
                f"path of joined layer {layer.name!r} must be closed and start and end on the vertical axis"
            )
        if layer.name in layers:
            raise ValueError(f"layer names must be unique, got {layer.name!r} twice")
        layers[layer.name] = layer
    return MemeDescription(
        view_box,
        _parse_rectangle("head", content["head"]),
        contrast,
        boldness,
        tuple(layers.values()),
    )


def _parse_layer(item: Mapping[str, Any], earlier: Mapping[str, Layer]) -> Layer:
    name = item.get("name")
    if not isinstance(name, str) or not name:
        raise ValueError(f"name of a layer must be a non-empty string, got {name!r}")
    _check_fields(f"layer {name!r}", item, _LAYER_FIELDS)
    if ("path" in item) == ("like" in item):
        raise ValueError(f"layer {name!r} must have either path or like")
    for field in ("like", "clip"):
        if field in item and item[field] not in earlier:
            raise ValueError(f"{field} of layer {name!r} must be the name of an earlier layer, got {item[field]!r}")
    if "like" in item:
        model = earlier[item["like"]]
        points, closed, symmetry = model.points, model.closed, model.symmetry
        if "symmetry" in item:
            raise ValueError(f"layer {name!r} must not have symmetry, because it is like {model.name!r}")
    else:
        symmetry = item.get("symmetry", "none")
        if symmetry not in get_args(Symmetry):
            raise ValueError(f"symmetry of layer {name!r} must be one of {get_args(Symmetry)}, got {symmetry!r}")
        paths = [_parse_path(f"path of layer {name!r}", value) for value in _key_values(name, "path", item["path"])]
        if len({(len(path), is_closed) for path, is_closed in paths}) > 1:
            raise ValueError(f"the paths of layer {name!r} must have the same commands")
        points, closed = np.stack([path for path, _ in paths]), paths[0][1]  # (6, P, 2)
    clip = item.get("clip")
    if clip is not None and (earlier[clip].symmetry == "pair" and symmetry != "pair"):
        raise ValueError(f"clip of layer {name!r} must not be a pair unless the layer is one, got {clip!r}")
    values = {field: _key_values(name, field, item.get(field, default)) for field, default in _DEFAULTS.items()}
    return Layer(
        name,
        symmetry,
        closed,
        points,
        _parse_colors(name, "fill", values["fill"]),
        _parse_colors(name, "stroke", values["stroke"]),
        np.array([_parse_number(f"width of layer {name!r}", value, 0, 100) for value in values["width"]]),
        np.array([_parse_number(f"opacity of layer {name!r}", value, -8, 8) for value in values["opacity"]]),
        clip,
    )


def _check_fields(
    name: str, item: Mapping[str, Any], fields: frozenset[str], required: frozenset[str] = frozenset()
) -> None:
    if unknown := set(item) - fields:
        raise ValueError(f"{name} must not have unknown fields, got {sorted(unknown)}")
    if missing := required - set(item):
        raise ValueError(f"{name} must have the fields {sorted(required)}; it lacks {sorted(missing)}")


def _key_values(name: str, field: str, value: Any) -> list[Any]:
    """Return the value of each emotion; emotions without one have the value of neutral."""
    if not isinstance(value, Mapping):
        return [value] * len(EMOTIONS)
    if Emotion.NEUTRAL not in value or set(value) - set(EMOTIONS):
        raise ValueError(
            f"{field} of layer {name!r} must have a value for neutral and none but for emotions, got {list(value)}"
        )
    return [value.get(emotion, value[Emotion.NEUTRAL]) for emotion in EMOTIONS]


def _parse_path(name: str, text: Any) -> tuple[Float64Array, bool]:
    tokens = _TOKEN.findall(text) if isinstance(text, str) else []
    closed = tokens[-1:] == ["Z"]
    numbers = [token for token in tokens if token not in {"M", "C", "Z"}]
    commands = "".join(token if token in {"M", "C", "Z"} else "n" for token in tokens)
    if not re.fullmatch(r"Mnn(Cnnnnnn)+Z?", commands) or _TOKEN.sub("", str(text)).strip(" ,\n"):
        raise ValueError(f"{name} must be one M and then Cs with six numbers each, got {text!r}")
    return np.array(numbers, np.float64).reshape(-1, 2), closed  # (P, 2)


def _parse_colors(name: str, field: str, values: list[Any]) -> Float64Array | None:
    if all(value == "none" for value in values):
        return None
    for value in values:
        if not isinstance(value, str) or not _COLOR.fullmatch(value):
            raise ValueError(f"{field} of layer {name!r} must be #rrggbb, or none for all emotions, got {value!r}")
    return np.array([list(bytes.fromhex(value[1:])) for value in values], np.float64)  # (6, 3)


def _parse_number(name: str, value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ValueError(f"{name} must be a number in {low}..{high}, got {value!r}")
    return float(value)


def _parse_numbers(name: str, values: Sequence[Any], count: int) -> tuple[float, ...]:
    if len(values) != count:
        raise ValueError(f"{name} must be {count} numbers, got {values!r}")
    return tuple(_parse_number(name, value, -10_000, 10_000) for value in values)


def _parse_rectangle(name: str, values: Sequence[Any]) -> tuple[float, float, float, float]:
    x, y, width, height = _parse_numbers(name, values, 4)
    if width <= 0 or height <= 0:
        raise ValueError(f"{name} must have a width and a height above 0, got {values!r}")
    return x, y, width, height
