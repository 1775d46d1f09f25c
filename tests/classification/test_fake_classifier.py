"""The fake classifier."""

import numpy as np
import pytest

from mememoji.classification.fake_classifier import FakeClassifier


@pytest.mark.parametrize("count", [0, 1, 5])
def test_compositions_start_over_when_they_run_out(count: int) -> None:
    classifier = FakeClassifier({"happy": 0.75, "sad": 0.25}, {"fear": 1.0})
    compositions = classifier.classify(np.zeros((count, 48, 48), np.uint8)).compute_compositions()
    given = np.array([[0, 0, 0.75, 0.25, 0, 0], [0, 1, 0, 0, 0, 0]])
    np.testing.assert_allclose(compositions, given[np.arange(count) % 2], atol=1e-6)


def test_every_emotion_can_be_given() -> None:
    given = {"angry": 0.1, "fear": 0.15, "happy": 0.2, "sad": 0.25, "surprise": 0.05, "neutral": 0.25}
    composition = FakeClassifier(given).classify(np.zeros((1, 48, 48), np.uint8)).compute_compositions()[0]
    np.testing.assert_allclose(composition, list(given.values()), atol=1e-6)


@pytest.mark.parametrize("score", [0.0, 0.3, 1.0])
def test_face_score_is_given(score: float) -> None:
    prediction = FakeClassifier({"happy": 1.0}, face_score=score).classify(np.zeros((2, 48, 48), np.uint8))
    found = prediction.compute_face_scores()
    assert found is not None
    np.testing.assert_allclose(found, score, atol=1e-6)


def test_invalid_arguments_raise() -> None:
    with pytest.raises(ValueError, match="at least one"):
        FakeClassifier()
    with pytest.raises(ValueError, match="sum to 1"):
        FakeClassifier({"happy": 0.5})
    with pytest.raises(ValueError, match="joy"):
        FakeClassifier({"joy": 1.0})
    with pytest.raises(ValueError, match="face_score"):
        FakeClassifier({"happy": 1.0}, face_score=1.5)
