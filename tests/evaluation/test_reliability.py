import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mememoji.evaluation.reliability import NUM_BINS, compute_reliability


def test_reliability_of_no_predictions_has_empty_bins() -> None:
    found = compute_reliability(np.zeros(0), np.zeros(0))

    assert math.isnan(found.expected_calibration_error)
    assert found.images == 0
    assert len(found.bins) == NUM_BINS
    assert all(bin_.confidence is None and bin_.accuracy is None for bin_ in found.bins)


@pytest.mark.parametrize(
    ("confidence", "correct", "error"),
    [
        ([1.0, 1.0], [True, True], 0.0),
        ([1.0, 1.0], [True, False], 0.5),
        ([0.75] * 4, [True, True, True, False], 0.0),
        ([0.6, 0.9], [True, False], (0.4 + 0.9) / 2),
        ([0.5], [0.5], 0.0),
    ],
    ids=["confident and correct", "overconfident", "calibrated", "two bins", "fractional truth"],
)
def test_calibration_error(confidence: list[float], correct: list[float], error: float) -> None:
    found = compute_reliability(np.array(confidence), np.array(correct))
    assert found.expected_calibration_error == pytest.approx(error)


def test_bins_include_their_upper_edge_and_the_first_includes_zero() -> None:
    found = compute_reliability(np.array([0.0, 0.2, 0.4, 1.0, 1.0000001]), np.ones(5), num_bins=5)
    assert [bin_.images for bin_ in found.bins] == [2, 1, 0, 0, 2]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(0.01, 0.99), st.booleans()), min_size=1, max_size=40))
def test_calibration_error_is_the_weighted_gap_of_the_bins(predictions: list[tuple[float, bool]]) -> None:
    confidence, correct = (np.array(column, np.float64) for column in zip(*predictions, strict=True))

    found = compute_reliability(confidence, correct)

    gaps = []
    for bin_ in found.bins:
        inside = (confidence > bin_.low) & (confidence <= bin_.high)
        # A confidence within rounding of an edge may be counted on either side of it.
        assume(inside.sum() == bin_.images)
        if bin_.images:
            assert bin_.confidence == pytest.approx(confidence[inside].mean())
            assert bin_.accuracy == pytest.approx(correct[inside].mean())
            gaps.append(inside.mean() * abs(confidence[inside].mean() - correct[inside].mean()))
    assert found.expected_calibration_error == pytest.approx(sum(gaps))
    assert found.images == len(predictions)


def test_reliability_rejects_invalid_input() -> None:
    with pytest.raises(ValueError, match=r"must both be \(N,\)"):
        compute_reliability(np.zeros(2), np.zeros(3))
    with pytest.raises(ValueError, match=r"must be in 0\.\.1"):
        compute_reliability(np.array([1.5]), np.array([1.0]))
