"""The shipped classifiers and their golden outputs."""

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
    find_shipped_weights,
    find_weights,
    list_classifiers,
    load_shipped_classifier,
)
from mememoji.errors import InputError
from mememoji.image_io import read_image
from mememoji.results import Box, Detection

Golden = dict[str, npt.NDArray[Any]]

TOLERANCE = 0.03
"""The tolerance of a probability. The integers of the weights are fixed, but CPUs round differently between them: float
arithmetic instead of 8-bit arithmetic changes no probability of 1,024 val images by more than 0.013."""


MAX_BYTES = {"compact": 5_000_000, "nano": 300_000}
MAX_PARAMETERS = {"compact": 2_500_000, "nano": 300_000}


@pytest.fixture(scope="module", params=list_classifiers())
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def classifier(name: str) -> OnnxClassifier:
    return load_shipped_classifier(name)


@pytest.fixture(scope="module")
def golden(name: str) -> Golden:
    with np.load(Path(__file__).with_name(f"golden-{name}.npz")) as content:
        return dict(content)


def test_list_classifiers_starts_with_the_default() -> None:
    assert list_classifiers()[0] == DEFAULT
    assert set(list_classifiers()) <= set(MAX_BYTES)


def test_find_weights_finds_a_classifier_by_name(name: str) -> None:
    assert find_weights(name) == find_shipped_weights(name)
    assert find_shipped_weights(name).stem == name
    assert find_weights() == find_shipped_weights() == find_shipped_weights(DEFAULT)


@pytest.mark.parametrize("path", [Path("net.onnx"), Path("compact"), "runs/net.onnx"], ids=repr)
def test_find_weights_returns_a_path_unchanged(path: str | Path) -> None:
    assert find_weights(path) == Path(path)


@pytest.mark.parametrize("unknown", ["", "micro", "Compact", "../shipped/compact", "compact.card"])
def test_find_weights_of_an_unknown_name_raises(unknown: str) -> None:
    known = ", ".join(repr(name) for name in list_classifiers())
    message = f"must be one of {known}, or the path of a weights file (.onnx), got {unknown!r}"
    with pytest.raises(InputError, match=re.escape(message)):
        find_weights(unknown)


def test_weights_are_small_enough_for_the_wheel(name: str) -> None:
    assert find_shipped_weights(name).stat().st_size <= MAX_BYTES[name]


def test_card_describes_the_weights(name: str, classifier: OnnxClassifier) -> None:
    card = classifier.card
    assert card.name.startswith(f"{name}-")
    assert card.num_parameters <= MAX_PARAMETERS[name]
    assert set(card.outputs) == {"labels", "votes"}
    assert card.scores["val"]
    assert card.trained_on
    assert card.license


def test_golden_file_belongs_to_the_weights(classifier: OnnxClassifier, golden: Golden) -> None:
    assert golden["sha256"] == classifier.card.sha256


@pytest.mark.parametrize("head", ["labels", "votes"])
def test_golden_outputs(classifier: OnnxClassifier, golden: Golden, head: str) -> None:
    prediction = classifier.classify(golden["crops"])
    np.testing.assert_allclose(getattr(prediction, head), golden[head], atol=TOLERANCE)


def test_golden_face_is_cropped_equally(classifier: OnnxClassifier, golden: Golden, astronaut_path: Path) -> None:
    box = Box(*(int(value) for value in golden["face"]))
    crop = crop_faces(read_image(astronaut_path), [Detection(box)], margin=0.0)[0]
    # One level, because versions of OpenCV round differently when they resize.
    np.testing.assert_allclose(crop.astype(int), golden["crops"][-1].astype(int), atol=1)


def test_golden_face_is_happy(classifier: OnnxClassifier, golden: Golden) -> None:
    prediction = classifier.classify(golden["crops"][-1:])
    assert prediction.compute_compositions()[0].argmax() == 2


def test_face_score_is_higher_than_that_of_noise(classifier: OnnxClassifier, golden: Golden) -> None:
    face_scores = classifier.classify(golden["crops"]).compute_face_scores()
    assert face_scores is not None
    assert face_scores[-1] > face_scores[:-1].max()
