"""The classifiers in the package, each held to its own golden outputs."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.classification.preprocess import crop_faces
from mememoji.classification.shipped_classifiers import (
    DEFAULT,
    classifier_names,
    find_weights,
    shipped_classifier,
    shipped_weights,
)
from mememoji.errors import InputError
from mememoji.image_io import read_image
from mememoji.results import Box

Golden = dict[str, npt.NDArray[Any]]

TOLERANCE = 0.03
"""Of a probability. The weights' integers are the same everywhere, but other CPU round differently between them:
float arithmetic in place of every 8-bit operation moves no probability of 1,024 val images by more than 0.013."""


MAX_BYTES = {"compact": 5_000_000, "nano": 300_000}
MAX_PARAMETERS = {"compact": 2_500_000, "nano": 300_000}


@pytest.fixture(scope="module", params=classifier_names())
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def classifier(name: str) -> OnnxClassifier:
    return shipped_classifier(name)


@pytest.fixture(scope="module")
def golden(name: str) -> Golden:
    with np.load(Path(__file__).with_name(f"golden-{name}.npz")) as content:
        return dict(content)


def test_the_default_comes_first() -> None:
    assert classifier_names()[0] == DEFAULT
    assert set(classifier_names()) <= set(MAX_BYTES)


def test_every_classifier_is_found_by_its_name(name: str) -> None:
    assert find_weights(name) == shipped_weights(name)
    assert shipped_weights(name).stem == name
    assert find_weights() == shipped_weights() == shipped_weights(DEFAULT)


@pytest.mark.parametrize("path", [Path("net.onnx"), Path("compact"), "runs/net.onnx"], ids=repr)
def test_a_path_stays_a_path(path: str | Path) -> None:
    assert find_weights(path) == Path(path)


@pytest.mark.parametrize("unknown", ["", "micro", "Compact", "../shipped/compact", "compact.card"])
def test_an_unknown_name_is_refused_with_the_known_ones(unknown: str) -> None:
    known = ", ".join(repr(name) for name in classifier_names())
    told = f"must be one of {known}, or the path of a weights file (.onnx), got {unknown!r}"
    with pytest.raises(InputError, match=re.escape(told)):
        find_weights(unknown)


def test_they_are_small_enough_for_the_wheel(name: str) -> None:
    assert shipped_weights(name).stat().st_size <= MAX_BYTES[name]


def test_their_card_tells_what_they_are(name: str, classifier: OnnxClassifier) -> None:
    card = classifier.card
    assert card.name.startswith(f"{name}-")
    assert card.parameters <= MAX_PARAMETERS[name]
    assert set(card.outputs) == {"labels", "votes"}
    assert card.scores["val"]
    assert card.trained_on
    assert card.license


def test_the_golden_answers_are_of_these_weights(classifier: OnnxClassifier, golden: Golden) -> None:
    assert golden["sha256"] == classifier.card.sha256


@pytest.mark.parametrize("head", ["labels", "votes"])
def test_golden_answers(classifier: OnnxClassifier, golden: Golden, head: str) -> None:
    prediction = classifier.classify(golden["crops"])
    np.testing.assert_allclose(getattr(prediction, head), golden[head], atol=TOLERANCE)


def test_the_golden_face_is_still_cut_like_this(
    classifier: OnnxClassifier, golden: Golden, astronaut_path: Path
) -> None:
    box = Box(*(int(value) for value in golden["face"]))
    crop = crop_faces(read_image(astronaut_path), [box], margin=0.0)[0]
    # One level: OpenCV's versions round differently when they resize.
    np.testing.assert_allclose(crop.astype(int), golden["crops"][-1].astype(int), atol=1)


def test_the_golden_face_is_happy(classifier: OnnxClassifier, golden: Golden) -> None:
    prediction = classifier.classify(golden["crops"][-1:])
    assert prediction.compositions()[0].argmax() == 2


def test_faces_are_told_from_noise(classifier: OnnxClassifier, golden: Golden) -> None:
    likeness = classifier.classify(golden["crops"]).face_likeness()
    assert likeness is not None
    assert likeness[-1] > likeness[:-1].max()
