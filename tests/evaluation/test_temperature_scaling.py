import dataclasses

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememoji.classification.face_classifier import Prediction
from mememoji.classification.onnx_classifier import softmax
from mememoji.datasets.splits import Split
from mememoji.errors import DatasetError
from mememoji.evaluation.temperature_scaling import MIN_PROB, CalibrationParams, calibrate, fit_calibration


def made_truth(count: int = 4000) -> npt.NDArray[np.float64]:
    """(N, 7) true probabilities: some images are clear, others ambiguous."""
    logits = np.random.default_rng(1).normal(0, 2.5, (count, 7)).astype(np.float32)
    probabilities = softmax(logits).astype(np.float64)
    return np.asarray(probabilities / probabilities.sum(axis=1, keepdims=True))


@given(st.floats(0.2, 5), st.floats(0, 0.07), st.integers(0, 1000))
def test_apply_keeps_the_top_class(temperature: float, prob_floor: float, seed: int) -> None:
    probabilities = softmax(np.random.default_rng(seed).normal(0, 3, (20, 7)).astype(np.float32))
    calibrated = CalibrationParams(temperature, prob_floor).apply(probabilities)
    np.testing.assert_allclose(calibrated.sum(axis=1), 1)
    assert calibrated.min() >= MIN_PROB / 2
    chosen = np.take_along_axis(calibrated, probabilities.argmax(axis=1)[:, None], axis=1)[:, 0]
    np.testing.assert_allclose(chosen, calibrated.max(axis=1))


@pytest.mark.parametrize("wrong", [{"temperature": 0.0}, {"prob_floor": -0.1}])
def test_calibration_params_reject_invalid_values(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="got"):
        CalibrationParams(**wrong)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_fit_finds_the_temperature(temperature: float) -> None:
    truth = made_truth()
    predicted = truth ** (1 / temperature)
    found = fit_calibration(predicted / predicted.sum(axis=1, keepdims=True), truth)
    assert found.temperature == pytest.approx(1 / temperature, rel=0.05)
    assert found.prob_floor == pytest.approx(0, abs=0.003)


def test_fit_finds_label_smoothing_as_floor() -> None:
    truth = made_truth()
    found = fit_calibration(0.9 * truth + 0.1 / 7, truth)
    assert found.prob_floor == pytest.approx(0.1 / 7, rel=0.1)
    assert found.temperature == pytest.approx(1, rel=0.05)


def test_calibrate_lowers_the_error_on_held_out_folds() -> None:
    rng = np.random.default_rng(2)
    truth = made_truth(3000)
    labels = np.array([rng.choice(7, p=row) for row in truth]).astype(np.int8)
    votes = np.stack([rng.multinomial(10, np.append(row, (0, 0, 0))) for row in truth]).astype(np.uint8)
    split = Split(np.arange(3000, dtype=np.int32), np.zeros((3000, 48, 48), np.uint8), labels, votes)
    sharp = truth**2 / (truth**2).sum(axis=1, keepdims=True)
    predicted = Prediction(sharp.astype(np.float32), np.pad(sharp, ((0, 0), (0, 3))).astype(np.float32))
    found = calibrate(predicted, split)
    assert set(found) == {"labels", "votes"}
    for calibration in found.values():
        assert calibration.before > 0.05
        assert calibration.cross_fitted < 0.03
        assert calibration.params.temperature == pytest.approx(2, rel=0.2)


def test_calibrate_without_votes_calibrates_the_labels_head(pattern_split: Split) -> None:
    predicted = Prediction(np.full((70, 7), 1 / 7, np.float32), np.full((70, 10), 0.1, np.float32))
    assert set(calibrate(predicted, dataclasses.replace(pattern_split, votes=None))) == {"labels"}


def test_calibrate_with_too_few_images_is_rejected(pattern_split: Split) -> None:
    few = pattern_split.take(slice(0, 9))
    with pytest.raises(DatasetError, match="needs at least 10 images, got 9"):
        calibrate(Prediction(np.full((9, 7), 1 / 7, np.float32), None), few)
