"""The weights in the package."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from mememoji.classification.classifier import OnnxClassifier
from mememoji.classification.preprocessing import crop_faces
from mememoji.classification.weights import shipped_classifier, shipped_weights
from mememoji.faces import Box
from mememoji.images import read_image

Golden = dict[str, npt.NDArray[Any]]

TOLERANCE = 0.03
"""Of a probability. The weights' integers are the same everywhere, but other processors round differently between them:
float arithmetic in place of every 8-bit operation moves no probability of 1,024 val pictures by more than 0.013."""


@pytest.fixture(scope="module")
def classifier() -> OnnxClassifier:
    return shipped_classifier()


@pytest.fixture(scope="module")
def golden() -> Golden:
    with np.load(Path(__file__).with_name("golden.npz")) as content:
        return dict(content)


def test_they_are_small_enough_for_the_wheel() -> None:
    assert shipped_weights().stat().st_size <= 5_000_000


def test_their_card_tells_what_they_are(classifier: OnnxClassifier) -> None:
    card = classifier.card
    assert card.parameters <= 2_500_000
    assert set(card.outputs) == {"labels", "votes"}
    assert card.scores["val"]
    assert card.trained_on
    assert card.licence


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
