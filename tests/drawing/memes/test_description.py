"""The description that ships, and what is refused."""

import json
from copy import deepcopy
from importlib.resources import files
from typing import Any

import pytest

from mememoji.drawing.memes.description import meme_description, read_description
from mememoji.emotions import EMOTIONS, Emotion

SQUARE = "M-10 -10 C-10 0 -10 0 -10 10 C0 10 0 10 10 10 C10 0 10 -10 -10 -10 Z"
LINE = "M-10 5 C-5 5 5 5 10 5"
SMALL: dict[str, Any] = {
    "view_box": [-20, -20, 40, 40],
    "head": [-10, -10, 20, 20],
    "boldness": 0.5,
    "layers": [
        {"name": "head", "path": SQUARE, "fill": "#ffcc00"},
        {"name": "mouth", "path": {"neutral": LINE, "happy": "M-10 0 C-5 9 5 9 10 0"}, "stroke": "#000000", "width": 2},
    ],
}


def shipped() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(files("mememoji.drawing.memes").joinpath("meme.json").read_text("utf-8"))
    return content


def changed(layer: int, **fields: Any) -> dict[str, Any]:
    content = deepcopy(SMALL)
    content["layers"][layer].update(fields)
    return content


def test_the_shipped_one_is_small_and_stands() -> None:
    assert len(json.dumps(shipped())) < 20_000
    names = [layer.name for layer in meme_description().layers]
    assert {"head", "brow", "eye", "lid", "pupil", "mouth", "cheek", "tear", "furrow"} <= set(names)


def test_the_tuft_has_the_emotions_colors() -> None:
    (fill,) = [layer["fill"] for layer in shipped()["layers"] if layer["name"] == "tuft"]
    assert fill == {emotion.value: emotion.color for emotion in EMOTIONS}


def test_a_key_that_an_emotion_lacks_is_neutrals() -> None:
    head, mouth = read_description(SMALL).layers
    assert (head.points == head.points[0]).all()
    assert mouth.points[EMOTIONS.index(Emotion.SAD)].tolist() == [[-10, 5], [-5, 5], [5, 5], [10, 5]]
    assert mouth.points[EMOTIONS.index(Emotion.HAPPY)].tolist() == [[-10, 0], [-5, 9], [5, 9], [10, 0]]
    assert (head.closed, mouth.closed) == (True, False)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({}, "lacks"),
        (SMALL | {"size": 3}, "mean nothing: .'size'."),
        (SMALL | {"boldness": 2}, "boldness is a number in 0..1, got 2"),
        (SMALL | {"view_box": [0, 0, 10]}, "view_box holds 4 numbers"),
        (SMALL | {"head": [0, 0, 0, 10]}, "above 0"),
        (SMALL | {"layers": [SMALL["layers"][0]] * 2}, "two layers have the name 'head'"),
        (changed(0, name=""), "a layer has a name"),
        (changed(0, color="#000000"), "mean nothing: .'color'."),
        (changed(1, like="head"), "either a path or a layer"),
        (changed(1, clip="mouth"), "clip of layer 'mouth' names an earlier layer"),
        (changed(0, symmetry="both"), "symmetry of layer 'head' is one of"),
        (changed(1, symmetry="joined"), "starts and ends on the middle line"),
        (changed(0, path="M0 0 L5 5"), "path of layer 'head' is one M and then Cs"),
        (changed(0, path="M0 0 C1 1 2 2 3"), "path of layer 'head' is one M and then Cs"),
        (changed(0, path=3), "path of layer 'head' is one M and then Cs"),
        (changed(1, path={"neutral": LINE, "happy": SQUARE}), "have the same commands"),
        (changed(1, path={"happy": LINE}), "has a value for neutral"),
        (changed(1, path={"neutral": LINE, "glad": LINE}), "has a value for neutral"),
        (changed(0, fill="red"), "fill of layer 'head' is #rrggbb or none"),
        (changed(0, fill={"neutral": "none", "happy": "#000000"}), "fill of layer 'head' is #rrggbb or none"),
        (changed(1, width=-1), "width of layer 'mouth' is a number in 0..100"),
        (changed(1, opacity={"neutral": 0, "sad": "1"}), "opacity of layer 'mouth' is a number"),
    ],
)
def test_another_is_refused(content: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read_description(content)


def test_what_is_no_pair_is_not_cut_to_one() -> None:
    content = changed(0, symmetry="pair")
    content["layers"][1]["clip"] = "head"
    with pytest.raises(ValueError, match="'mouth' is no pair and cannot be cut to one"):
        read_description(content)
