"""Temporal smoothing of compositions."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememoji.emotions import Emotion
from mememoji.results import Composition
from mememoji.tracking.smoothing import Smoother

SAD = Composition((0, 0, 0, 1, 0, 0))
HAPPY = Composition((0, 0, 1, 0, 0, 0))


@pytest.mark.parametrize("fps", [5, 30, 240])
@pytest.mark.parametrize("time_constant", [0.1, 0.5])
def test_smooth_reaches_63_percent_after_the_time_constant_at_any_frame_rate(fps: int, time_constant: float) -> None:
    smoother = Smoother(time_constant)
    smoother.smooth(0, 1, SAD)
    steps = round(2 * time_constant * fps)
    shown = [smoother.smooth(n / fps, 1, HAPPY)[Emotion.HAPPY] for n in range(1, steps + 1)]
    assert shown == pytest.approx([1 - math.exp(-n / fps / time_constant) for n in range(1, steps + 1)])


def test_smooth_with_time_constant_0_changes_nothing() -> None:
    smoother = Smoother(0)
    assert smoother.smooth(0, 1, SAD) == SAD
    assert smoother.smooth(0.01, 1, HAPPY) == HAPPY


def test_smooth_keeps_tracks_apart() -> None:
    smoother = Smoother(10)
    assert smoother.smooth(0, 1, SAD) == SAD
    assert smoother.smooth(0.1, 2, HAPPY) == HAPPY


def test_smooth_after_a_long_absence_starts_without_history() -> None:
    smoother = Smoother(10, max_lost_seconds=1)
    smoother.smooth(0, 1, SAD)
    assert smoother.smooth(0.9, 1, HAPPY)[Emotion.HAPPY] < 0.1
    assert smoother.smooth(2.0, 1, HAPPY) == HAPPY


def test_smooth_after_drop_lost_starts_without_history() -> None:
    smoother = Smoother(10, max_lost_seconds=1)
    smoother.smooth(0, 1, SAD)
    smoother.drop_lost(5)
    assert smoother.smooth(0.5, 1, HAPPY) == HAPPY


@given(st.lists(st.lists(st.floats(0.01, 1), min_size=6, max_size=6), min_size=1, max_size=20), st.floats(0, 3))
def test_smooth_returns_a_composition(rows: list[list[float]], time_constant: float) -> None:
    smoother = Smoother(time_constant)
    for number, row in enumerate(rows):
        shown = smoother.smooth(number / 20, 1, Composition.from_fractions([value / sum(row) for value in row]))
        assert sum(shown.fractions) == pytest.approx(1)


@pytest.mark.parametrize("time_constant", [-0.1, math.nan, math.inf])
def test_smoother_with_invalid_time_constant_raises_value_error(time_constant: float) -> None:
    with pytest.raises(ValueError, match="time_constant"):
        Smoother(time_constant)
