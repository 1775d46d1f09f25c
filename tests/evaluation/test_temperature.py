"""A temperature and a floor for each head."""

import dataclasses

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememoji.classification.onnx_classifier import Prediction, softmax
from mememoji.datasets.splits import Split
from mememoji.errors import DatasetError
from mememoji.evaluation.temperature import LEAST, Scaling, calibrate, fit


def made_truth(count: int = 4000) -> npt.NDArray[np.float64]:
    """(N, 7) true probabilities: some images clear, some not."""
    logits = np.random.default_rng(1).normal(0, 2.5, (count, 7)).astype(np.float32)
    shares = softmax(logits).astype(np.float64)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


@given(st.floats(0.2, 5), st.floats(0, 0.07), st.integers(0, 1000))
def test_scaling_gives_probabilities_with_the_same_first_choice(temperature: float, floor: float, seed: int) -> None:
    shares = softmax(np.random.default_rng(seed).normal(0, 3, (20, 7)).astype(np.float32))
    scaled = Scaling(temperature, floor).apply(shares)
    np.testing.assert_allclose(scaled.sum(axis=1), 1)
    assert scaled.min() >= LEAST / 2
    chosen = np.take_along_axis(scaled, shares.argmax(axis=1)[:, None], axis=1)[:, 0]
    np.testing.assert_allclose(chosen, scaled.max(axis=1))


@pytest.mark.parametrize("wrong", [{"temperature": 0.0}, {"floor": -0.1}])
def test_a_scaling_checks_itself(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="got"):
        Scaling(**wrong)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_the_temperature_is_found(temperature: float) -> None:
    truth = made_truth()
    told = truth ** (1 / temperature)
    found = fit(told / told.sum(axis=1, keepdims=True), truth)
    assert found.temperature == pytest.approx(1 / temperature, rel=0.05)
    assert found.floor == pytest.approx(0, abs=0.003)


def test_smoothed_labels_are_found_as_a_floor() -> None:
    truth = made_truth()
    found = fit(0.9 * truth + 0.1 / 7, truth)
    assert found.floor == pytest.approx(0.1 / 7, rel=0.1)
    assert found.temperature == pytest.approx(1, rel=0.05)


def test_calibrating_lowers_the_error_on_other_pictures() -> None:
    rng = np.random.default_rng(2)
    truth = made_truth(3000)
    labels = np.array([rng.choice(7, p=row) for row in truth]).astype(np.int8)
    votes = np.stack([rng.multinomial(10, np.append(row, (0, 0, 0))) for row in truth]).astype(np.uint8)
    split = Split(np.arange(3000, dtype=np.int32), np.zeros((3000, 48, 48), np.uint8), labels, votes)
    sharp = truth**2 / (truth**2).sum(axis=1, keepdims=True)
    told = Prediction(sharp.astype(np.float32), np.pad(sharp, ((0, 0), (0, 3))).astype(np.float32))
    found = calibrate(told, split)
    assert set(found) == {"labels", "votes"}
    for calibration in found.values():
        assert calibration.before > 0.05
        assert calibration.cross_fitted < 0.03
        assert calibration.scaling.temperature == pytest.approx(2, rel=0.2)


def test_a_split_without_votes_calibrates_the_labels(pattern_split: Split) -> None:
    told = Prediction(np.full((70, 7), 1 / 7, np.float32), np.full((70, 10), 0.1, np.float32))
    assert set(calibrate(told, dataclasses.replace(pattern_split, votes=None))) == {"labels"}


def test_too_few_pictures_are_told(pattern_split: Split) -> None:
    few = pattern_split.take(slice(0, 9))
    with pytest.raises(DatasetError, match="needs 10 images or more, got 9"):
        calibrate(Prediction(np.full((9, 7), 1 / 7, np.float32), None), few)
