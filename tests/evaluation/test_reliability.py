import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mememoji.evaluation.reliability import BINS, reliability


def test_nothing_gives_empty_bins() -> None:
    found = reliability(np.zeros(0), np.zeros(0))

    assert math.isnan(found.expected_calibration_error)
    assert found.pictures == 0
    assert len(found.bins) == BINS
    assert all(bin_.confidence is None and bin_.accuracy is None for bin_ in found.bins)


@pytest.mark.parametrize(
    ("confidence", "right", "error"),
    [
        ([1.0, 1.0], [True, True], 0.0),
        ([1.0, 1.0], [True, False], 0.5),
        ([0.75] * 4, [True, True, True, False], 0.0),
        ([0.6, 0.9], [True, False], (0.4 + 0.9) / 2),
        ([0.5], [0.5], 0.0),
    ],
    ids=["sure and right", "sure and half right", "as sure as right", "two bins", "right to a share"],
)
def test_calibration_error(confidence: list[float], right: list[float], error: float) -> None:
    found = reliability(np.array(confidence), np.array(right))
    assert found.expected_calibration_error == pytest.approx(error)


def test_a_bin_holds_its_upper_edge_and_the_first_holds_zero() -> None:
    found = reliability(np.array([0.0, 0.2, 0.4, 1.0, 1.0000001]), np.ones(5), bins=5)
    assert [bin_.pictures for bin_ in found.bins] == [2, 1, 0, 0, 2]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(0.01, 0.99), st.booleans()), min_size=1, max_size=40))
def test_error_is_the_weighted_gap_of_the_bins(pictures: list[tuple[float, bool]]) -> None:
    confidence, right = (np.array(column, np.float64) for column in zip(*pictures, strict=True))

    found = reliability(confidence, right)

    gaps = []
    for bin_ in found.bins:
        inside = (confidence > bin_.low) & (confidence <= bin_.high)
        # A confidence within rounding of an edge may be counted on either side of it.
        assume(inside.sum() == bin_.pictures)
        if bin_.pictures:
            assert bin_.confidence == pytest.approx(confidence[inside].mean())
            assert bin_.accuracy == pytest.approx(right[inside].mean())
            gaps.append(inside.mean() * abs(confidence[inside].mean() - right[inside].mean()))
    assert found.expected_calibration_error == pytest.approx(sum(gaps))
    assert found.pictures == len(pictures)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must be \(N,\)"):
        reliability(np.zeros(2), np.zeros(3))
    with pytest.raises(ValueError, match=r"lies in 0\.\.1"):
        reliability(np.array([1.5]), np.array([1.0]))
