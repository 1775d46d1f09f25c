"""The shipped description, and the validation of others."""

import json
from copy import deepcopy
from importlib.resources import files
from typing import Any

import pytest

from mememoji.drawing.memes.description import load_meme_description, parse_meme_description
from mememoji.emotions import EMOTIONS, Emotion

SQUARE = "M-10 -10 C-10 0 -10 0 -10 10 C0 10 0 10 10 10 C10 0 10 -10 -10 -10 Z"
LINE = "M-10 5 C-5 5 5 5 10 5"
SMALL: dict[str, Any] = {
    "view_box": [-20, -20, 40, 40],
    "head": [-10, -10, 20, 20],
    "contrast": 1,
    "boldness": 0.5,
    "layers": [
        {"name": "head", "path": SQUARE, "fill": "#ffcc00"},
        {"name": "mouth", "path": {"neutral": LINE, "happy": "M-10 0 C-5 9 5 9 10 0"}, "stroke": "#000000", "width": 2},
    ],
}


def shipped() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(files("mememoji.drawing.memes").joinpath("meme.json").read_text("utf-8"))
    return content


def change(layer: int, **fields: Any) -> dict[str, Any]:
    content = deepcopy(SMALL)
    content["layers"][layer].update(fields)
    return content


def test_load_meme_description_shipped_file_is_small_and_valid() -> None:
    assert len(json.dumps(shipped())) < 20_000
    names = [layer.name for layer in load_meme_description().layers]
    assert {"head", "brow", "eye", "lid", "pupil", "mouth", "cheek", "tear", "furrow"} <= set(names)


def test_shipped_tuft_has_the_colors_of_the_emotions() -> None:
    (fill,) = [layer["fill"] for layer in shipped()["layers"] if layer["name"] == "tuft"]
    assert fill == {emotion.value: emotion.color for emotion in EMOTIONS}


def test_parse_meme_description_missing_key_value_is_that_of_neutral() -> None:
    head, mouth = parse_meme_description(SMALL).layers
    assert (head.points == head.points[0]).all()
    assert mouth.points[EMOTIONS.index(Emotion.SAD)].tolist() == [[-10, 5], [-5, 5], [5, 5], [10, 5]]
    assert mouth.points[EMOTIONS.index(Emotion.HAPPY)].tolist() == [[-10, 0], [-5, 9], [5, 9], [10, 0]]
    assert (head.closed, mouth.closed) == (True, False)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "lacks"),
        (SMALL | {"size": 3}, "unknown fields, got .'size'."),
        (SMALL | {"contrast": -1}, "contrast must be a number in 0..4, got -1"),
        (SMALL | {"boldness": 2}, "boldness must be a number in 0..1, got 2"),
        (SMALL | {"view_box": [0, 0, 10]}, "view_box must be 4 numbers"),
        (SMALL | {"head": [0, 0, 0, 10]}, "above 0"),
        (SMALL | {"layers": [SMALL["layers"][0]] * 2}, "must be unique, got 'head' twice"),
        (change(0, name=""), "name of a layer must be"),
        (change(0, color="#000000"), "unknown fields, got .'color'."),
        (change(1, like="head"), "must have either path or like"),
        (change(1, clip="mouth"), "clip of layer 'mouth' must be the name of an earlier layer"),
        (change(0, symmetry="both"), "symmetry of layer 'head' must be one of"),
        (change(1, symmetry="joined"), "must be closed and start and end on the vertical axis"),
        (change(0, path="M0 0 L5 5"), "path of layer 'head' must be one M and then Cs"),
        (change(0, path="M0 0 C1 1 2 2 3"), "path of layer 'head' must be one M and then Cs"),
        (change(0, path=3), "path of layer 'head' must be one M and then Cs"),
        (change(1, path={"neutral": LINE, "happy": SQUARE}), "must have the same commands"),
        (change(1, path={"happy": LINE}), "must have a value for neutral"),
        (change(1, path={"neutral": LINE, "glad": LINE}), "must have a value for neutral"),
        (change(0, fill="red"), "fill of layer 'head' must be #rrggbb, or none"),
        (change(0, fill={"neutral": "none", "happy": "#000000"}), "fill of layer 'head' must be #rrggbb, or none"),
        (change(1, width=-1), "width of layer 'mouth' must be a number in 0..100"),
        (change(1, opacity={"neutral": 0, "sad": "1"}), "opacity of layer 'mouth' must be a number"),
    ],
)
def test_parse_meme_description_invalid_content_is_rejected(content: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_meme_description(content)


def test_parse_meme_description_clip_to_a_pair_needs_a_pair() -> None:
    content = change(0, symmetry="pair")
    content["layers"][1]["clip"] = "head"
    with pytest.raises(ValueError, match="clip of layer 'mouth' must not be a pair"):
        parse_meme_description(content)
