"""The meme face's description, `meme.json`: how its drawing is written down, read and checked.

The file is one object:

    view_box    [x, y, width, height] of the drawing, in its own units; y points down
    head        [x, y, width, height] of the head at rest: what is laid on a face's box
    boldness    b in the gain c (1 + b (1 - c)) with which a fraction c steers; 0 is a plain mean, at most 1
    layers      the parts, the one furthest back first

A layer is an object:

    name        told apart from the others'
    path        the shapes: SVG path data in absolute M and C only, Z at the end of a closed one
    like        instead of `path`: the name of an earlier layer whose shapes it takes (a clipped part's outline, say)
    symmetry    `pair`: drawn twice, as it stands and mirrored; `joined`: one half, from the middle line to the middle
                line, that its mirror image completes to a closed shape; else as it stands
    fill        `#rrggbb` or `none`
    stroke      `#rrggbb` or `none`; joins and ends are round
    width       the stroke's
    opacity     of fill and stroke, 0..8: a key over 1 makes a part whole early, for what is drawn is held at 1
    clip        the name of an earlier layer that it is cut to

`path`, `fill`, `stroke`, `width` and `opacity` are key values: either one for all, or an object with one for `neutral`
and one for each emotion that changes it. Paths of one layer have the same commands. A composition's drawing is
neutral's value plus, for each emotion, its gain times the difference between its value and neutral's; opacities,
widths and colors are then held inside their ranges. Keys are thus shapes that one can draw and edit, and the drawing
follows the six fractions without a step.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from mememoji.emotions import EMOTIONS, Emotion

Floats = npt.NDArray[np.float64]

Symmetry = Literal["none", "pair", "joined"]

_DEFAULTS: Final = {"fill": "none", "stroke": "none", "width": 0.0, "opacity": 1.0}
_LAYER_FIELDS: Final = frozenset({"name", "path", "like", "symmetry", "clip", *_DEFAULTS})
_FIELDS: Final = frozenset({"view_box", "head", "boldness", "layers"})
_TOKEN: Final = re.compile(r"[MCZ]|-?\d+(?:\.\d+)?")
_COLOR: Final = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class Layer:
    """One part of the drawing with its six key values, in the order of `EMOTIONS`.

    `points` is (6, P, 2): the chain's first point, then two handles and the next point for each curve, so P is
    3 n + 1. `fill` and `stroke` are (6, 3), 0..255, or None; `width` and `opacity` are (6,).
    """

    name: str
    symmetry: Symmetry
    closed: bool
    points: Floats
    fill: Floats | None
    stroke: Floats | None
    width: Floats
    opacity: Floats
    clip: str | None


@dataclass(frozen=True, slots=True)
class Description:
    """A meme face, read and checked; the fields are those of the file."""

    view_box: tuple[float, float, float, float]
    head: tuple[float, float, float, float]
    boldness: float
    layers: tuple[Layer, ...]


@cache
def meme_description() -> Description:
    """The description that ships; read once."""
    text = files(__package__).joinpath("meme.json").read_text(encoding="utf-8")
    return read_description(json.loads(text))


def read_description(content: Mapping[str, Any]) -> Description:
    """Check a description and turn its paths and colors into numbers.

    Raises:
        ValueError: it is not as this module says; the message names the layer and the field.
    """
    _known("the description", content, _FIELDS, required=_FIELDS)
    boldness = _number("boldness", content["boldness"], 0, 1)
    view_box = _rectangle("view_box", content["view_box"])
    middle = view_box[0] + view_box[2] / 2
    layers: dict[str, Layer] = {}
    for item in content["layers"]:
        layer = _layer(item, layers)
        if layer.symmetry == "joined" and not (layer.closed and np.all(layer.points[:, [0, -1], 0] == middle)):
            raise ValueError(f"path of joined layer {layer.name!r} is closed and starts and ends on the middle line")
        if layer.name in layers:
            raise ValueError(f"two layers have the name {layer.name!r}")
        layers[layer.name] = layer
    return Description(
        view_box,
        _rectangle("head", content["head"]),
        boldness,
        tuple(layers.values()),
    )


def _layer(item: Mapping[str, Any], earlier: Mapping[str, Layer]) -> Layer:
    name = item.get("name")
    if not isinstance(name, str) or not name:
        raise ValueError(f"a layer has a name, got {name!r}")
    _known(f"layer {name!r}", item, _LAYER_FIELDS)
    if ("path" in item) == ("like" in item):
        raise ValueError(f"layer {name!r} has either a path or a layer that it is like")
    for field in ("like", "clip"):
        if field in item and item[field] not in earlier:
            raise ValueError(f"{field} of layer {name!r} names an earlier layer, got {item[field]!r}")
    if "like" in item:
        model = earlier[item["like"]]
        points, closed, symmetry = model.points, model.closed, model.symmetry
        if "symmetry" in item:
            raise ValueError(f"layer {name!r} has the symmetry of {model.name!r}, and no other")
    else:
        symmetry = item.get("symmetry", "none")
        if symmetry not in get_args(Symmetry):
            raise ValueError(f"symmetry of layer {name!r} is one of {get_args(Symmetry)}, got {symmetry!r}")
        paths = [_path(f"path of layer {name!r}", value) for value in _keys(name, "path", item["path"])]
        if len({(len(path), shut) for path, shut in paths}) > 1:
            raise ValueError(f"the paths of layer {name!r} have the same commands")
        points, closed = np.stack([path for path, _ in paths]), paths[0][1]  # (6, P, 2)
    clip = item.get("clip")
    if clip is not None and (earlier[clip].symmetry == "pair" and symmetry != "pair"):
        raise ValueError(f"layer {name!r} is no pair and cannot be cut to one, {clip!r}")
    values = {field: _keys(name, field, item.get(field, default)) for field, default in _DEFAULTS.items()}
    return Layer(
        name,
        symmetry,
        closed,
        points,
        _colors(name, "fill", values["fill"]),
        _colors(name, "stroke", values["stroke"]),
        np.array([_number(f"width of layer {name!r}", value, 0, 100) for value in values["width"]]),
        np.array([_number(f"opacity of layer {name!r}", value, 0, 8) for value in values["opacity"]]),
        clip,
    )


def _known(what: str, item: Mapping[str, Any], fields: frozenset[str], required: frozenset[str] = frozenset()) -> None:
    if unknown := set(item) - fields:
        raise ValueError(f"{what} has fields that mean nothing: {sorted(unknown)}")
    if missing := required - set(item):
        raise ValueError(f"{what} lacks {sorted(missing)}")


def _keys(name: str, field: str, value: Any) -> list[Any]:
    """A value for each emotion, neutral's where an emotion has none of its own."""
    if not isinstance(value, Mapping):
        return [value] * len(EMOTIONS)
    if Emotion.NEUTRAL not in value or set(value) - set(EMOTIONS):
        raise ValueError(f"{field} of layer {name!r} has a value for neutral and else for emotions, got {list(value)}")
    return [value.get(emotion, value[Emotion.NEUTRAL]) for emotion in EMOTIONS]


def _path(what: str, text: Any) -> tuple[Floats, bool]:
    tokens = _TOKEN.findall(text) if isinstance(text, str) else []
    closed = tokens[-1:] == ["Z"]
    numbers = [token for token in tokens if token not in {"M", "C", "Z"}]
    commands = "".join(token if token in {"M", "C", "Z"} else "n" for token in tokens)
    if not re.fullmatch(r"Mnn(Cnnnnnn)+Z?", commands) or _TOKEN.sub("", str(text)).strip(" ,\n"):
        raise ValueError(f"{what} is one M and then Cs with six numbers each, got {text!r}")
    return np.array(numbers, np.float64).reshape(-1, 2), closed  # (P, 2)


def _colors(name: str, field: str, values: list[Any]) -> Floats | None:
    if all(value == "none" for value in values):
        return None
    for value in values:
        if not isinstance(value, str) or not _COLOR.fullmatch(value):
            raise ValueError(f"{field} of layer {name!r} is #rrggbb or none for all emotions, got {value!r}")
    return np.array([list(bytes.fromhex(value[1:])) for value in values], np.float64)  # (6, 3)


def _number(what: str, value: Any, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(f"{what} is a number in {least}..{most}, got {value!r}")
    return float(value)


def _numbers(what: str, values: Sequence[Any], count: int) -> tuple[float, ...]:
    if len(values) != count:
        raise ValueError(f"{what} holds {count} numbers, got {values!r}")
    return tuple(_number(what, value, -10_000, 10_000) for value in values)


def _rectangle(what: str, values: Sequence[Any]) -> tuple[float, float, float, float]:
    x, y, width, height = _numbers(what, values, 4)
    if width <= 0 or height <= 0:
        raise ValueError(f"{what} has a width and a height above 0, got {values!r}")
    return x, y, width, height
