import numpy as np
import pytest

from mememoji.classification.onnx_classifier import Prediction
from mememoji.emotions import EMOTIONS, FER2013_LABELS
from mememoji.evaluation.classification.readings import (
    COMPOSITION,
    LABELS_SEVEN,
    LABELS_SIX,
    compare,
    readings,
    score_reading,
)

VOTES = np.full((2, 10), 0.1, np.float32)
# More angry and disgust together than fear, but neither alone.
LABELS = np.array([[0.3, 0.3, 0.4, 0, 0, 0, 0], [0, 0, 0, 1, 0, 0, 0]], np.float32)
TRUTH = np.array([FER2013_LABELS.index("disgust"), FER2013_LABELS.index("happy")])


def test_no_face_has_readings_too() -> None:
    nothing = readings(Prediction(LABELS[:0], VOTES[:0]))

    assert list(nothing) == [COMPOSITION, LABELS_SIX, LABELS_SEVEN]
    scores = score_reading(nothing[COMPOSITION], TRUTH[:0], no_face=TRUTH)
    assert (scores.scores.accuracy, scores.scores.pictures) == (0.0, 2)
    assert np.isnan(scores.calibration.expected_calibration_error)


def test_disgust_counts_as_angry_in_six_classes() -> None:
    found = readings(Prediction(LABELS, None))

    assert found[LABELS_SIX].is_right(TRUTH).tolist() == [True, True]
    assert found[LABELS_SEVEN].is_right(TRUTH).tolist() == [False, True]
    assert found[LABELS_SIX].truth(TRUTH).tolist() == [EMOTIONS.index("angry"), EMOTIONS.index("happy")]
    # Without votes the composition is made of the labels.
    assert np.array_equal(found[COMPOSITION].probabilities, found[LABELS_SIX].probabilities)


def test_predictions_are_compared_where_both_have_a_reading() -> None:
    paired = compare(Prediction(LABELS, VOTES), Prediction(None, VOTES), TRUTH, no_face=2)

    assert list(paired) == [COMPOSITION]
    assert paired[COMPOSITION].accuracy == paired[COMPOSITION].accuracy_against == pytest.approx(0.25)
    assert paired[COMPOSITION].test.p_value == 1.0
