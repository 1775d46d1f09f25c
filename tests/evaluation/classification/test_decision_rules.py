import numpy as np
import pytest

from mememoji.classification.face_classifier import Prediction
from mememoji.emotions import EMOTIONS, FER2013_LABELS
from mememoji.evaluation.classification.decision_rules import (
    COMPOSITION,
    LABELS_FER7,
    LABELS_SIX,
    apply_decision_rules,
    compare,
    score_rule,
)

VOTES = np.full((2, 10), 0.1, np.float32)
# More angry and disgust together than fear, but neither alone.
LABELS = np.array([[0.3, 0.3, 0.4, 0, 0, 0, 0], [0, 0, 0, 1, 0, 0, 0]], np.float32)
TRUTH = np.array([FER2013_LABELS.index("disgust"), FER2013_LABELS.index("happy")])


def test_rules_of_no_face_score_missed_faces() -> None:
    empty = apply_decision_rules(Prediction(LABELS[:0], VOTES[:0]))

    assert list(empty) == [COMPOSITION, LABELS_SIX, LABELS_FER7]
    scores = score_rule(empty[COMPOSITION], TRUTH[:0], no_face=TRUTH)
    assert (scores.scores.accuracy, scores.scores.images) == (0.0, 2)
    assert np.isnan(scores.calibration.expected_calibration_error)


def test_six_classes_count_disgust_as_angry() -> None:
    found = apply_decision_rules(Prediction(LABELS, None))

    assert found[LABELS_SIX].is_correct(TRUTH).tolist() == [True, True]
    assert found[LABELS_FER7].is_correct(TRUTH).tolist() == [False, True]
    assert found[LABELS_SIX].map_labels(TRUTH).tolist() == [EMOTIONS.index("angry"), EMOTIONS.index("happy")]
    # Without votes the composition is derived from the labels.
    assert np.array_equal(found[COMPOSITION].probabilities, found[LABELS_SIX].probabilities)


def test_compare_uses_the_rules_of_both_predictions() -> None:
    paired = compare(Prediction(LABELS, VOTES), Prediction(None, VOTES), TRUTH, num_no_face=2)

    assert list(paired) == [COMPOSITION]
    assert paired[COMPOSITION].accuracy == paired[COMPOSITION].accuracy_against == pytest.approx(0.25)
    assert paired[COMPOSITION].test.p_value == 1.0
