"""The classifier that says what it was told to."""

import numpy as np
import pytest

from mememoji.classification.fake_classifier import FixedClassifier


@pytest.mark.parametrize("count", [0, 1, 5])
def test_answers_go_round(count: int) -> None:
    classifier = FixedClassifier({"happy": 0.75, "sad": 0.25}, {"fear": 1.0})
    compositions = classifier.classify(np.zeros((count, 48, 48), np.uint8)).compositions()
    told = np.array([[0, 0, 0.75, 0.25, 0, 0], [0, 1, 0, 0, 0, 0]])
    np.testing.assert_allclose(compositions, told[np.arange(count) % 2], atol=1e-6)


def test_every_emotion_can_be_told() -> None:
    told = {"angry": 0.1, "fear": 0.15, "happy": 0.2, "sad": 0.25, "surprise": 0.05, "neutral": 0.25}
    composition = FixedClassifier(told).classify(np.zeros((1, 48, 48), np.uint8)).compositions()[0]
    np.testing.assert_allclose(composition, list(told.values()), atol=1e-6)


@pytest.mark.parametrize("likeness", [0.0, 0.3, 1.0])
def test_face_likeness_is_told(likeness: float) -> None:
    prediction = FixedClassifier({"happy": 1.0}, face_likeness=likeness).classify(np.zeros((2, 48, 48), np.uint8))
    found = prediction.face_likeness()
    assert found is not None
    np.testing.assert_allclose(found, likeness, atol=1e-6)


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        FixedClassifier()
    with pytest.raises(ValueError, match="sum to 1"):
        FixedClassifier({"happy": 0.5})
    with pytest.raises(ValueError, match="joy"):
        FixedClassifier({"joy": 1.0})
    with pytest.raises(ValueError, match="face_likeness"):
        FixedClassifier({"happy": 1.0}, face_likeness=1.5)
