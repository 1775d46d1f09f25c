import dataclasses
import math

import numpy as np
import numpy.typing as npt
import pytest

from mememoji.classification.face_classifier import Prediction
from mememoji.datasets.splits import Split
from mememoji.emotions import FER2013_LABELS, FERPLUS_VOTES
from mememoji.evaluation.agreement import compute_baselines
from mememoji.evaluation.classification.scores import score_prediction


def _labels(*rows: dict[str, float]) -> npt.NDArray[np.float32]:
    return np.array([[row.get(name, 0.0) for name in FER2013_LABELS] for row in rows], np.float32).reshape(-1, 7)


def _votes(*rows: dict[str, float]) -> npt.NDArray[np.float32]:
    return np.array([[row.get(name, 0.0) for name in FERPLUS_VOTES] for row in rows], np.float32).reshape(-1, 10)


def _split(labels: list[str], votes: npt.NDArray[np.float32] | None = None) -> Split:
    return Split(
        np.arange(len(labels), dtype=np.int32),
        np.zeros((len(labels), 48, 48), np.uint8),
        np.array([FER2013_LABELS.index(name) for name in labels], np.int8),
        None if votes is None else votes.astype(np.uint8),
    )


def test_scores_of_an_empty_split_are_nan() -> None:
    found = score_prediction(Prediction(_labels(), _votes()), _split([], _votes()))

    assert found.fer7 is not None
    assert found.votes is not None
    assert found.fer7.images == found.votes.six.images == 0
    assert math.isnan(found.fer7.accuracy)
    assert math.isnan(found.calibration["votes"].expected_calibration_error)


def test_six_classes_add_disgust_to_angry() -> None:
    row = {"angry": 0.3, "disgust": 0.3, "happy": 0.4}

    found = score_prediction(Prediction(_labels(row, row), None), _split(["angry", "happy"]))

    assert found.fer7 is not None
    assert found.six is not None
    assert found.fer7.recall["happy"] == 1.0
    assert found.fer7.recall["angry"] == 0.0
    assert found.six.recall["angry"] == 1.0
    assert found.six.recall["happy"] == 0.0
    assert (found.six.accuracy, found.six.top_2_accuracy, found.six.top_3_accuracy) == (0.5, 1.0, 1.0)
    assert math.isnan(found.six.recall["fear"])


def test_heads_are_scored_separately() -> None:
    labels, votes = _labels({"sad": 0.9, "happy": 0.1}), _votes({"happiness": 0.7, "sadness": 0.2, "NF": 0.1})
    split = _split(["sad"], _votes({"happiness": 8, "sadness": 2}))

    found = score_prediction(Prediction(labels, votes), split)

    assert found.six is not None
    assert found.six_from_ferplus is not None
    assert found.votes is not None
    assert found.votes.majority is not None
    assert found.votes.eight is not None
    assert (found.six.accuracy, found.six_from_ferplus.accuracy, found.votes.majority.accuracy) == (1.0, 0.0, 1.0)
    assert found.votes.eight.total_variation == pytest.approx(abs(0.7 / 0.9 - 0.8))
    assert found.votes.six.total_variation == pytest.approx(abs(0.7 / 0.9 - 0.8), abs=1e-6)
    assert found.calibration["labels"].expected_calibration_error == pytest.approx(0.1)
    # The top class has 0.7 of the probability and eight of ten votes.
    assert found.calibration["votes"].expected_calibration_error == pytest.approx(0.1)


def test_majority_accuracy_uses_images_with_a_majority() -> None:
    votes = _votes({"fear": 6, "anger": 4}, {"fear": 5, "anger": 3, "sadness": 1, "neutral": 1}, {"NF": 9, "fear": 1})
    predicted = np.repeat(_votes({"NF": 0.6, "fear": 0.3, "anger": 0.1}), 3, axis=0)

    found = score_prediction(Prediction(None, predicted), _split(["fear"] * 3, votes))

    assert found.votes is not None
    assert found.votes.majority is not None
    assert found.votes.majority_ferplus is not None
    assert (found.votes.majority.images, found.votes.majority_ferplus.images) == (1, 2)
    # The top of the eight emotions counts, although "NF" is the highest of the ten.
    assert found.votes.majority.accuracy == found.votes.majority_ferplus.accuracy == 1.0


def test_scores_without_a_head_or_votes_are_none() -> None:
    votes = _votes({"happiness": 10})
    without_votes = score_prediction(Prediction(_labels({"happy": 1.0}), None), _split(["happy"], votes))
    without_labels = score_prediction(Prediction(None, votes / np.float32(10)), _split(["happy"]))

    assert without_votes.six_from_ferplus is None
    assert without_votes.votes is not None
    assert without_votes.votes.eight is None
    assert without_votes.votes.majority is None
    assert without_votes.votes.six.total_variation == 0
    assert without_labels.fer7 is None
    assert without_labels.six is None
    assert without_labels.votes is None
    assert without_labels.calibration == {}
    assert without_labels.six_from_ferplus is not None
    assert without_labels.six_from_ferplus.accuracy == 1.0


def test_baselines_are_ordered(pattern_split: Split) -> None:
    assert pattern_split.votes is not None
    for found in compute_baselines(pattern_split.votes).values():
        prior, panel, ceiling = (getattr(found, field.name).total_variation for field in dataclasses.fields(found))
        assert prior > panel > ceiling > 0
