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


def test_smooth_follows_time_across_long_intervals() -> None:
    smoother = Smoother(10)
    smoother.smooth(0, 1, SAD)
    assert smoother.smooth(4, 1, HAPPY)[Emotion.HAPPY] == pytest.approx(1 - math.exp(-0.4))


def test_retain_drops_the_history_of_other_tracks() -> None:
    smoother = Smoother(10)
    for track_id in (1, 2):
        smoother.smooth(0, track_id, SAD)
    smoother.retain({2})
    assert smoother.smooth(0.5, 1, HAPPY) == HAPPY
    assert smoother.smooth(0.5, 2, HAPPY)[Emotion.HAPPY] < 0.1


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
