import dataclasses
import math

import numpy as np
import numpy.typing as npt
import pytest

from mememoji.classification.onnx_classifier import Prediction
from mememoji.datasets.splits import Split
from mememoji.emotions import FER2013_LABELS, FERPLUS_VOTES
from mememoji.evaluation.classification.scores import references, score_pass


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


def test_an_empty_split() -> None:
    found = score_pass(Prediction(_labels(), _votes()), _split([], _votes()))

    assert found.seven is not None
    assert found.votes is not None
    assert found.seven.pictures == found.votes.six.pictures == 0
    assert math.isnan(found.seven.accuracy)
    assert math.isnan(found.calibration["votes"].expected_calibration_error)


def test_disgust_is_added_to_angry_before_the_largest_is_taken() -> None:
    row = {"angry": 0.3, "disgust": 0.3, "happy": 0.4}

    found = score_pass(Prediction(_labels(row, row), None), _split(["angry", "happy"]))

    assert found.seven is not None
    assert found.six is not None
    assert found.seven.recall["happy"] == 1.0
    assert found.seven.recall["angry"] == 0.0
    assert found.six.recall["angry"] == 1.0
    assert found.six.recall["happy"] == 0.0
    assert found.six.choices == {"first": 0.5, "second": 0.5, "third": 0.0}
    assert math.isnan(found.six.recall["fear"])


def test_heads_are_scored_apart() -> None:
    labels, votes = _labels({"sad": 0.9, "happy": 0.1}), _votes({"happiness": 0.7, "sadness": 0.2, "NF": 0.1})
    split = _split(["sad"], _votes({"happiness": 8, "sadness": 2}))

    found = score_pass(Prediction(labels, votes), split)

    assert found.six is not None
    assert found.six_from_votes is not None
    assert found.votes is not None
    assert found.votes.majority is not None
    assert found.votes.eight is not None
    assert (found.six.accuracy, found.six_from_votes.accuracy, found.votes.majority.accuracy) == (1.0, 0.0, 1.0)
    assert found.votes.eight.total_variation == pytest.approx(abs(0.7 / 0.9 - 0.8))
    assert found.votes.six.total_variation == pytest.approx(abs(0.7 / 0.9 - 0.8), abs=1e-6)
    assert found.calibration["labels"].expected_calibration_error == pytest.approx(0.1)
    # The first choice has 0.7 of the probability and eight of ten votes.
    assert found.calibration["votes"].expected_calibration_error == pytest.approx(0.1)


def test_majority_is_on_the_pictures_that_have_one() -> None:
    cast = _votes({"fear": 6, "anger": 4}, {"fear": 5, "anger": 3, "sadness": 1, "neutral": 1}, {"NF": 9, "fear": 1})
    predicted = np.repeat(_votes({"NF": 0.6, "fear": 0.3, "anger": 0.1}), 3, axis=0)

    found = score_pass(Prediction(None, predicted), _split(["fear"] * 3, cast))

    assert found.votes is not None
    assert found.votes.majority is not None
    assert found.votes.majority_ferplus is not None
    assert (found.votes.majority.pictures, found.votes.majority_ferplus.pictures) == (1, 2)
    # The choice is among the eight emotions, although "NF" is the likeliest of the ten.
    assert found.votes.majority.accuracy == found.votes.majority_ferplus.accuracy == 1.0


def test_what_is_missing_is_none() -> None:
    votes = _votes({"happiness": 10})
    without_votes = score_pass(Prediction(_labels({"happy": 1.0}), None), _split(["happy"], votes))
    without_labels = score_pass(Prediction(None, votes / np.float32(10)), _split(["happy"]))

    assert without_votes.six_from_votes is None
    assert without_votes.votes is not None
    assert without_votes.votes.eight is None
    assert without_votes.votes.majority is None
    assert without_votes.votes.six.total_variation == 0
    assert without_labels.seven is None
    assert without_labels.six is None
    assert without_labels.votes is None
    assert without_labels.calibration == {}
    assert without_labels.six_from_votes is not None
    assert without_labels.six_from_votes.accuracy == 1.0


def test_references_stand_in_order(pattern_split: Split) -> None:
    assert pattern_split.votes is not None
    for found in references(pattern_split.votes).values():
        prior, panel, perfect = (getattr(found, field.name).total_variation for field in dataclasses.fields(found))
        assert prior > panel > perfect > 0
